package engine

import (
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Engine is the state that a node's loop owns. It is not safe for concurrent use: one goroutine calls Turn.
type Engine struct {
	options Options
	core    *raft.Raft
	ready   raft.Ready
	out     *Outputs // of the turn under way, nil between turns
	tick    uint64
	clocks  clocks // clocks.go
	expiry  expiry
	// sessions is how many sessions there are, as the applier reported it.
	sessions int

	// term and leader are as noticeTerm last saw them.
	term   raftlog.Term
	leader raftlog.NodeID

	origin                     // batches of this node's clients: origin.go
	forwards          forwards // what a leader knows about all nodes' batches: forwards.go
	reads             reads    // reads.go
	pieces            pieces   // of large bodies: delivery.go
	presence          presence // which voters count as down: presence.go
	handOver          handOver // of leadership: handover.go
	configuration     *membership.Configuration
	confirmed         confirmations              // how far members' disks are: arrival.go
	leaving           []membership.Member        // removed members that still have a link: removed_members.go
	boots             map[raftlog.NodeID]process // of the nodes that introduced themselves: arrival.go
	journalCapacities map[raftlog.NodeID]int     // of the nodes that introduced themselves: journal_capacity.go
	levels            levels                     // of the cluster and the other nodes: levels.go

	commit  raftlog.Index
	handed  raftlog.Index // handed to the applier
	applied raftlog.Index // reported by the applier
	span    int           // bytes handed and not yet applied
	// expired is the tick at which the applier last looked for deadlines; expiring: it is asked to look again.
	expired  uint64
	expiring bool
	spans    []handedSpan

	filled  raftlog.Index // handed to the history filler
	written raftlog.Index // reported by it
	filling bool

	snapshots snapshots // own_snapshots.go, received_snapshots.go
	states    states    // states.go, verdict.go, quarantine.go
}

// handedSpan remembers what a span weighs until it is applied.
type handedSpan struct {
	last  raftlog.Index
	bytes int
}

// New makes an engine from what the log restored. The applier starts behind base: the index of the snapshot that its
// state machine was restored from, 0 for none. That may be an older one than the one in force, if the log reaches back
// to it.
func New(o Options, s raft.Restored, base raftlog.Index) (*Engine, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if err := CheckLevels(s.Entries, o.Level); err != nil {
		return nil, err // the directory was used by a newer build
	}
	if needs := s.Configuration.FeatureLevel(); needs > o.Level {
		return nil, raftlog.LevelError(fmt.Sprintf("the configuration of entry %d", s.ConfigurationIndex), needs, o.Level)
	}
	if err := checkConfigurations(s.Entries); err != nil {
		return nil, err
	}
	core := raft.New(raft.Options{
		ID: o.ID, HeartbeatTicks: o.HeartbeatTicks, ElectionTicks: o.ElectionTicks, HungTicks: o.HungTicks,
		LeaseMillis:         o.LeaseMillis,
		MaxInflightMessages: o.MaxInflightMessages, MaxMessageBytes: o.MaxMessageBytes,
		Seed: o.Seed, Level: o.Level, Weakened: o.Weakened,
	}, s)
	e := &Engine{
		options: o, core: core, handed: base, applied: base, commit: core.Commit(),
		filled: s.Floor.Index, written: s.Floor.Index,
		boots: map[raftlog.NodeID]process{}, journalCapacities: map[raftlog.NodeID]int{},
		confirmed: o.Confirmed, levels: levels{known: map[raftlog.NodeID]knownLevel{}},
		clocks: clocks{voters: map[raftlog.NodeID]*voterClock{}},
	}
	e.reads = newReads(o.Boot)
	e.snapshots.inForce, e.snapshots.retained = core.Snapshot()
	e.snapshots.partial = s.Part
	return e, nil
}

// noticeTerm sees to what belongs to one term: the stream of this node's batches, a leader's counters, its reads, its
// intent to hand over.
func (e *Engine) noticeTerm() {
	term, leader := e.core.Term(), e.core.Leader()
	if term == e.term && leader == e.leader {
		return
	}
	if term != e.term {
		e.forwards.begin(term)
		e.reads.confirmed = 0
	}
	e.term, e.leader = term, leader
	e.expiry.ticking = 0
	e.handOver = handOver{}
	e.retryReads()
	if leader != 0 {
		e.beginStream(term, leader)
	}
	if e.leads() {
		e.hurryFirstCommit()
	}
}

// hurryFirstCommit lets all nodes know at once when the entry that began this leader's term is committed. That entry
// proves the fate of everything that was on its way to the leader before: without this, clients of a follower waited
// for the next heartbeat at the end of every failover.
func (e *Engine) hurryFirstCommit() {
	for _, m := range e.core.Configuration().Members {
		e.core.ServeWaiting(m.ID, e.core.NoOp())
	}
}

// leads reports whether this node leads its term.
func (e *Engine) leads() bool { return e.core.Role() == raft.Leader }

// send queues a message of the engine's own kinds.
func (e *Engine) send(m Message) {
	m.From = e.options.ID
	e.out.Messages = append(e.out.Messages, m)
}

// HeartbeatTicks is that of the options.
func (e *Engine) HeartbeatTicks() int { return e.options.HeartbeatTicks }

// Waiting are the batches that were never sent, for the end of the node.
func (e *Engine) Waiting() []*Batch { return slices.Concat(e.waiting.batches, e.large.batches) }

// Core gives observers the protocol's state between turns.
func (e *Engine) Core() *raft.Raft { return e.core }
