package raft

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Digest folds what decides the future of nodes and messages into a number of 64 bits. Equal states have equal digests;
// different ones have equal digests as seldom as random numbers are equal. The clocks do not count (see StopClocks),
// nor do the numbers of operations, which are new with each boot, nor the stamps and tags of entries: an exploration
// uses none.
//
// Names may be called differently in a digest: then two states that differ only in which node plays which part have the
// same digest. Everything that the protocol orders by node goes into the digest as a set.
type Digest struct {
	// Names are the names of nodes 1, 2, and so on, below 64; nil keeps all as they are.
	Names []raftlog.NodeID
	// Sum is the digest so far.
	Sum uint64
	// configurations remembers what the bodies of entries say.
	configurations map[string]*membership.Configuration
}

// Begin starts a new digest, by these names.
func (d *Digest) Begin(names []raftlog.NodeID) { d.Names, d.Sum = names, 0 }

// Add takes a number in. The order counts.
func (d *Digest) Add(v uint64) { d.Sum = mix(d.Sum ^ mix(v)) }

// Node takes a node in, by its name.
func (d *Digest) Node(id raftlog.NodeID) { d.Add(uint64(d.name(id))) }

// Mark takes a mark in.
func (d *Digest) Mark(m raftlog.Mark) { d.Add(uint64(m.Term)<<32 ^ uint64(m.Index)) }

// mix is the last part of splitmix64: it changes half of the bits of what follows, and loses none.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *Digest) name(id raftlog.NodeID) raftlog.NodeID {
	if id == 0 || d.Names == nil {
		return id
	}
	return d.Names[id-1]
}

// nodes takes a set of nodes in.
func (d *Digest) nodes(ids []raftlog.NodeID) {
	sum := uint64(len(ids))
	for _, id := range ids {
		sum += mix(uint64(d.name(id)))
	}
	d.Add(sum)
}

// part is the digest of a member of a set. What is in it so far does not count.
func (d *Digest) part(take func()) uint64 {
	before := d.Sum
	d.Sum = 0
	take()
	part := d.Sum
	d.Sum = before
	return mix(part)
}

func (d *Digest) flag(is bool) {
	if is {
		d.Add(1)
		return
	}
	d.Add(0)
}

// Configuration takes the roles of a configuration in.
func (d *Digest) Configuration(c *membership.Configuration) {
	for _, ids := range [...][]raftlog.NodeID{c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire} {
		d.nodes(ids)
	}
}

// Snapshot takes the mark of a snapshot in: it stands for all that the file says.
func (d *Digest) Snapshot(s *raftlog.SnapshotMark) {
	if s == nil {
		d.Add(0)
		return
	}
	d.Mark(s.Mark)
}

// Entries takes entries in, configurations by their roles.
func (d *Digest) Entries(entries []raftlog.Entry) {
	d.Add(uint64(len(entries)))
	for i := range entries {
		e := &entries[i]
		d.Mark(e.Mark())
		d.Add(uint64(e.Kind)<<32 ^ uint64(len(e.Body)))
		if e.Kind.Traits().Configures {
			d.Configuration(d.decode(e))
		}
	}
}

// decode decodes a configuration, or remembers it.
func (d *Digest) decode(e *raftlog.Entry) *membership.Configuration {
	if c := d.configurations[string(e.Body)]; c != nil {
		return c
	}
	c, err := membership.Decode(e.Body)
	if err != nil {
		panic(fmt.Sprintf("raft: entry %d: %v", e.Index, err))
	}
	if d.configurations == nil {
		d.configurations = map[string]*membership.Configuration{}
	}
	d.configurations[string(e.Body)] = c
	return c
}

// Message takes a message in.
func (d *Digest) Message(m *Message) {
	d.Add(uint64(m.Kind))
	d.Node(m.From)
	d.Node(m.To)
	d.Add(uint64(m.Term))
	d.flag(m.Reject)
	d.Mark(m.Previous)
	d.Mark(m.Hint)
	d.Add(uint64(m.Commit)<<32 ^ uint64(m.Index))
	d.Add(uint64(m.Epoch))
	d.Entries(m.Entries)
	d.Snapshot(m.Snapshot)
}

// Operation takes an operation in. Its promises are a set: they leave at the same time.
func (d *Digest) Operation(op *AppendOperation) {
	d.Add(uint64(op.Term))
	d.Node(op.Vote)
	d.Entries(op.Entries)
	if s := op.Switch; s != nil {
		d.Snapshot(s.Snapshot)
		d.Snapshot(s.Retained)
		d.flag(s.Restart)
	}
	promises := uint64(0)
	for i := range op.Promises {
		promises += d.part(func() { d.Message(&op.Promises[i]) })
	}
	d.Add(promises)
}

// Digest takes the node in. It is to be called between turns: what waits for Ready does not count.
func (r *Raft) Digest(d *Digest) {
	d.Add(uint64(r.role))
	d.Add(uint64(r.term))
	d.Node(r.vote)
	d.Node(r.leader)
	d.Add(uint64(r.commit))
	d.Add(uint64(r.echoed)<<32 ^ uint64(r.proven))
	d.Add(uint64(r.written)<<32 ^ uint64(r.log.written))
	d.Add(uint64(r.applied))
	r.digestLog(d)
	r.digestDisk(d)
	d.Snapshot(r.fetched)
	if r.part != nil && r.part.Index > r.commit {
		d.Snapshot(r.part)
	}
	d.Add(uint64(r.trimmed))
	r.digestBallots(d)
	if r.role == Leader {
		r.digestLeadership(d)
	}
}

// digestLog takes the log in; what its configurations say is in the list of them.
func (r *Raft) digestLog(d *Digest) {
	d.Mark(r.log.floor)
	for i := range r.log.entries {
		e := &r.log.entries[i]
		d.Add(uint64(e.Term)<<32 ^ uint64(e.Kind))
	}
	for i := range r.membership.list {
		d.Add(uint64(r.membership.list[i].index))
		d.Configuration(r.membership.list[i].configuration)
	}
}

// digestDisk takes the disk in, and what waits for it. Operations are counted from the last one that is durable.
func (r *Raft) digestDisk(d *Digest) {
	d.Add(uint64(len(r.disk.flying)))
	d.flight(&r.disk.done)
	for i := range r.disk.flying {
		d.flight(&r.disk.flying[i])
	}
	promised := uint64(0)
	for i := range r.disk.promised {
		p := &r.disk.promised[i]
		promised += d.part(func() {
			d.Add(uint64(p.with - r.disk.done.number))
			d.Message(&p.message)
		})
	}
	d.Add(promised)
	if s := &r.summoned; s.from != 0 {
		d.Node(s.from)
		d.Add(uint64(s.term))
		d.Mark(s.mark)
		d.Add(uint64(s.operation - min(s.operation, r.disk.done.number)))
	}
}

func (d *Digest) flight(f *flight) {
	d.Add(uint64(f.term)<<32 ^ uint64(f.last))
	d.Node(f.vote)
	d.Add(uint64(f.snapshot.IndexOrZero())<<32 ^ uint64(f.retained.IndexOrZero()))
}

func (r *Raft) digestBallots(d *Digest) {
	sum := uint64(0)
	for _, b := range r.ballots {
		sum += mix(uint64(d.name(b.voter))<<8 ^ uint64(b.answer))
	}
	d.Add(sum)
}

func (r *Raft) digestLeadership(d *Digest) {
	d.Add(uint64(r.noOp)<<32 ^ uint64(r.stepped))
	d.Add(uint64(r.epoch)<<32 ^ uint64(r.confirmed))
	d.Add(uint64(r.committedAtBeat))
	d.Node(r.transferee)
	d.flag(r.yielding)
	d.flag(r.steppingDown)
	sum := uint64(0)
	for _, p := range r.peers {
		sum += d.part(func() { r.digestPeer(d, p) })
	}
	d.Add(sum)
}

func (r *Raft) digestPeer(d *Digest, p *progress) {
	d.Node(p.id)
	d.Add(uint64(p.state))
	d.Add(uint64(p.match)<<32 ^ uint64(p.next))
	for _, last := range p.inflight {
		d.Add(uint64(last))
	}
	if p.state == Probe {
		d.Add(uint64(p.probed)<<8 ^ uint64(p.load))
	}
	for _, is := range [...]bool{p.waiting, p.fetching, p.failedFetch, p.heartbeatDue, r.announces(p)} {
		d.flag(is)
	}
	d.Snapshot(p.snapshot)
	d.Mark(p.part)
	d.Snapshot(p.stateFile)
	d.Add(uint64(p.echoed)<<32 ^ uint64(p.carried))
	d.Add(uint64(p.notified)<<32 ^ uint64(p.origin))
	d.Add(uint64(p.awaited)<<32 ^ uint64(p.leaving))
	d.Add(uint64(p.takesOverFrom))
}
