package probe

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/client"
	"github.com/raftredis/raftredis/internal/exit"
)

const (
	// defaultTimeoutMillis is less than the second that probes of container platforms wait by default.
	defaultTimeoutMillis = 900
	// maxTimeoutMillis is a minute: who waits longer does not probe.
	maxTimeoutMillis = 60_000
	// passwordVariable is where redis-cli looks for a password.
	passwordVariable = "REDISCLI_AUTH"
)

// Options are whom to ask, and what. Define gives them their flags, with redis-cli's names.
type Options struct {
	host           string
	port           int
	user, password string
	ready          bool
	timeoutMillis  int
}

// Define defines the flags of health.
func (o *Options) Define(flags *pflag.FlagSet) {
	flags.BoolVar(&o.ready, "ready", false, "ask whether the node serves, not only whether it runs")
	flags.StringVarP(&o.host, "host", "h", "127.0.0.1", "where the node listens for clients")
	flags.IntVarP(&o.port, "port", "p", 6379, "its port for clients")
	flags.StringVarP(&o.password, "pass", "a", "", "password; better in the environment, as "+passwordVariable)
	flags.StringVar(&o.user, "user", "", "user, with --pass")
	flags.IntVar(&o.timeoutMillis, "timeout-millis", defaultTimeoutMillis, "how long the whole may take")
	flags.SortFlags = false
}

// Run asks, and writes the answer to out. Nil means yes. The error says why not, in words whose first is that of
// RAFT.HEALTH.
func (o *Options) Run(out io.Writer) error {
	switch {
	case o.port < 1 || o.port > address.MaxPort:
		return exit.WrongUsage("health", "--port is %d, allowed are 1 to %d", o.port, address.MaxPort)
	case o.timeoutMillis < 1 || o.timeoutMillis > maxTimeoutMillis:
		return exit.WrongUsage("health", "--timeout-millis is %d, allowed are 1 to %d", o.timeoutMillis, maxTimeoutMillis)
	}
	if o.password == "" {
		o.password = os.Getenv(passwordVariable)
	}
	answer, err := o.ask()
	if err != nil {
		return fmt.Errorf("not live: %w", err)
	}
	return o.verdict(out, answer)
}

// ask puts the question, and returns the reply to it, or the one that refused the password.
func (o *Options) ask() (client.Reply, error) {
	limit := time.Duration(o.timeoutMillis) * time.Millisecond
	late := time.Now().Add(limit)
	connection, err := client.Connect(address.Join(o.host, o.port), limit)
	if err != nil {
		return client.Reply{}, err
	}
	defer time.AfterFunc(time.Until(late), connection.Close).Stop()
	defer connection.Close()
	question := []string{"RAFT.HEALTH", "LIVE"}
	if o.ready {
		question[1] = "READY"
	}
	questions := [][]string{question}
	if o.password != "" {
		auth := []string{"AUTH", o.password}
		if o.user != "" {
			auth = []string{"AUTH", o.user, o.password}
		}
		questions = [][]string{auth, question}
	}
	replies, err := connection.Pipeline(questions)
	if err != nil {
		return client.Reply{}, fmt.Errorf("no answer within %v: %w", limit, err)
	}
	if first := replies[0]; aboutPassword(first.Text) {
		return first, nil
	}
	return replies[len(replies)-1], nil
}

// verdict says what an answer means. A node that refuses the password runs; whether it serves it does not say.
func (o *Options) verdict(out io.Writer, answer client.Reply) error {
	reason, refused := strings.CutPrefix(answer.Text, "NOTREADY ")
	switch {
	case answer.Kind == '+':
		_, err := fmt.Fprintln(out, answer.Text)
		return err
	case refused:
		return fmt.Errorf("not ready: %s", reason)
	case !o.ready && aboutPassword(answer.Text):
		_, err := fmt.Fprintln(out, "live")
		return err
	case aboutPassword(answer.Text):
		return fmt.Errorf("not known: %s: give the password with --pass, or as %s", answer.Text, passwordVariable)
	}
	return fmt.Errorf("not known: %s: is that a node of raftredis?", answer.Text)
}

// aboutPassword reports whether an error is about a password.
func aboutPassword(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return word == "NOAUTH" || word == "WRONGPASS"
}
