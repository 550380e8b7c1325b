package pump

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What a node says that it holds, when it introduces itself, is never less than what it has acknowledged.
func TestDurableIsPublishedBeforePromisesLeave(t *testing.T) {
	h := newHub()
	var acknowledged atomic.Int64
	h.sent = func(r *Runner, m *engine.Message) {
		if m.Own != 0 || m.Kind != raft.AppendReply || m.Reject {
			return
		}
		acknowledged.Add(1)
		if term, last := r.Durable(); term < m.Term || last.Index < m.Index {
			t.Errorf("it holds %v in term %d, and acknowledges %d in term %d", last, term, m.Index, m.Term)
		}
	}
	nodes := h.startAll(t, 3)
	for i := range 200 {
		nodes[i%3].propose(t, fmt.Sprint("c", i))
	}
	if acknowledged.Load() == 0 {
		t.Fatal("nothing was acknowledged")
	}
}

func TestDurableFollowsWhatTheDiskHolds(t *testing.T) {
	mark := func(term raftlog.Term, i raftlog.Index) raftlog.Mark { return raftlog.Mark{Term: term, Index: i} }
	operation := func(term raftlog.Term, marks ...raftlog.Mark) (op raft.AppendOperation) {
		op.Term = term
		for _, m := range marks {
			op.Entries = append(op.Entries, raftlog.Entry{Term: m.Term, Index: m.Index})
		}
		return op
	}
	anew := operation(5, mark(5, 31), mark(5, 32))
	anew.Switch = &raftlog.SnapshotSwitch{Snapshot: &raftlog.SnapshotMark{Mark: mark(4, 30)}, Restart: true}
	alone := operation(6)
	alone.Switch = &raftlog.SnapshotSwitch{Snapshot: &raftlog.SnapshotMark{Mark: mark(6, 50)}, Restart: true}
	own := operation(6)
	own.Switch = &raftlog.SnapshotSwitch{Snapshot: &raftlog.SnapshotMark{Mark: mark(4, 20)}}
	var d durable
	for _, step := range []struct {
		group []raft.AppendOperation
		term  raftlog.Term
		last  raftlog.Mark
	}{
		{[]raft.AppendOperation{operation(1, mark(1, 1)), operation(1, mark(1, 2), mark(1, 3))}, 1, mark(1, 3)},
		{[]raft.AppendOperation{operation(2)}, 2, mark(1, 3)},
		{[]raft.AppendOperation{operation(3, mark(3, 2))}, 3, mark(3, 2)}, // it replaces what was there
		{[]raft.AppendOperation{anew}, 5, mark(5, 32)},
		{[]raft.AppendOperation{own}, 6, mark(5, 32)},
		{[]raft.AppendOperation{alone}, 6, mark(6, 50)},
	} {
		d.note(step.group)
		if term, last := d.read(); term != step.term || last != step.last {
			t.Errorf("%v: term %d, %v; want %d, %v", step.group, term, last, step.term, step.last)
		}
	}
}
