package blackbox

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// ProbeLimit is how long a probe may take. Nodes answer within a second; the rest is for a busy machine.
const ProbeLimit = 5 * time.Second

// Answers are what a node answers in some state: commands, with a text that their replies contain, in the notation of
// Reply.String.
type Answers map[string]string

// ExpectAnswers puts all commands to a node, each on a connection of its own, and demands that each is answered as it
// should be, and soon.
func ExpectAnswers(t testing.TB, state string, n *Node, all Answers) {
	t.Helper()
	for command, want := range all {
		began, connection := time.Now(), n.Connect(t)
		reply := connection.Must(t, strings.Fields(command)...)
		connection.Close()
		if took := time.Since(began); !strings.Contains(reply.String(), want) || took > ProbeLimit {
			t.Errorf("%s: %s is answered %v after %v, want %s", state, command, reply, took, want)
		}
	}
}

// ExpectHealth runs the probe on a node and demands an exit code, and a text in its output.
func ExpectHealth(t testing.TB, n *Node, flags []string, code int, text string) {
	t.Helper()
	began := time.Now()
	got, output := Run(t, append([]string{"health", "-p", strconv.Itoa(n.Port)}, flags...)...)
	if took := time.Since(began); got != code || !strings.Contains(output, text) || took > ProbeLimit {
		t.Errorf("node %d: health %v ends with %d after %v and says %q, want %d and %q", n.Number, flags, got, took, output,
			code, text)
	}
}

// AwaitHealth waits until a node gives a state as its own.
func AwaitHealth(t testing.TB, n *Node, state string) {
	t.Helper()
	Eventually(t, ReadyLimit, "the health of the node is "+state, func() bool {
		connection, err := Connect(n.Port)
		if err != nil {
			return false
		}
		defer connection.Close()
		reply, err := connection.Do("RAFT.HEALTH")
		return err == nil && len(reply.Items) == 8 && reply.Items[5].Text == state
	})
}
