package raft

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
)

// Errors of ProposeConfiguration.
var (
	// ErrNotLeader means that this node does not lead, or is handing leadership over.
	ErrNotLeader = errors.New("not the leader")
	// ErrTooEarly means that the leader has not yet committed an entry of its own term. Without that rule two leaders
	// could each change the membership they started from, and end with majorities that do not meet.
	ErrTooEarly = errors.New("the leader has not committed an entry of its term yet")
	// ErrChangeInProgress means that the newest configuration is not committed yet, or is joint and only its end may
	// follow.
	ErrChangeInProgress = errors.New("a membership change is in progress")
	// ErrInvalidConfiguration means that the configuration cannot follow the present one.
	ErrInvalidConfiguration = errors.New("invalid configuration")
)

// configured is a configuration and the index of the entry that put it in force.
type configured struct {
	index         Index
	configuration *Configuration
}

// membership holds the configurations of the log: the newest one at or below the floor, and all above. The last one is
// in force, committed or not (thesis section 4.1); a truncation puts its predecessor back in force. The list is empty
// on a blank node.
type membership struct{ list []configured }

func (m *membership) newest() configured {
	if len(m.list) == 0 {
		return configured{}
	}
	return m.list[len(m.list)-1]
}

// at is the newest configuration at or below an index.
func (m *membership) at(i Index) configured {
	for k := len(m.list) - 1; k >= 0; k-- {
		if m.list[k].index <= i {
			return m.list[k]
		}
	}
	return configured{}
}

// add notes the configurations among new entries.
func (m *membership) add(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != EntryConfiguration {
			continue
		}
		if e.Configuration == nil {
			panic(fmt.Sprintf("raft: entry %d carries a configuration that was not decoded", e.Index))
		}
		m.list = append(m.list, configured{e.Index, e.Configuration})
	}
}

// truncate rolls back the configurations from index from on.
func (m *membership) truncate(from Index) {
	for len(m.list) > 0 && m.newest().index >= from {
		m.list = m.list[:len(m.list)-1]
	}
}

// forgetBelow drops the configurations that no roll-back can reach.
func (m *membership) forgetBelow(floor Index) {
	for len(m.list) > 1 && m.list[1].index <= floor {
		m.list = slices.Delete(m.list, 0, 1)
	}
}

// nodesFrom lists everyone who receives the log by a configuration that may be the one in force, from the newest at or
// below commit on.
func (m *membership) nodesFrom(commit Index) []NodeID {
	var all []NodeID
	first := m.at(commit).index
	for _, c := range m.list {
		if c.index >= first {
			all = append(all, c.configuration.nodes()...)
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
func (r *Raft) inForce() *Configuration {
	if r.down(guard.InForceWhenAppended) {
		return r.membership.at(max(r.commit, 1)).configuration
	}
	return r.membership.newest().configuration
}

// deciders are the voters of the configuration in force, as quorum wants them.
func (r *Raft) deciders() quorum.Pair[NodeID] {
	pair := r.inForce().pair()
	if r.down(guard.BothHalves) {
		pair.Old = nil
	}
	if r.down(guard.LearnersUncounted) {
		pair.New = r.inForce().nodes()
	}
	return pair
}

// pair is the configuration as quorum wants it; a nil configuration decides nothing.
func (c *Configuration) pair() quorum.Pair[NodeID] {
	if c == nil {
		return quorum.Pair[NodeID]{}
	}
	return quorum.Pair[NodeID]{New: c.Voters, Old: c.Outgoing}
}

// Votes reports whether the node is a voter, in either half of a joint configuration. It may be called on nil.
func (c *Configuration) Votes(id NodeID) bool {
	return c != nil && (slices.Contains(c.Voters, id) || slices.Contains(c.Outgoing, id))
}

// Includes reports whether the node is a voter or a learner. It may be called on nil.
func (c *Configuration) Includes(id NodeID) bool {
	return c != nil && (c.Votes(id) || slices.Contains(c.Learners, id))
}

// nodes lists everyone who receives the log, once each, in order.
func (c *Configuration) nodes() []NodeID {
	if c == nil {
		return nil
	}
	all := slices.Concat(c.Voters, c.Outgoing, c.Learners)
	slices.Sort(all)
	return slices.Compact(all)
}

// mayFollow reports whether c may replace the configuration in force: voters change only by way of a joint
// configuration (thesis section 4.3), and a joint one is followed by its own end.
func (c *Configuration) mayFollow(current *Configuration) error {
	if err := c.coherent(); err != nil {
		return err
	}
	switch {
	case c.ClusterID != current.ClusterID || c.HashSeed != current.HashSeed:
		return fmt.Errorf("%w: it is another cluster's", ErrInvalidConfiguration)
	case c.NextID < current.NextID:
		return fmt.Errorf("%w: ids would be used again", ErrInvalidConfiguration)
	case current.Joint():
		if c.Joint() || !sameNodes(c.Voters, current.Voters) {
			return fmt.Errorf("%w: the present one is joint", ErrChangeInProgress)
		}
	case c.Joint():
		if !sameNodes(c.Outgoing, current.Voters) {
			return fmt.Errorf("%w: its old half is not the present voters", ErrInvalidConfiguration)
		}
	case !sameNodes(c.Voters, current.Voters):
		return fmt.Errorf("%w: voters change only through a joint configuration", ErrInvalidConfiguration)
	}
	return nil
}

// coherent reports whether c makes sense by itself.
func (c *Configuration) coherent() error {
	switch {
	case len(c.Voters) == 0:
		return fmt.Errorf("%w: it has no voters", ErrInvalidConfiguration)
	case slices.ContainsFunc(c.Learners, c.Votes):
		return fmt.Errorf("%w: a node is voter and learner", ErrInvalidConfiguration)
	case slices.ContainsFunc([][]NodeID{c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire}, repeats):
		return fmt.Errorf("%w: a node is named twice", ErrInvalidConfiguration)
	case c.Joint() && c.intends():
		return fmt.Errorf("%w: a joint one intends no other change", ErrInvalidConfiguration)
	case len(without(c.Promote, c.Learners)) > 0:
		return fmt.Errorf("%w: only learners are promoted", ErrInvalidConfiguration)
	case len(without(c.Retire, c.Voters)) > 0:
		return fmt.Errorf("%w: only voters retire", ErrInvalidConfiguration)
	case len(c.Voters)+len(c.Promote) == len(c.Retire):
		return fmt.Errorf("%w: no voters would remain", ErrInvalidConfiguration)
	}
	return nil
}

func repeats(ids []NodeID) bool {
	sorted := slices.Sorted(slices.Values(ids))
	return len(slices.Compact(sorted)) != len(ids)
}

func sameNodes(a, b []NodeID) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// ProposeConfiguration appends a configuration, encoded in body, which is in force at once. One change happens at a
// time: the newest configuration must be committed, and so must an entry of this leader's own term (thesis section
// 4.1, and the correction of 2015 to it). Neither c nor body may be changed afterwards. The errors are ErrNotLeader,
// ErrTooEarly, ErrChangeInProgress and ErrInvalidConfiguration; after an error nothing was appended.
func (r *Raft) ProposeConfiguration(c *Configuration, body []byte) (Index, error) {
	newest := r.membership.newest()
	switch {
	case r.role != Leader || r.transferee != 0:
		return 0, ErrNotLeader
	case r.commit < r.noOp:
		return 0, ErrTooEarly
	case newest.index > r.commit && !r.down(guard.OneChange):
		return 0, ErrChangeInProgress
	}
	if err := c.mayFollow(newest.configuration); err != nil {
		return 0, err
	}
	e := r.newEntry(EntryConfiguration, r.options.Level, Tag{}, body)
	e.Configuration = c
	r.appendOwn([]Entry{e})
	r.membership.add([]Entry{e})
	r.arrangePeers()
	r.confirm()
	return e.Index, nil
}

// mayCampaign reports whether this node may stand for election: it is a voter of a configuration that may be the one in
// force, from the newest that it knows to be committed on. A node that its newest configuration leaves out goes on
// until it knows that entry committed: it may be the only one who has it and an up-to-date log (S24). Learners never
// campaign.
func (r *Raft) mayCampaign() bool {
	first := r.membership.at(r.commit).index
	for _, c := range r.membership.list {
		if c.index >= first && c.configuration.Votes(r.options.ID) {
			return true
		}
	}
	return false
}
