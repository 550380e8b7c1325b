package engine

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// presence is the list of voters that count as down. Clients are shown the cluster without them, and every node should
// show the same: so the leader decides and tells the others.
//
//	heard within AbsentTicks         silent for AbsentTicks
//	    present ──────────────────────────────► absent ◄──┐
//	       ▲                                      │ heard │ silent again
//	       └── holds what was committed then ── returning ┘
//	           and was heard for AbsentTicks
//
// A voter that is heard again is not shown at once. Its state is as old as its absence, so commands on it would wait
// until it has caught up. And client libraries remember refusals: go-redis answers with the last refusal of a node for
// a second, so a client that is shown the node meanwhile gets an error. So a voter is shown again after it was heard
// for AbsentTicks; one that comes and goes is not shown.
//
// The list is not durable, and the log does not depend on it: a wrong list costs clients a detour. The leader sends it
// at each change, to each node that connects, and again every election timeout, because messages are lost. A new leader
// begins with the list that it heard last, so a failover changes nothing for voters that were up.
type presence struct {
	// term and number say which list this is: number rises with every change within the leader's term.
	term   raftlog.Term
	number uint64
	// absent is replaced as a whole, never changed.
	absent []raftlog.NodeID

	// What follows is a leader's. since is the tick at which it began to observe, notified the tick at which it last told
	// all members.
	since    uint64
	notified uint64
	// returning are the absent voters that are heard again.
	returning map[raftlog.NodeID]comeback
	// owed are peers that a connection was made to in this turn.
	owed []raftlog.NodeID

	// followers is what Status shows of a leader's peers, observed the tick at which they were looked at.
	followers []raft.FollowerStatus
	observed  uint64
	// observation counts the changes of absent and followers.
	observation uint64
}

// comeback is what an absent voter must do to be present again.
type comeback struct {
	// needed is the last index that it must hold, since the tick at which it was heard again.
	needed raftlog.Index
	since  uint64
}

// observeTicks is how often a leader looks at its followers.
const observeTicks = 10

// owe notes that a peer may have missed the list.
func (p *presence) owe(id raftlog.NodeID) { p.owed = append(p.owed, id) }

// observe lets a leader update the list and send it. On other nodes it only forgets what a leader knows.
func (e *Engine) observe() {
	p := &e.presence
	switch {
	case !e.leads():
		if p.followers != nil {
			p.followers = nil
			p.observation++
		}
	case p.term != e.core.Term():
		e.beginPresence()
	case e.tick-p.observed >= observeTicks:
		e.updateAbsent()
	default:
		for _, id := range p.owed {
			e.tellPresence(id)
		}
	}
	p.owed = p.owed[:0]
}

// beginPresence makes a new leader's first list: the one it heard last, without itself and without nodes that are no
// longer voters. The silence of all voters counts from now.
func (e *Engine) beginPresence() {
	p := &e.presence
	voters := e.core.Configuration()
	absent := slices.DeleteFunc(slices.Clone(p.absent), func(id raftlog.NodeID) bool {
		return id == e.options.ID || !voters.Votes(id)
	})
	p.term, p.number, p.absent = e.core.Term(), 0, absent
	p.since, p.observed = e.tick, e.tick
	p.returning = map[raftlog.NodeID]comeback{}
	p.followers = e.core.Status().Followers
	e.tellAll()
}

// updateAbsent looks at the followers. It sends the list if it changed, or if it was sent long ago.
func (e *Engine) updateAbsent() {
	p := &e.presence
	p.observed = e.tick
	p.followers = e.core.Status().Followers
	p.observation++
	e.confirm(p.followers)
	var absent []raftlog.NodeID
	for i := range p.followers {
		if f := &p.followers[i]; f.Voter && e.isAbsent(f) {
			absent = append(absent, f.ID)
		}
	}
	switch {
	case !slices.Equal(absent, p.absent):
		p.absent = absent
		e.tellAll()
	case e.tick-p.notified >= uint64(e.options.ElectionTicks):
		e.tellMembers()
	default:
		for _, id := range p.owed {
			e.tellPresence(id)
		}
	}
}

// isAbsent decides about one voter.
func (e *Engine) isAbsent(f *raft.FollowerStatus) bool {
	p := &e.presence
	silent := f.SilentTicks >= e.options.AbsentTicks || e.isQuarantined(f.ID)
	if !slices.Contains(p.absent, f.ID) {
		return silent
	}
	if heard := uint64(f.SilentTicks) < e.tick-p.since; silent || !heard {
		delete(p.returning, f.ID)
		return true
	}
	back, ok := p.returning[f.ID]
	if !ok {
		back = comeback{needed: e.core.Commit(), since: e.tick}
		p.returning[f.ID] = back
	}
	if f.Match < back.needed || e.tick-back.since < uint64(e.options.AbsentTicks) {
		return true
	}
	delete(p.returning, f.ID)
	return false
}

// tellAll sends a new list to all members.
func (e *Engine) tellAll() {
	e.presence.number++
	e.presence.observation++
	e.tellMembers()
}

func (e *Engine) tellMembers() {
	e.presence.notified = e.tick
	members := e.core.Configuration().Members
	for i := range members {
		if id := members[i].ID; id != e.options.ID {
			e.tellPresence(id)
		}
	}
}

func (e *Engine) tellPresence(to raftlog.NodeID) {
	p := &e.presence
	e.send(Message{
		Own: Presence, Message: raft.Message{To: to, Term: p.term}, Request: p.number, Absent: p.absent,
		Confirmed: e.confirmed,
	})
}

// takePresence takes the list of this term's leader, unless this node has a newer one.
func (e *Engine) takePresence(m *Message) {
	p := &e.presence
	if m.Term != e.core.Term() || e.leads() {
		return
	}
	e.hearConfirmed(m.Confirmed)
	if m.Term == p.term && m.Request <= p.number {
		return
	}
	p.term, p.number = m.Term, m.Request
	if !slices.Equal(p.absent, m.Absent) {
		p.absent = m.Absent
		p.observation++
	}
}
