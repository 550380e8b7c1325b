package consensus

import (
	"sync"

	"github.com/raftredis/raftredis/consensus/engine"
)

// ticks are entries that carry nothing but the leader's time.
type ticks struct {
	mu sync.Mutex
	// underway is closed when the entry that is under way ends; nil while there is none.
	underway chan struct{}
}

// MoveTime asks for time to move through the log: for whoever executes StateMachine.Query in View and was told that it
// needs a tick. An entry without a command is proposed, unless one is under way from this node. The channel is closed
// when it ended, done or not; then it is time to ask for a moment again (SubmitRead), since the entry may be older than
// the reader's first one. The reader stays at the stamp of the first moment, or at that of the new one if that is
// earlier: see Query. MoveTime does not block.
func (n *Node) MoveTime() <-chan struct{} {
	t := &n.ticks
	t.mu.Lock()
	ended := t.underway
	if ended != nil {
		t.mu.Unlock()
		return ended
	}
	ended = make(chan struct{})
	t.underway = ended
	t.mu.Unlock()
	n.Submit(&engine.Batch{Level: engine.Level, Wake: func() {
		t.mu.Lock()
		t.underway = nil
		t.mu.Unlock()
		close(ended)
	}})
	return ended
}
