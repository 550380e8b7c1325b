package sim

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/journal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// node is a machine of the cluster: what outlives its processes.
type node struct {
	w  *world
	id raftlog.NodeID
	// disk holds the journal; each crash replaces it by what is left.
	disk *vfs.Memory
	// part names the snapshot of another node of whose file the last start found a part; nil if there was none.
	part *raftlog.SnapshotMark
	// histories are the histories by the names of their directories; historyName is the one in force.
	histories   map[string]*history
	historyName string
	// life is the running process, nil while there is none. boots counts them.
	life  *life
	boots int
	// stable is what is durable for sure, whatever happens. pending are operations that were on their way to the disk
	// when the process died: all of them are durable too, or none.
	stable  stable
	pending []raft.AppendOperation

	tick time.Duration
	// offset is by how much the wall clock is wrong, drift the share by which the monotonic clock is too fast.
	offset time.Duration
	drift  float64
	// place is where the node lives, list where the others lived when it moved there; only in worlds where nodes move.
	place string
	list  []string
	// Until these moments the disk is slow, the disk does nothing at all, the applier is slow, history takes nothing.
	slowDiskUntil, hungUntil, slowApplierUntil, fullUntil time.Duration
	// stalled holds back all group commits; only scripts set it.
	stalled bool
	// abandoned nodes do not start again.
	abandoned bool
	// left: some node knows that this one was removed.
	left bool
	// build is the feature level of the build that the next process runs, where nodes are upgraded.
	build uint8
	// ordeal is what becomes of a state that is spoilt.
	ordeal ordeal
	// promised is the longest promise to a leader by which a process may be bound, as the disk has it.
	promised raftlog.Stamp
}

// stable is the durable state of a node as the checkers know it.
type stable struct {
	term raftlog.Term
	vote raftlog.NodeID
	log  mirror
	// snapshot is the one that the journal names.
	snapshot *raftlog.SnapshotMark
	// quarantine is that of the state.
	quarantine raftlog.Quarantine
}

// switchTo puts a snapshot in force.
func (s *stable) switchTo(to *raftlog.SnapshotSwitch, c *checker) {
	s.snapshot = to.Snapshot
	if to.Restart {
		s.log = c.upTo(to.Snapshot.Mark)
	}
}

func (s *stable) apply(op *raft.AppendOperation, c *checker) bool {
	if op.Switch != nil {
		s.switchTo(op.Switch, c)
	}
	s.term, s.vote = op.Term, op.Vote
	if op.Quarantine != nil {
		s.quarantine = *op.Quarantine
	}
	return s.log.add(op.Entries)
}

func (s *stable) equal(o *stable) bool {
	last := s.log.last()
	return s.term == o.term && s.vote == o.vote && last == o.log.last() && s.quarantine == o.quarantine &&
		s.log.at(last.Index) == o.log.at(last.Index) && (s.snapshot == nil) == (o.snapshot == nil) &&
		(s.snapshot == nil || s.snapshot.Same(o.snapshot))
}

// newNode makes a machine with the disk of a node that is ready to start for the first time: with the cluster's first
// entry, or blank.
func newNode(w *world, id raftlog.NodeID) *node {
	o := &w.options
	n := &node{w: w, id: id, disk: vfs.NewMemory(), tick: o.Clock.Tick, historyName: "history-1"}
	n.histories = map[string]*history{n.historyName: newHistory(raftlog.Mark{})}
	if o.Clock.RateError > 0 {
		n.tick = time.Duration(float64(n.tick) * (1 + o.Clock.RateError*(2*w.chance.Float64()-1)))
	}
	n.offset = w.chance.between(-o.Clock.Offset, o.Clock.Offset)
	if o.moves() {
		n.place = placeName(int(id))
	}
	if o.Faults.Upgrade > 0 {
		n.build = w.drawBuild()
	}
	if o.Clock.Drift > 0 {
		n.drift = o.Clock.Drift * (2*w.chance.Float64() - 1)
	}
	if o.Lease.Promise > 0 { // ticks count by the same clock
		n.tick = time.Duration(float64(n.tick) / (1 + n.drift))
	}
	opening := journal.Opening{HistoryDirectory: n.historyName, HistoryFirst: 1}
	if id == 1 || !o.Blank && int(id) <= o.Nodes {
		opening.Term, opening.Entries = 1, []raftlog.Entry{firstEntry(o)}
		n.stable.term = 1
		n.stable.log.add(opening.Entries)
	}
	if err := journal.Create(n.journalOptions(), opening); err != nil {
		panic(fmt.Sprintf("create the journal: %v", err))
	}
	return n
}

// firstEntry is the entry that makes the cluster.
func firstEntry(o *Options) raftlog.Entry {
	c := membership.Configuration{ClusterID: o.Seed | 1, HashSeed: mix(o.Seed, 2), NextID: raftlog.NodeID(o.Nodes + 1)}
	for i := range o.Nodes {
		id := raftlog.NodeID(i + 1)
		m := membership.Member{ID: id, Incarnation: uint64(id), Attributes: fmt.Appendf(nil, "%040x", id)}
		if o.moves() {
			m.Address = placeName(i + 1)
		}
		c.Members = append(c.Members, m)
		c.Voters = append(c.Voters, id)
	}
	return engine.FirstEntry(&c, epoch)
}

const epoch raftlog.Stamp = workload.Epoch

func (n *node) journalOptions() journal.Options {
	d := &n.w.options.Disk
	return journal.Options{
		FS: n.disk, Directory: "data/journal", FileBytes: d.FileBytes, MaxEntryBytes: d.MaxEntryBytes,
		MaxGroupBytes: d.MaxGroupBytes, Salt: n.w.chance.Uint64, Weakened: n.w.options.Weakened,
	}
}

// start begins a new life, unless a crash cuts it short.
func (n *node) start() {
	w := n.w
	if n.life != nil || n.abandoned {
		return
	}
	if w.now < n.hungUntil {
		w.after(hungPoll, n.start)
		return
	}
	n.boots++
	if n.boots > 1 {
		w.counts.Restarts++
	}
	stop := -1
	if !w.calm && n.boots > 1 && w.chance.hits(w.options.Faults.StartCrash) {
		stop = w.chance.IntN(4)
	}
	crashed := n.interrupted(stop, func() error { return n.open() })
	if crashed {
		w.tell(n.id, "crashed  while it started, at operation %d", stop)
		n.restartLater()
		return
	}
	if n.life == nil { // its build is too old for its log
		n.restartLater()
		return
	}
	w.trace.note(w.now, noteLife, n.id, uint64(n.boots), uint64(n.stable.term))
	n.life.begin()
	if w.options.moves() {
		n.life.lookAround()
	}
	w.checker.times.disturbed = w.now
	w.net.eachPeer(n.id, w.net.reconnect)
	if !w.calm && n.boots > 1 && w.chance.hits(w.options.Faults.Relapse) {
		n.crashWithin(20 * time.Millisecond)
	}
}

// crashWithin lets this life of the node end soon.
func (n *node) crashWithin(limit time.Duration) {
	l := n.life
	n.w.after(n.w.chance.between(0, limit), func() {
		if !l.dead && !n.w.calm {
			n.crash(n.w.chance.hits(n.w.options.Faults.PowerLoss))
			n.restartLater()
		}
	})
}

// open reads the disk and makes it the state of a new process.
func (n *node) open() error {
	j, recovered, err := journal.Open(n.journalOptions())
	if err != nil {
		return err
	}
	if n.histories[recovered.HistoryDirectory] == nil {
		n.w.fail("durability", "n%d: the journal names %s, which is gone", n.id, recovered.HistoryDirectory)
	}
	n.useHistory(recovered.HistoryDirectory)
	if h := n.history(); !h.cut(recovered.Checkpoint.Index) {
		n.w.fail("durability", "n%d: history holds %d to %d, the journal's checkpoint is %v",
			n.id, h.base.Index+1, h.last(), recovered.Checkpoint)
	}
	found := n.compare(&recovered)
	if err := j.Start(n); err != nil {
		return err
	}
	n.stable, n.pending = found, nil
	n.w.checker.votesIn(n.id, found.term, found.vote)
	life, err := newLife(n, j, &recovered)
	if err != nil && n.refuses(err) {
		return nil
	}
	if err != nil {
		n.w.fail("restart", "n%d: %v", n.id, err)
	}
	n.life = life
	n.w.tell(n.id, "started  boot %d term %d vote %d log %v, checkpoint %v", n.boots, found.term, found.vote,
		found.log.last(), recovered.Checkpoint)
	return nil
}

// compare holds what was recovered against what must be there: everything that was ever durable, and of what was on its
// way at the crash all or nothing.
func (n *node) compare(r *journal.Recovered) stable {
	h := n.history()
	found := stable{
		term: r.Term, vote: r.Vote, log: n.w.checker.upTo(h.base), snapshot: r.Snapshot, quarantine: r.Quarantine,
	}
	if !found.log.add(h.entries) || !found.log.add(r.Entries) {
		n.w.fail("durability", "n%d: entries %d.. do not follow history, which ends at %d", n.id, r.Entries[0].Index,
			h.last())
	}
	if found.equal(&n.stable) {
		return found
	}
	if len(n.pending) > 0 && n.pending[0].Switch != nil { // it is a record of its own
		between := n.stable
		between.switchTo(n.pending[0].Switch, n.w.checker)
		if found.equal(&between) {
			return found
		}
	}
	after := n.stable
	after.log = after.log.clone()
	for i := range n.pending {
		after.apply(&n.pending[i], n.w.checker)
	}
	if (len(n.pending) == 0 || !found.equal(&after)) && !n.w.options.OutcomesOnly {
		n.w.fail("durability", "n%d recovered term %d vote %d log %v; durable were term %d vote %d log %v", n.id,
			found.term, found.vote, found.log.last(), n.stable.term, n.stable.vote, n.stable.log.last())
	}
	return found
}

// errGone is what a dead process gets from its disk.
var errGone = errors.New("the process is gone")

// interrupted runs something that writes to the disk, and lets the process die before its operation number stop,
// counted from 0; a negative number means never. It reports whether that happened. The disk is then what the process
// left, after power loss if that was why.
func (n *node) interrupted(stop int, write func() error) bool {
	var left *vfs.Memory
	if stop >= 0 {
		n.disk.SetFault(func(op vfs.Op, _ string) error {
			switch {
			case left != nil:
				return errGone
			case !op.Changes():
				return nil
			case stop == 0:
				left = n.disk.Kill()
				return errGone
			}
			stop--
			return nil
		})
	}
	err := write()
	n.disk.SetFault(nil)
	switch {
	case left != nil:
		n.disk = left
		if n.w.chance.hits(n.w.options.Faults.PowerLoss) {
			n.losePower()
		}
		return true
	case err != nil:
		n.w.fail("disk", "n%d: %v", n.id, err)
	}
	return false
}

func (n *node) losePower() {
	n.w.counts.PowerLosses++
	n.disk = n.disk.Crash(n.w.chance.IntN)
	for _, name := range slices.Sorted(maps.Keys(n.histories)) {
		n.histories[name].losePower(n.w.chance.IntN)
	}
}

// crash ends the process: by power loss, or only by its own death. A group commit that was under way may be left at any
// operation; so what was written but not synced is there or not, whole or torn.
func (n *node) crash(power bool) {
	l, w := n.life, n.w
	if l == nil {
		return
	}
	w.trace.note(w.now, noteFault, n.id, uint64(n.boots), boolean(power))
	if l.group != nil {
		n.pending = l.group
		finished := !n.interrupted(w.chance.IntN(4), func() error { return l.commitGroup(l.group) })
		if finished {
			n.makeStable(l.group)
			n.pending = nil
			l.cutShort()
		}
	} else {
		l.cutShort()
	}
	n.die()
	if power {
		n.losePower()
	} else {
		w.counts.Kills++
	}
	w.tell(n.id, "%s", map[bool]string{true: "POWER LOSS", false: "KILLED"}[power])
}

// die ends the process and nothing else.
func (n *node) die() {
	l := n.life
	l.dead, n.life = true, nil
	n.disk.SetFault(nil)
	n.w.net.eachPeer(n.id, n.w.net.closeLink)
	n.w.tellGone(n, l.boot)
	l.abandonClients()
}

// restartLater starts the node again after its outage.
func (n *node) restartLater() {
	n.w.after(n.w.chance.around(n.w.options.Faults.Outage)+time.Millisecond, n.start)
}

// makeStable notes that operations are durable.
func (n *node) makeStable(group []raft.AppendOperation) {
	for i := range group {
		op := &group[i]
		n.stable.apply(op, n.w.checker)
		n.w.checker.votesIn(n.id, op.Term, op.Vote)
	}
}

// clock is the node's wall clock.
func (n *node) clock() raftlog.Stamp {
	return epoch + raftlog.Stamp((n.w.now + n.offset).Milliseconds())
}

// elapsed is the node's monotonic clock. It goes on through crashes: only differences within a life mean something.
func (n *node) elapsed() raftlog.Stamp {
	return 1 + raftlog.Stamp((n.w.now + time.Duration(float64(n.w.now)*n.drift)).Milliseconds())
}

func boolean(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// machine is the state machine of one life; it shows each state to the checkers.
type machine struct {
	workload.StateMachine
	node *node
	// level is the feature level that the build knows.
	level uint8
	state *condition
	// offset is what was set for the next entry.
	offset *pendingOffset
}

// pendingOffset is an offset that was set, and holds from the next entry on.
type pendingOffset struct {
	offset int64
	set    bool
}

// Restore implements engine.StateMachine.
func (m machine) Restore(seed uint64, r io.Reader) error {
	if r == nil {
		m.node.w.checker.inputs.Seed = seed
	}
	*m.offset = pendingOffset{}
	return m.StateMachine.Restore(seed, r)
}

// SetOffset implements engine.StateMachine.
func (m machine) SetOffset(offset int64) {
	*m.offset = pendingOffset{offset: offset, set: true}
	m.StateMachine.SetOffset(offset)
}

// Apply implements engine.StateMachine.
func (m machine) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	c := m.node.w.checker
	c.delivers(m.node, raftlog.Index(index), data)
	c.keepInput(raftlog.Index(index), workload.Input{
		Offset: m.offset.offset, SetsOffset: m.offset.set, Stamp: stamp, Data: data,
	})
	*m.offset = pendingOffset{}
	data, local = m.spoil(raftlog.Index(index), data, local)
	return m.StateMachine.Apply(index, stamp, data, local)
}
