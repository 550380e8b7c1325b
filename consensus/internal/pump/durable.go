package pump

import (
	"sync/atomic"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// durable is what this node's journal holds on the disk. The log writer publishes it before the promises leave that
// rest on it; what the loop publishes comes later, and a node must not introduce itself with less than it acknowledged:
//
//  1. The log writer makes entry 105 durable and acknowledges it. The loop is held up; its status says 100.
//  2. The connection breaks. The node dials again, and says that it holds entry 100.
//  3. The leader takes it for one that was rolled back.
//
// One goroutine writes, any reads: version is odd while it is written.
type durable struct {
	version, term, lastTerm, lastIndex atomic.Uint64
}

func (d *durable) publish(term raftlog.Term, last raftlog.Mark) {
	d.version.Add(1)
	d.term.Store(uint64(term))
	d.lastTerm.Store(uint64(last.Term))
	d.lastIndex.Store(uint64(last.Index))
	d.version.Add(1)
}

func (d *durable) read() (term raftlog.Term, last raftlog.Mark) {
	for {
		before := d.version.Load()
		term = raftlog.Term(d.term.Load())
		last = raftlog.Mark{Term: raftlog.Term(d.lastTerm.Load()), Index: raftlog.Index(d.lastIndex.Load())}
		if before%2 == 0 && d.version.Load() == before {
			return term, last
		}
	}
}

// note publishes what the disk holds after a group.
func (d *durable) note(group []raft.AppendOperation) {
	term, last := d.read() // the writer's own
	for i := range group {
		op := &group[i]
		term = op.Term
		if s := op.Switch; s != nil && s.Restart {
			last = s.Snapshot.Mark
		}
		if n := len(op.Entries); n > 0 {
			last = op.Entries[n-1].Mark()
		}
	}
	d.publish(term, last)
}

// Durable is the term, and the mark of the last entry, that this node's journal holds on the disk: never less than what
// it has acknowledged.
func (r *Runner) Durable() (term raftlog.Term, last raftlog.Mark) { return r.durable.read() }
