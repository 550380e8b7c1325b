package main

import (
	"encoding/binary"
	"io"
	"log"
	"math"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/bench/peers/front"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

const (
	// tick is a heartbeat; electionTicks of them without a leader begin an election.
	tick          = 50 * time.Millisecond
	electionTicks = 10
	// maxMessageBytes and maxMessages bound what is on the way to a follower.
	maxMessageBytes, maxMessages = 1 << 20, 256
	// kept is how many applied entries stay in memory, for nodes that are behind; trimmed how many go at a time.
	kept, trimmed = 100_000, 100_000
	// idBytes is how many bytes of an entry name the request.
	idBytes = 8
)

// node runs one RawNode, in one goroutine.
type node struct {
	options front.Options
	store   *front.Store
	raw     *raft.RawNode
	storage *raft.MemoryStorage
	journal *journal
	links   *links
	inbox   *inbox
	leads   atomic.Bool
	last    atomic.Uint64 // number of the last request

	// The loop's own: what clients wait for, by request; GETs by round, until they are confirmed, and then until their
	// index is applied.
	pending          map[uint64]*request
	rounds           map[uint64][]*request
	round            uint64
	confirmed        []confirmed
	applied, trimmer uint64
}

// confirmed are GETs that may be answered when an index has been applied.
type confirmed struct {
	index    uint64
	requests []*request
}

func open(o front.Options, store *front.Store, prepared bool) (*node, error) {
	raft.SetLogger(&raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)})
	storage := raft.NewMemoryStorage()
	voters := make([]uint64, front.Members)
	for i := range voters {
		voters[i] = uint64(i + 1)
	}
	err := storage.ApplySnapshot(raftpb.Snapshot{
		Metadata: raftpb.SnapshotMetadata{Index: 1, Term: 1, ConfState: raftpb.ConfState{Voters: voters}},
	})
	if err != nil {
		return nil, err
	}
	j, err := openJournal(o.Directory, prepared, storage)
	if err != nil {
		return nil, err
	}
	raw, err := raft.NewRawNode(&raft.Config{
		ID: uint64(o.ID), ElectionTick: electionTicks, HeartbeatTick: 1, Storage: storage, Applied: 1,
		MaxSizePerMsg: maxMessageBytes, MaxInflightMsgs: maxMessages, MaxUncommittedEntriesSize: math.MaxInt32,
		CheckQuorum: true, PreVote: true, DisableProposalForwarding: true,
	})
	if err != nil {
		return nil, err
	}
	n := &node{
		options: o, store: store, raw: raw, storage: storage, journal: j, inbox: newInbox(),
		pending: map[uint64]*request{}, rounds: map[uint64][]*request{}, applied: 1,
	}
	n.links, err = connect(o, n.inbox)
	return n, err
}

// Set sends an entry to the loop.
func (n *node) Set(entry []byte) front.Pending {
	id := n.last.Add(1)<<2 | uint64(n.options.ID)
	data := make([]byte, idBytes, idBytes+len(entry))
	binary.LittleEndian.PutUint64(data, id)
	r := &request{id: id, data: append(data, entry...), done: make(chan error, 1)}
	n.inbox.put(func(a *arrivals) { a.proposals = append(a.proposals, r) })
	return r
}

// Confirm joins the next round of the loop.
func (n *node) Confirm() error {
	r := &request{done: make(chan error, 1)}
	n.inbox.put(func(a *arrivals) { a.reads = append(a.reads, r) })
	return r.Error()
}

// Leads reports whether this node leads.
func (n *node) Leads() bool { return n.leads.Load() }

// run is the loop. It ends the process at the first error of the disk.
func (n *node) run() {
	ticker := time.NewTicker(tick)
	for {
		select {
		case <-ticker.C:
			n.raw.Tick()
		case <-n.inbox.wake:
		}
		arrived := n.inbox.take(arrivals{})
		for _, m := range arrived.messages {
			_ = n.raw.Step(m) // the library refuses what is old
		}
		n.propose(arrived.proposals)
		n.confirm(arrived.reads)
		for n.raw.HasReady() {
			ready := n.raw.Ready()
			if err := n.turn(&ready); err != nil {
				log.Fatal(err)
			}
			n.raw.Advance(ready)
		}
		if !n.leads.Load() {
			n.refuse()
		}
		n.trim()
	}
}

// propose proposes all SETs that arrived in one step.
func (n *node) propose(requests []*request) {
	if len(requests) == 0 {
		return
	}
	entries := make([]raftpb.Entry, len(requests))
	for i, r := range requests {
		entries[i].Data = r.data
		n.pending[r.id] = r
	}
	err := n.raw.Step(raftpb.Message{Type: raftpb.MsgProp, From: uint64(n.options.ID), Entries: entries})
	if err != nil {
		for _, r := range requests {
			delete(n.pending, r.id)
			r.done <- err
		}
	}
}

// confirm asks for one confirmation for all GETs that arrived.
func (n *node) confirm(requests []*request) {
	if len(requests) > 0 {
		n.round++
		n.rounds[n.round] = requests
		n.raw.ReadIndex(binary.LittleEndian.AppendUint64(nil, n.round))
	}
}

// turn does what one Ready asks for. A leader sends before it writes, since its own disk is one of three.
func (n *node) turn(ready *raft.Ready) error {
	if ready.SoftState != nil {
		n.leads.Store(ready.SoftState.RaftState == raft.StateLeader)
	}
	leads := n.leads.Load()
	if leads {
		n.links.send(ready.Messages, n.raw.ReportUnreachable)
	}
	if len(ready.Entries) > 0 || !raft.IsEmptyHardState(ready.HardState) {
		if err := n.journal.append(ready.Entries, ready.HardState, ready.MustSync); err != nil {
			return err
		}
		if err := n.storage.Append(ready.Entries); err != nil {
			return err
		}
		if !raft.IsEmptyHardState(ready.HardState) {
			if err := n.storage.SetHardState(ready.HardState); err != nil {
				return err
			}
		}
	}
	if !leads {
		n.links.send(ready.Messages, n.raw.ReportUnreachable)
	}
	n.apply(ready.CommittedEntries)
	for _, s := range ready.ReadStates {
		round := binary.LittleEndian.Uint64(s.RequestCtx)
		n.confirmed = append(n.confirmed, confirmed{s.Index, n.rounds[round]})
		delete(n.rounds, round)
	}
	n.answer()
	return nil
}

// apply carries out committed entries, and tells the clients that wait for them.
func (n *node) apply(entries []raftpb.Entry) {
	if len(entries) == 0 {
		return
	}
	n.store.Apply(len(entries), func(i int) []byte { return entries[i].Data[min(idBytes, len(entries[i].Data)):] })
	for i := range entries {
		if data := entries[i].Data; len(data) >= idBytes {
			id := binary.LittleEndian.Uint64(data)
			if r := n.pending[id]; r != nil {
				delete(n.pending, id)
				r.done <- nil
			}
		}
	}
	n.applied = entries[len(entries)-1].Index
}

// answer lets GETs go on whose index has been applied.
func (n *node) answer() {
	left := n.confirmed[:0]
	for _, c := range n.confirmed {
		if c.index > n.applied {
			left = append(left, c)
			continue
		}
		for _, r := range c.requests {
			r.done <- nil
		}
	}
	n.confirmed = left
}

// refuse ends what a node that does not lead cannot answer.
func (n *node) refuse() {
	for id, r := range n.pending {
		delete(n.pending, id)
		r.done <- errNotLeader
	}
	for round, requests := range n.rounds {
		delete(n.rounds, round)
		for _, r := range requests {
			r.done <- errNotLeader
		}
	}
}

// trim forgets entries that all nodes should have by now.
func (n *node) trim() {
	if n.applied > n.trimmer+kept+trimmed {
		n.trimmer = n.applied - kept
		_ = n.storage.Compact(n.trimmer) // entries that are gone already
	}
}
