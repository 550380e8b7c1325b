package server

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/resp"
)

// viewed is the reply to a read of what this node has.
func viewed(t *testing.T, s *store, line string) string {
	t.Helper()
	args := bytes.Fields([]byte(line))
	spec, fault := commands.Find(args)
	if fault != command.NoFault {
		t.Fatalf("%s is no command: fault %d", line, fault)
	}
	r := &resp.Request{Stale: true, Run: command.Run{Protocol: 2, Calls: []command.Call{{Spec: spec, Args: args}}}}
	if !s.View(r) {
		t.Fatalf("%s, of whatever state there is, asks for another", line)
	}
	return string(r.Run.Reply)
}

// TestAListOfAllKeysIsThatOfOneMoment lists all keys, from several connections, while entries of ten new keys each are
// applied: at any time, whole entries are there.
func TestAListOfAllKeysIsThatOfOneMoment(t *testing.T) {
	const entries, keysEach, readers = 150, 10, 3
	s := lonelyStore(t)
	done := make(chan struct{})
	ended := make(chan int, readers)
	for range readers {
		go func() {
			lists := 0
			for running := true; running; lists++ {
				select {
				case <-done:
					running = false
				default:
				}
				reply := viewed(t, s, "keys {*")
				if n := strings.Count(reply, "$"); n%keysEach != 0 {
					t.Errorf("a list has %d keys: part of an entry", n)
					running = false
				}
			}
			ended <- lists
		}()
	}
	for i := range entries {
		args := [][]byte{[]byte("MSET")}
		for j := range keysEach {
			args = append(args, fmt.Appendf(nil, "{%d}%d", j, i), []byte("v"))
		}
		if _, err := s.node.library.Load().Propose(context.Background(), argv.Append(nil, args)); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	for range readers {
		if lists := <-ended; lists == 0 {
			t.Error("a reader listed nothing")
		}
	}
	if got, want := viewed(t, s, "keys *"), fmt.Sprintf("*%d\r\n", entries*keysEach); !strings.HasPrefix(got, want) {
		t.Fatalf("the last list begins with %.10q, want %q", got, want)
	}
	if got := viewed(t, s, "dbsize"); got != fmt.Sprintf(":%d\r\n", entries*keysEach) {
		t.Fatalf("DBSIZE is %q", got)
	}
}
