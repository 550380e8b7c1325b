package raft

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Errors of ProposeConfiguration.
var (
	// ErrNotLeader means that this node does not lead, or is handing leadership over.
	ErrNotLeader = errors.New("not the leader")
	// ErrTooEarly means that the leader has not yet committed an entry of its own term. Without that rule two leaders
	// could each change the membership they started from, and end with majorities that do not meet.
	ErrTooEarly = errors.New("the leader has not committed an entry of its term yet")
)

// configured is a configuration and the index of the entry that put it in force.
type configured struct {
	index         raftlog.Index
	configuration *membership.Configuration
	// sum is the CRC of the entry, by which the checks recognise it; 0 where there is no entry.
	sum uint32
}

// membership holds the configurations of the log: the newest one at or below the floor, and all above. The last one is
// in force, committed or not (thesis section 4.1); a truncation puts its predecessor back in force. The list is empty
// on a blank node.
type configurations struct{ list []configured }

func (m *configurations) newest() configured {
	if len(m.list) == 0 {
		return configured{}
	}
	return m.list[len(m.list)-1]
}

// at is the newest configuration at or below an index.
func (m *configurations) at(i raftlog.Index) configured {
	for k := len(m.list) - 1; k >= 0; k-- {
		if m.list[k].index <= i {
			return m.list[k]
		}
	}
	return configured{}
}

// add notes the configurations among new entries.
func (m *configurations) add(entries []raftlog.Entry) {
	for i := range entries {
		e := &entries[i]
		if !e.Kind.Traits().Configures {
			continue
		}
		c, err := membership.Decode(e.Body)
		if err != nil {
			panic(fmt.Sprintf("raft: entry %d: %v", e.Index, err)) // the caller checks what comes from outside
		}
		m.list = append(m.list, configured{e.Index, c, e.CRC})
	}
}

// truncate rolls back the configurations from index from on.
func (m *configurations) truncate(from raftlog.Index) {
	for len(m.list) > 0 && m.newest().index >= from && !guard.Down(guard.ConfigurationRolledBack) {
		m.list = m.list[:len(m.list)-1]
	}
}

// forgetBelow drops the configurations that no roll-back can reach.
func (m *configurations) forgetBelow(floor raftlog.Index) {
	for len(m.list) > 1 && m.list[1].index <= floor {
		m.list = slices.Delete(m.list, 0, 1)
	}
}

// nodesFrom lists all nodes that receive the log by a configuration that may be in force: from the newest one at or
// below commit on.
func (m *configurations) nodesFrom(commit raftlog.Index) []raftlog.NodeID {
	var all []raftlog.NodeID
	first := m.at(commit).index
	for _, c := range m.list {
		if c.index >= first {
			all = append(all, c.configuration.Nodes()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inForce is the configuration by which this node decides: the newest of its log, committed or not. If it were the
// newest committed one, a leader could decide by what the others do not know yet:
//
//  1. {1,2,3} becomes {1,4,5}. All of it is committed, as only 1 knows, and 1 commits an entry with 4.
//  2. 2 has the configurations in its log, but not the news that they are committed. It counts by {1,2,3}, is elected
//     by 3, and lacks the entry.
func (r *Raft) inForce() *membership.Configuration {
	if r.down(guard.InForceWhenAppended) {
		return r.membership.at(max(r.commit, 1)).configuration
	}
	return r.membership.newest().configuration
}

// Level is the feature level of the entries that a leader appends now: that of the configuration in force. Every member
// has told that it knows it. With the leader's own level it would go like this:
//
//  1. All nodes are of level 1. Node 2 is replaced by a build of level 2, and is elected.
//  2. It begins its term with an entry of level 2. Nodes 1 and 3 cannot apply that, and end.
func (r *Raft) Level() uint8 {
	if r.down(guard.LevelOfAll) {
		return r.options.Level
	}
	return r.inForce().FeatureLevel()
}

// RaisedAbove finds the entry that raised the feature level in force above another one. committed means that it is
// there to stay, as far as this node knows; the mark is then zero, as it is where the level is no higher.
func (r *Raft) RaisedAbove(level uint8) (raise raftlog.Mark, committed bool) {
	for _, c := range r.membership.list {
		switch {
		case c.configuration.FeatureLevel() <= level:
		case c.index <= r.commit:
			return raftlog.Mark{}, true
		default:
			term, _ := r.log.term(c.index) // it is above the commit index, so it is in memory
			return raftlog.Mark{Term: term, Index: c.index}, false
		}
	}
	return raftlog.Mark{}, false
}

// deciders are the voters of the configuration in force, as quorum wants them.
func (r *Raft) deciders() quorum.Pair[raftlog.NodeID] {
	pair := r.inForce().Pair()
	if r.down(guard.BothHalves) {
		pair.Old = nil
	}
	if r.down(guard.LearnersUncounted) {
		pair.New = r.inForce().Nodes()
	}
	return pair
}

// ProposeConfiguration appends a configuration, which is in force at once. One change happens at a
// time: the newest configuration must be committed, and so must an entry of this leader's own term (thesis section
// 4.1, and the correction of 2015 to it). It has the index of its entry; what c refers to may not be changed
// afterwards. The errors are ErrNotLeader,
// ErrTooEarly, ErrChangeInProgress and ErrInvalidConfiguration; after an error nothing was appended.
func (r *Raft) ProposeConfiguration(c *membership.Configuration) (raftlog.Index, error) {
	newest := r.membership.newest()
	switch {
	case r.role != Leader || r.transferee != 0:
		return 0, ErrNotLeader
	case r.commit < r.noOp && !r.down(guard.OwnTermBeforeChange):
		return 0, ErrTooEarly
	case newest.index > r.commit && !r.down(guard.OneChange):
		return 0, membership.ErrChangeInProgress
	}
	if err := c.MayFollow(newest.configuration); err != nil && !r.down(guard.JointWhenVotersChange) {
		return 0, err
	}
	named := *c
	c, named.Index = &named, r.log.last().Index+1
	e := r.newEntry(raftlog.EntryConfiguration, raftlog.Tag{}, membership.Encode(c))
	e.Level = max(e.Level, c.FeatureLevel()) // the entry that raises the level is of the new one
	r.appendOwn(e)
	r.membership.list = append(r.membership.list, configured{e.Index, c, r.log.at(e.Index).CRC})
	r.arrangePeers()
	r.endLease()
	r.confirm()
	return e.Index, nil
}

// mayCampaign reports whether this node may stand for election: it is a voter of a configuration that may be the one in
// force, from the newest that it knows to be committed on. A node that its newest configuration leaves out goes on
// until it knows that entry committed: it may be the only node with that entry and an up-to-date log (S24). Learners
// never campaign.
func (r *Raft) mayCampaign() bool {
	if r.down(guard.LearnersNeverCampaign) {
		return true
	}
	first := r.membership.at(r.commit).index
	for _, c := range r.membership.list {
		if c.index >= first && c.configuration.Votes(r.options.ID) {
			return true
		}
	}
	return false
}
