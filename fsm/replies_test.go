package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// longBytes is the length of the long value of these tests, and maxBytes the bound of their replies.
const (
	longBytes = 1 << 20
	maxBytes  = 3 << 20
)

// longValue is a machine with a long string at the key long.
func longValue(t *testing.T) *Machine {
	m := newMachine(t)
	if got := do(m, words("SETRANGE long 1048575 x")); got != ":1048576\r\n" {
		t.Fatalf("SETRANGE answers %q", got)
	}
	return m
}

// TestReadBeyondTheBoundIsAnError: a request of some hundred bytes can ask for many times the memory of a node. The
// machine refuses it before it makes the reply.
func TestReadBeyondTheBoundIsAnError(t *testing.T) {
	m := longValue(t)
	for line, want := range map[string]string{
		"MGET long long":                             "*2\r\n$1048576\r\n",
		"MGET long long long":                        "-" + exec.ReplyTooLong + "\r\n",
		"MGET" + strings.Repeat(" long", 10_000):     "-" + exec.ReplyTooLong + "\r\n",
		"GETRANGE long 0 -1":                         "$1048576\r\n",
		"MGET nothing" + strings.Repeat(" no", 1000): "*1001\r\n$-1\r\n",
	} {
		run := newRun(2, words(line))
		run.MaxReplyBytes = maxBytes
		bytes := allocatedBytes(func() { m.Query(0, run) })
		if got := string(run.Reply); !strings.HasPrefix(got, want) || run.Left != 0 {
			t.Errorf("%.30s answers %.30q, and leaves %d", line, got, run.Left)
		}
		if bytes > 4*maxBytes {
			t.Errorf("%.30s takes %d bytes of memory", line, bytes)
		}
	}
	slot := fmt.Sprintf("CLUSTER GETKEYSINSLOT %d 9", command.Slot([]byte("long")))
	for _, line := range []string{"GET long", "GETRANGE long 0 -1", "KEYS *", "SCAN 0", slot} {
		run := newRun(2, words(line))
		run.MaxReplyBytes = 30
		if m.Query(0, run); !strings.Contains(string(run.Reply), exec.ReplyTooLong) || len(run.Reply) > 200 {
			t.Errorf("%s answers %.30q", line, run.Reply)
		}
	}
}

// TestQueryLeavesWhatFollowsLongReplies: a connection sends long replies before the query makes the next ones.
func TestQueryLeavesWhatFollowsLongReplies(t *testing.T) {
	m := longValue(t)
	long := do(m, words("GET long"))
	run := newRun(2, words("GET long"), words("STRLEN long"), words("GET long"), words("nothing"), words("GET long"))
	want := []string{long, ":1048576\r\n" + long, "-ERR unknown command 'nothing', with args beginning with: \r\n" + long}
	run.MaxReplyBytes = maxBytes
	calls := run.Calls
	for i, reply := range want {
		run.Reply, run.Left = nil, 0
		m.Query(0, run)
		if string(run.Reply) != reply {
			t.Fatalf("query %d answers %d bytes, %.20q…, want %d", i, len(run.Reply), run.Reply, len(reply))
		}
		run.Calls = calls[len(calls)-run.Left:]
	}
	if run.Left != 0 {
		t.Fatalf("%d calls are left", run.Left)
	}
}

// TestWritesBeyondTheBoundAreExecutedAndSaySo: the bound of replies has no effect on the state.
func TestWritesBeyondTheBoundAreExecutedAndSaySo(t *testing.T) {
	m, other := longValue(t), longValue(t)
	calls := [][][]byte{words("GET long")}
	for range 8 {
		calls = append(calls, words("GETEX long"))
	}
	calls = append(calls, words("GET long"), words("SET long 1 GET"), words("GET long"))
	run := newRun(2, calls...)
	run.MaxReplyBytes = maxBytes
	body := run.Body(nil, argv.Append)
	m.Apply(m.Index()+1, 0, body, run)
	value := []byte("$1048576\r\n")
	if n := bytes.Count(run.Reply, value); n != 3 || len(run.Reply) > maxBytes+longBytes+1<<10 {
		t.Fatalf("%d values in %d bytes", n, len(run.Reply))
	}
	end := strings.Repeat("-"+exec.WrittenTooLong+"\r\n", 6) + "-" + exec.ReplyTooLong + "\r\n-" + exec.WrittenTooLong +
		"\r\n-" + exec.ReplyTooLong + "\r\n"
	if got := string(run.Reply); !strings.HasSuffix(got, end) {
		t.Fatalf("the replies end with %q", got[len(got)-700:])
	}
	if got := do(m, words("GET long")); got != "$1\r\n1\r\n" {
		t.Fatalf("SET has stored %q", got)
	}
	if took := allocatedBytes(func() { other.Apply(other.Index()+1, 0, body, nil) }); took > longBytes {
		t.Errorf("a node without a waiting client takes %d bytes of memory for replies", took)
	}
	if m.Hash() != other.Hash() {
		t.Error("what is answered has made a difference to the state")
	}
}
