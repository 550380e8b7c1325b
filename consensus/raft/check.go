package raft

import (
	"errors"
	"fmt"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// Two kinds of checks guard the core. The cheap ones are panics where the danger is: they are always on. The thorough
// ones are here; tests call them after every step.

// Observation is what the rules about the passing of time compare: a node before and after a step.
type Observation struct {
	role      Role
	term      raftlog.Term
	vote      raftlog.NodeID
	leader    raftlog.NodeID
	commit    raftlog.Index
	floor     raftlog.Mark
	last      raftlog.Mark
	confirmed Epoch
	handed    raftlog.OperationNumber
	done      raftlog.OperationNumber
	// snapshot is the index of the snapshot in force, newest that of the newest one decided.
	snapshot raftlog.Index
	newest   raftlog.Index
}

// Observe takes down what Follows compares.
func (r *Raft) Observe() Observation {
	return Observation{
		role:      r.role,
		term:      r.term,
		vote:      r.vote,
		leader:    r.leader,
		commit:    r.commit,
		floor:     r.log.floor,
		last:      r.log.last(),
		confirmed: r.confirmed,
		handed:    r.disk.handed.number,
		done:      r.disk.done.number,
		snapshot:  r.disk.done.snapshot.IndexOrZero(),
		newest:    r.newestSnapshot().IndexOrZero(),
	}
}

// Follows checks that a node can have come from before to o in one boot: what never goes back did not, and what is
// settled for a term stayed. It returns all violations, joined.
func (o Observation) Follows(before Observation) error {
	var c complaints
	sameTerm := o.term == before.term
	c.that(o.term >= before.term, "the term fell from %d to %d", before.term, o.term)
	c.that(!sameTerm || before.vote == 0 || o.vote == before.vote, "the vote of term %d changed from %d to %d", o.term,
		before.vote, o.vote)
	c.that(!sameTerm || before.leader == 0 || o.leader == 0 || o.leader == before.leader,
		"term %d had leader %d and has %d", o.term, before.leader, o.leader)
	c.that(o.commit >= before.commit, "the commit index fell from %d to %d", before.commit, o.commit)
	c.that(o.floor.Index >= before.floor.Index, "the floor fell from %v to %v", before.floor, o.floor)
	leads := sameTerm && o.role == Leader && before.role == Leader
	c.that(!leads || o.last.Index >= before.last.Index, "a leader's log shrank from %v to %v", before.last, o.last)
	c.that(!leads || o.confirmed >= before.confirmed, "the confirmed epoch fell from %d to %d", before.confirmed,
		o.confirmed)
	c.that(o.snapshot >= before.snapshot && o.newest >= before.newest,
		"the snapshot in force fell from %d to %d, the newest from %d to %d", before.snapshot, o.snapshot, before.newest,
		o.newest)
	c.that(o.handed >= before.handed && o.done >= before.done, "operations were numbered backwards")
	return c.joined()
}

// Check checks that the node's state makes sense by itself. It returns all violations, joined.
func (r *Raft) Check() error {
	var c complaints
	last := r.log.last()
	c.that(last.Term <= r.term, "the log ends at %v, after term %d", last, r.term)
	c.that(r.commit <= last.Index, "commit index %d, the log ends at %v", r.commit, last)
	c.that(r.log.floor.Index <= r.commit, "floor %v above commit index %d", r.log.floor, r.commit)
	c.that(r.log.written <= r.commit, "history up to %d, commit index %d", r.log.written, r.commit)
	c.that(r.proven <= last.Index, "proven up to %d, the log ends at %v", r.proven, last)
	c.that(r.disk.done.last <= r.disk.handed.last, "durable up to %d, handed out up to %d", r.disk.done.last,
		r.disk.handed.last)
	c.that(r.disk.handed.last <= last.Index, "handed out up to %d, the log ends at %v", r.disk.handed.last, last)
	r.checkSnapshots(&c)
	r.checkLog(&c)
	r.checkMembership(&c)
	r.checkRole(&c)
	return c.joined()
}

func (r *Raft) checkSnapshots(c *complaints) {
	newest := r.newestSnapshot().IndexOrZero()
	c.that(newest <= r.commit, "a snapshot at %d, commit index %d", newest, r.commit)
	c.that(r.disk.done.snapshot.IndexOrZero() <= newest,
		"snapshot %d is in force, the newest one decided is %d", r.disk.done.snapshot.IndexOrZero(),
		newest)
	for _, f := range r.disk.flying {
		c.that(f.retained == nil || f.retained.Index < f.snapshot.IndexOrZero(),
			"operation %d: snapshot %d retains a later one",
			f.number, f.snapshot.IndexOrZero())
	}
}

func (r *Raft) checkLog(c *complaints) {
	previous := r.log.floor
	bytes := 0
	for i := range r.log.entries {
		e := &r.log.entries[i]
		c.that(e.Index == previous.Index+1 && e.Term >= previous.Term, "entry %v follows %v", e.Mark(), previous)
		previous = e.Mark()
		bytes += e.Size()
	}
	c.that(bytes == r.log.writtenBytes+r.log.unwrittenBytes, "the window holds %d bytes and counts %d + %d", bytes,
		r.log.writtenBytes, r.log.unwrittenBytes)
	c.that(r.log.writtenBytes <= r.log.retainBytes, "%d written bytes are retained, the limit is %d",
		r.log.writtenBytes, r.log.retainBytes)
}

// checkMembership recomputes what membership remembers from the entries in memory.
func (r *Raft) checkMembership(c *complaints) {
	list := r.membership.list
	for len(list) > 0 && list[0].index <= r.log.floor.Index {
		list = list[1:]
	}
	c.that(len(r.membership.list)-len(list) <= 1, "more than one configuration below the floor")
	for i := range r.log.entries {
		e := &r.log.entries[i]
		if !e.Kind.Traits().Configures {
			continue
		}
		if len(list) == 0 || list[0].index != e.Index || list[0].sum != e.CRC {
			c.that(false, "the configuration at %d is not in the list", e.Index)
			return
		}
		list = list[1:]
	}
	c.that(len(list) == 0, "the list has configurations that the log has not")
}

func (r *Raft) checkRole(c *complaints) {
	c.that((r.role == Leader) == (r.leader == r.options.ID), "%v of term %d names leader %d", r.role, r.term, r.leader)
	c.that(r.role == Leader || r.noOp == 0 && r.peers == nil, "%v has a leader's state", r.role)
	if r.role == Candidate || r.role == Leader {
		c.that(r.vote == r.options.ID, "%v of term %d voted for %d", r.role, r.term, r.vote)
	}
	if r.role != Leader {
		return
	}
	c.that(r.confirmed <= r.epoch, "confirmed epoch %d, the newest is %d", r.confirmed, r.epoch)
	for _, p := range r.peers {
		c.that(p.match < p.next && p.next <= r.log.last().Index+1, "node %d: match %d, next %d", p.id, p.match, p.next)
		c.that(len(p.inflight) <= r.options.MaxInflightMessages, "node %d: %d messages in flight", p.id, len(p.inflight))
		awaits := p.state != Snapshot || len(p.inflight) == 0 && p.snapshot != nil && p.snapshot.Index > p.match
		c.that(awaits, "node %d: match %d, and waits for snapshot %d", p.id, p.match, p.snapshot.IndexOrZero())
		c.that(p.notified <= r.commit, "node %d was notified of commit %d of %d", p.id, p.notified, r.commit)
	}
}

// complaints collects violations.
type complaints struct{ list []error }

func (c *complaints) that(holds bool, format string, args ...any) {
	if !holds {
		c.list = append(c.list, fmt.Errorf("raft: "+format, args...))
	}
}

func (c *complaints) joined() error { return errors.Join(c.list...) }
