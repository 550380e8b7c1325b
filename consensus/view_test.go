package consensus

import (
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
)

// A blank node's machine is looked at while its cluster is formed. The first entry must wait for the look to end: it
// restores the machine, under a lock of which a node without a runner knows nothing.
func TestNothingIsAppliedDuringAViewOfABlankNode(t *testing.T) {
	n := openBlank(t, Options{})
	formed := make(chan error, 1)
	n.View(func(StateMachine) {
		go func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			formed <- n.form([]transport.Join{goodJoiner(8, "127.0.0.1:1")})
		}()
		select {
		case <-formed:
			t.Error("the node became a member during a view")
			formed <- nil
		case <-time.After(50 * time.Millisecond): // long enough to be noticed if nothing holds it back
		}
	})
	if err := <-formed; err != nil {
		t.Error(err)
	}
	if n.runner.Load() == nil {
		t.Error("the node is no member after the view")
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}
