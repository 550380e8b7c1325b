package explore

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// world is one state of everything: nodes, disks, wire, and what the rules must remember of the past. A world that is
// complete never changes: a step makes a new one, which shares what the step left alone.
type world struct {
	nodes []*node
	wire  []*letter
	past  past
	left  [budgets]uint8
}

// node is a core with its disk.
type node struct {
	id   raftlog.NodeID
	core *raft.Raft
	disk image
	// flying are operations that the core handed out and the disk has not completed.
	flying []raft.AppendOperation
	// reads are registered and not confirmed.
	reads []read
	// installing is the snapshot that the node fetches.
	installing *raft.InstallRequest
	// seen is the node as the rules saw it last.
	seen seen
	// sums are the digests by each permutation, colour the one that names no other node; 0: not computed yet.
	sums   []uint64
	colour uint64
}

// letter is a message under way.
type letter struct {
	message raft.Message
	sums    []uint64
}

// image is what a power loss leaves.
type image struct {
	term raftlog.Term
	vote raftlog.NodeID
	// entries are those from 1 on. The disk has dropped those up to gone: a snapshot stands for them.
	entries            []raftlog.Entry
	gone               raftlog.Index
	snapshot, retained *raftlog.SnapshotMark
}

// read is a call of Raft.Read: its answer must contain what was committed anywhere when it came.
type read struct {
	epoch     raft.Epoch
	index     raftlog.Index
	committed raftlog.Index
}

func (w *world) copy() *world {
	next := *w
	next.nodes = slices.Clone(w.nodes)
	next.wire = append(make([]*letter, 0, len(w.wire)+8), w.wire...)
	return &next
}

func (w *world) node(id raftlog.NodeID) *node { return w.nodes[id-1] }

// holds reports whether the disk has the entry, or a snapshot that stands for it.
func (d *image) holds(m raftlog.Mark) bool {
	return m.Index <= raftlog.Index(len(d.entries)) && (m.Index == 0 || d.entries[m.Index-1].Term == m.Term)
}

// persist makes an operation durable. A snapshot's file holds what is committed.
func (d *image) persist(op *raft.AppendOperation, committed []raftlog.Entry) {
	if s := op.Switch; s != nil {
		if s.Restart {
			d.entries = slices.Clip(committed[:s.Snapshot.Index])
		}
		d.snapshot, d.retained, d.gone = s.Snapshot, s.Retained, s.Snapshot.Index
	}
	d.term, d.vote = op.Term, op.Vote
	if len(op.Entries) > 0 {
		kept := op.Entries[0].Index - 1
		d.entries = append(slices.Clip(d.entries[:kept]), op.Entries...)
	}
}

// restored is what a node knows that starts from the disk.
func (d *image) restored() raft.Restored {
	s := raft.Restored{
		Term: d.term, Vote: d.vote, Entries: d.entries[d.gone:], Snapshot: d.snapshot, Retained: d.retained,
	}
	if d.gone > 0 {
		floor := &d.entries[d.gone-1]
		s.Floor, s.FloorTime = floor.Mark(), floor.Time()
	}
	if e := lastConfiguration(d.entries[:d.gone]); e != nil {
		s.Configuration, s.ConfigurationIndex = decode(e), e.Index
	}
	return s
}

func lastConfiguration(entries []raftlog.Entry) (last *raftlog.Entry) {
	for i := range entries {
		if entries[i].Kind.Traits().Configures {
			last = &entries[i]
		}
	}
	return last
}

func decode(e *raftlog.Entry) *membership.Configuration {
	c, err := membership.Decode(e.Body)
	if err != nil {
		panic(err)
	}
	return c
}
