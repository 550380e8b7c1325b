package raft

import (
	"slices"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Snapshots in the test's cluster. A file is the log that it stands for: the entries up to its mark. Whatever a node
// has on its disk is kept as a whole log as well, with a note of how much of that a real disk would have dropped.

// library holds every snapshot file that any node ever made, by its mark: replicas make the same.
type snapshotStore map[raftlog.Mark][]raftlog.Entry

// snapshotOf makes the snapshot of a log at an index.
func (l snapshotStore) snapshotOf(entries []raftlog.Entry, i raftlog.Index) raftlog.SnapshotMark {
	content := slices.Clone(entries[:i])
	mark := raftlog.SnapshotMark{Mark: content[i-1].Mark(), FileHash: uint64(i), FileBytes: uint64(len(content))}
	if c := lastConfiguration(content); c != nil {
		mark.Configuration = c.Body
	}
	l[mark.Mark] = content
	return mark
}

func lastConfiguration(entries []raftlog.Entry) (last *raftlog.Entry) {
	for i := range entries {
		if entries[i].Kind == raftlog.EntryConfiguration {
			last = &entries[i]
		}
	}
	return last
}

// freeze begins a snapshot of a node's state at an index that is committed, durable, and still in its log.
func (c *cluster) freeze(n *node, i raftlog.Index) {
	if n.taking != nil || i == 0 || i > min(n.core.Commit(), n.core.Durable()) {
		c.tracef("  %d cannot freeze at %d", n.id, i)
		return
	}
	mark := c.files.snapshotOf(n.disk.entries, i)
	c.rules.require(c.rules.isCommitted(mark.Mark), "node %d makes a snapshot at %v", n.id, mark.Mark)
	c.tracef("  %d freezes at %v", n.id, mark.Mark)
	n.taking = &mark
}

// taken ends the snapshot that a node is making.
func (c *cluster) taken(n *node) {
	if mark := n.taking; mark != nil {
		n.taking = nil
		c.do(n, func(r *Raft) { r.SnapshotTaken(*mark) })
	}
}

// trim drops a node's old log, up to an index and never beyond the older of its snapshots.
func (c *cluster) trim(n *node, i raftlog.Index) {
	older := n.disk.retained
	if older == nil {
		older = n.disk.snapshot
	}
	if older != nil {
		n.disk.base = max(n.disk.base, min(i, older.Index, n.disk.history))
		n.core.Trimmed(n.disk.base + 1)
	}
}

// answerInstall ends the fetch of a file that a node asked for.
func (c *cluster) answerInstall(n *node, works bool) {
	request := n.installing
	if request == nil {
		return
	}
	n.installing = nil
	mark := request.Snapshot
	if !works {
		c.do(n, func(r *Raft) { r.InstallFailed(mark) })
		return
	}
	content := c.files[mark.Mark]
	at := content[len(content)-1].Time()
	configuration := decoded(lastConfiguration(content))
	installed := n.core.Install(mark, configuration, at)
	c.tracef("  %d has snapshot %v (%v), begins anew: %v", n.id, mark.Mark, configuration, installed)
	if installed {
		c.installs++
		n.reads = nil
		c.rules.require(c.rules.isCommitted(mark.Mark), "node %d installs %v, which is not committed", n.id, mark.Mark)
	}
	c.turn(n)
}

// persist makes an operation durable.
func (c *cluster) persist(n *node, op *AppendOperation) {
	d := &n.disk
	if s := op.Switch; s != nil {
		if s.Restart {
			d.entries, d.base, d.history = c.files[s.Snapshot.Mark], s.Snapshot.Index, s.Snapshot.Index
		}
		held := raftlog.Index(len(d.entries)) >= s.Snapshot.Index && d.entries[s.Snapshot.Index-1].Mark() == s.Snapshot.Mark
		c.rules.require(held, "node %d puts snapshot %v in force, which its log does not hold", n.id, s.Snapshot.Mark)
		d.snapshot, d.retained = s.Snapshot, s.Retained
	}
	d.term, d.vote = op.Term, op.Vote
	if len(op.Entries) > 0 {
		kept := op.Entries[0].Index - 1
		c.rules.require(kept >= d.base && kept <= raftlog.Index(len(d.entries)),
			"node %d writes entry %d; its log is %d..%d", n.id,
			kept+1, d.base+1, len(d.entries))
		d.entries = append(slices.Clone(d.entries[:kept]), op.Entries...)
	}
}
