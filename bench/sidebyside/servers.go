package sidebyside

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	// nodes is how many nodes the cluster has.
	nodes = 3
	// startLimit is how long the servers may take to serve, and a cluster to have a leader; stopLimit how long a server
	// may take to stop before it is killed.
	startLimit = time.Minute
	stopLimit  = 30 * time.Second
	// replyLimit is how long a question to a server may take.
	replyLimit = 10 * time.Second
	// pollPeriod is the time between two looks at what is waited for.
	pollPeriod = 20 * time.Millisecond
)

// server is a process.
type server struct {
	name    string
	port    int
	command *exec.Cmd
	log     string
}

// servers are all processes. Their context ends them.
type servers struct {
	redis *server
	nodes []*server
}

// startServers starts a redis-server and the nodes, all with directories of their own, and waits until they serve. On
// an error nothing is left running.
func startServers(ctx context.Context, o *Options) (s *servers, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	s = &servers{}
	stop = func() {
		cancel()
		for _, each := range s.all() {
			_ = each.command.Wait() // it was told to stop
		}
	}
	if err = s.start(ctx, o); err == nil {
		err = s.await(ctx)
	}
	if err != nil {
		stop()
		return nil, nil, errors.Join(err, s.lastWords())
	}
	return s, stop, nil
}

func (s *servers) start(ctx context.Context, o *Options) (err error) {
	s.redis, err = startServer(ctx, o.Directory, "redis-server", o.Port, "redis-server",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "")
	for i := 0; i < nodes && err == nil; i++ {
		args := []string{"serve", "--bootstrap", "--expect", strconv.Itoa(nodes)}
		if i > 0 {
			args = []string{"serve", "--join", fmt.Sprintf("127.0.0.1:%d", s.nodes[0].port)}
		}
		var n *server
		if n, err = startServer(ctx, o.Directory, "node"+strconv.Itoa(i+1), o.Port+1+i, o.Binary, args...); err == nil {
			s.nodes = append(s.nodes, n)
		}
	}
	return err
}

// all are those that were started.
func (s *servers) all() []*server {
	if s.redis == nil {
		return s.nodes
	}
	return append([]*server{s.redis}, s.nodes...)
}

func startServer(ctx context.Context, parent, name string, port int, program string, args ...string) (*server, error) {
	n := &server{name: name, port: port, log: filepath.Join(parent, name+".log")}
	directory := filepath.Join(parent, name)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(n.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has a copy
	args = append(args, "--port", strconv.Itoa(port), "--dir", directory)
	n.command = exec.CommandContext(ctx, program, args...)
	n.command.Stdout, n.command.Stderr = log, log
	n.command.Cancel = func() error { return n.command.Process.Signal(syscall.SIGTERM) }
	n.command.WaitDelay = stopLimit
	return n, n.command.Start()
}

// await waits until all answer a read: a node does so when it has a leader.
func (s *servers) await(ctx context.Context) error {
	for _, each := range s.all() {
		err := poll(ctx, func() error {
			_, err := each.ask("GET", "ready")
			return err
		})
		if err != nil {
			return fmt.Errorf("%s does not serve on port %d: %w", each.name, each.port, err)
		}
	}
	return nil
}

// maxLastWords is how much of a log is shown.
const maxLastWords = 2 << 10

// lastWords are the ends of the logs of all servers, as an error.
func (s *servers) lastWords() error {
	var said []error
	for _, each := range s.all() {
		if text, err := os.ReadFile(each.log); err == nil && len(text) > 0 {
			said = append(said, fmt.Errorf("%s: … %s", each.name, text[max(0, len(text)-maxLastWords):]))
		}
	}
	return errors.Join(said...)
}

// ask sends a command. A reply that is an error counts as one.
func (n *server) ask(args ...string) (text string, err error) {
	c, err := client.Connect(fmt.Sprintf("127.0.0.1:%d", n.port), replyLimit)
	if err != nil {
		return "", err
	}
	defer c.Close()
	reply, err := c.Do(args...)
	switch {
	case err != nil:
		return "", err
	case reply.Kind == '-':
		return "", errors.New(reply.Text)
	}
	return reply.Text, nil
}

// processorSeconds is how much time of processors some servers have used so far, together.
func processorSeconds(all ...*server) (seconds float64, err error) {
	for _, n := range all {
		facts, err := n.ask("INFO", "cpu")
		if err != nil {
			return 0, fmt.Errorf("%s: INFO cpu: %w", n.name, err)
		}
		for line := range strings.Lines(facts) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "used_cpu_sys" || name == "used_cpu_user" {
				used, err := strconv.ParseFloat(value, 64)
				if err != nil {
					return 0, fmt.Errorf("%s: INFO cpu: %w", n.name, err)
				}
				seconds += used
			}
		}
	}
	return seconds, nil
}

// roles finds the leader, and a node that follows it.
func (s *servers) roles(ctx context.Context) (leader, follower *server, err error) {
	err = poll(ctx, func() error {
		leader, follower = nil, nil
		for _, n := range s.nodes {
			facts, err := n.ask("INFO", "raft")
			switch {
			case err != nil:
				return err
			case strings.Contains(facts, "\nraft_role:leader\r\n"):
				leader = n
			default:
				follower = n
			}
		}
		if leader == nil || follower == nil {
			return errors.New("no node leads")
		}
		return nil
	})
	return leader, follower, err
}

// poll waits until there is no error.
func poll(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}
