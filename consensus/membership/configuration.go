package membership

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/consensus/quorum"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Why a configuration cannot follow the present one.
var (
	// ErrChangeInProgress means that the newest configuration is not committed yet, or is joint and only its end may
	// follow.
	ErrChangeInProgress = errors.New("a membership change is in progress")
	// ErrInvalidConfiguration means that the configuration cannot follow the present one.
	ErrInvalidConfiguration = errors.New("invalid configuration")
)

// Member is what the configuration knows of a node besides its vote. Raft itself reads only ID.
type Member struct {
	// ID is allotted once and never reused.
	ID raftlog.NodeID
	// Incarnation is drawn by each data directory: a wiped disk under an old id is another incarnation.
	Incarnation uint64
	// Address is host:port for other nodes. It identifies nothing.
	Address string
	// Attributes are the host's own description of the node, at most MaxAttributesBytes. Only the host reads them.
	Attributes []byte
}

// MaxAttributesBytes bounds Member.Attributes.
const MaxAttributesBytes = 1 << 10

// Alike reports whether two descriptions of a member agree in what may change: address and attributes.
func (m *Member) Alike(other *Member) bool {
	return m.Address == other.Address && bytes.Equal(m.Attributes, other.Attributes)
}

// Configuration is the membership that an entry puts in force, and the facts of the cluster that every entry of its
// kind repeats. It is a value: once in an entry it is never changed.
type Configuration struct {
	// ClusterID is drawn when the cluster is made; messages of another cluster are refused.
	ClusterID uint64
	// HashSeed is drawn with it and seeds the state machine's hashing on all nodes alike.
	HashSeed uint64
	// NextID is the id that the next new member gets.
	NextID raftlog.NodeID
	// Level is the feature level of the cluster; 0 stands for the first one. See FeatureLevel.
	Level uint8
	// Index is that of the entry that puts the configuration in force: its name on all nodes, also on one that knows it
	// from a snapshot. Raft sets it when it appends the entry; until then it is that of the configuration before.
	Index raftlog.Index
	// Members describes all nodes named below, in order of ID.
	Members []Member
	// Voters are the voters; in a joint configuration, those of its new half.
	Voters []raftlog.NodeID
	// Outgoing are the voters of the old half of a joint configuration; empty otherwise (thesis section 4.3).
	Outgoing []raftlog.NodeID
	// Learners receive the log and do not vote.
	Learners []raftlog.NodeID
	// Promote names learners that become voters, all in one step, when all of them have caught up. Retire names voters
	// that cease to be voters in the same step; it comes at once if no node is to be promoted. Both are part of the
	// log, so a new leader carries the intent on. A joint configuration has neither: it is the step.
	Promote []raftlog.NodeID
	Retire  []raftlog.NodeID
	// Fresh names voters that formed the cluster and of which no leader knows yet that they have a log: see HasLog.
	Fresh []raftlog.NodeID
	// Sections are encoded sections that this build does not know and may skip (see package section). Every
	// configuration that is made of this one carries them on.
	Sections []byte
}

// FeatureLevel is the level of what nodes may write while the configuration is in force. It never falls from one
// configuration to the next. It may be called on nil.
func (c *Configuration) FeatureLevel() uint8 {
	if c == nil {
		return raftlog.FirstLevel
	}
	return max(c.Level, raftlog.FirstLevel)
}

// Raised is the configuration at a higher level, with everything else as it is.
func (c *Configuration) Raised(level uint8) *Configuration {
	raised := *c
	raised.Level = level
	return &raised
}

// Joint reports whether the configuration is joint: decisions then need a majority of Voters and one of Outgoing.
func (c *Configuration) Joint() bool { return len(c.Outgoing) > 0 }

// Pair is the configuration as quorum wants it; a nil configuration decides nothing.
func (c *Configuration) Pair() quorum.Pair[raftlog.NodeID] {
	if c == nil {
		return quorum.Pair[raftlog.NodeID]{}
	}
	return quorum.Pair[raftlog.NodeID]{New: c.Voters, Old: c.Outgoing}
}

// Votes reports whether the node is a voter, in either half of a joint configuration. It may be called on nil.
func (c *Configuration) Votes(id raftlog.NodeID) bool {
	return c != nil && (slices.Contains(c.Voters, id) || slices.Contains(c.Outgoing, id))
}

// Includes reports whether the node is a voter or a learner. It may be called on nil.
func (c *Configuration) Includes(id raftlog.NodeID) bool {
	return c != nil && (c.Votes(id) || slices.Contains(c.Learners, id))
}

// HasLog reports whether the cluster knows that a node has entries on its disk: it votes, and it was caught up when it
// became a voter, or a leader has had an acknowledgement of it since it formed the cluster with others. A node of which
// that is known and whose directory is blank, or whose log is empty, has lost what it promised, and must not vote. It
// may be called on nil.
func (c *Configuration) HasLog(id raftlog.NodeID) bool {
	return c.Votes(id) && !slices.Contains(c.Fresh, id)
}

// Nodes lists all nodes that receive the log, once each, in order.
func (c *Configuration) Nodes() []raftlog.NodeID {
	if c == nil {
		return nil
	}
	all := slices.Concat(c.Voters, c.Outgoing, c.Learners)
	slices.Sort(all)
	return slices.Compact(all)
}

// IsAlone reports whether only one node receives the log.
func (c *Configuration) IsAlone() bool {
	return c != nil && len(c.Voters) == 1 && len(c.Outgoing)+len(c.Learners) == 0
}

// MayFollow reports whether c may replace the configuration in force: voters change only by way of a joint
// configuration (thesis section 4.3), and a joint one is followed by its own end.
func (c *Configuration) MayFollow(current *Configuration) error {
	if err := c.coherent(); err != nil {
		return err
	}
	switch {
	case c.ClusterID != current.ClusterID || c.HashSeed != current.HashSeed:
		return fmt.Errorf("%w: it is another cluster's", ErrInvalidConfiguration)
	case c.NextID < current.NextID:
		return fmt.Errorf("%w: ids would be used again", ErrInvalidConfiguration)
	case len(without(c.Fresh, current.Fresh)) > 0:
		return fmt.Errorf("%w: a node would lose its log", ErrInvalidConfiguration)
	case c.FeatureLevel() < current.FeatureLevel() && !guard.Down(guard.LevelNeverFalls):
		return fmt.Errorf("%w: the feature level would fall", ErrInvalidConfiguration)
	case current.Joint():
		if c.Joint() || !sameNodes(c.Voters, current.Voters) {
			return fmt.Errorf("%w: the present one is joint", ErrChangeInProgress)
		}
	case c.Joint():
		if !sameNodes(c.Outgoing, current.Voters) {
			return fmt.Errorf("%w: its old half is not the present voters", ErrInvalidConfiguration)
		}
	case !sameNodes(c.Voters, current.Voters) && !guard.Down(guard.JointWhenVotersChange):
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
	case slices.ContainsFunc([][]raftlog.NodeID{c.Voters, c.Outgoing, c.Learners, c.Promote, c.Retire, c.Fresh}, repeats):
		return fmt.Errorf("%w: a node is named twice", ErrInvalidConfiguration)
	case c.Joint() && c.Intends():
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

func repeats(ids []raftlog.NodeID) bool {
	sorted := slices.Sorted(slices.Values(ids))
	return len(slices.Compact(sorted)) != len(ids)
}

func sameNodes(a, b []raftlog.NodeID) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Intends reports whether voters are to be exchanged.
func (c *Configuration) Intends() bool { return len(c.Promote)+len(c.Retire) > 0 }

// Exchange is the joint configuration that carries an intent out. Voters that retire vote in its old half and are no
// members of what follows.
func (c *Configuration) Exchange() *Configuration {
	joint := *c
	joint.Outgoing = c.Voters
	joint.Voters = slices.Concat(without(c.Voters, c.Retire), c.Promote)
	joint.Learners = without(c.Learners, c.Promote)
	joint.Promote, joint.Retire = nil, nil
	return &joint
}

// Final is the configuration that ends a joint one: its new half alone.
func (c *Configuration) Final() *Configuration {
	final := *c
	final.Outgoing = nil
	final.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m Member) bool { return !final.Includes(m.ID) })
	final.Fresh = slices.DeleteFunc(slices.Clone(c.Fresh), func(id raftlog.NodeID) bool { return !final.Includes(id) })
	return &final
}

func without(ids, gone []raftlog.NodeID) []raftlog.NodeID {
	return slices.DeleteFunc(slices.Clone(ids), func(id raftlog.NodeID) bool { return slices.Contains(gone, id) })
}

// String names voters, and what else there is.
func (c *Configuration) String() string {
	text := fmt.Sprintf("voters=%d", c.Voters)
	if c.Joint() {
		text += fmt.Sprintf(" outgoing=%d", c.Outgoing)
	}
	if len(c.Learners) > 0 {
		text += fmt.Sprintf(" learners=%d", c.Learners)
	}
	if len(c.Promote) > 0 {
		text += fmt.Sprintf(" promote=%d", c.Promote)
	}
	if len(c.Retire) > 0 {
		text += fmt.Sprintf(" retire=%d", c.Retire)
	}
	if len(c.Fresh) > 0 {
		text += fmt.Sprintf(" fresh=%d", c.Fresh)
	}
	if c.FeatureLevel() > raftlog.FirstLevel {
		text += fmt.Sprintf(" level=%d", c.Level)
	}
	return text
}
