package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// levels is what a node knows of the feature levels of the other ones. Each handshake tells it, in both directions,
// before any message can go to that process. The leader raises the cluster's level when all members know a higher one;
// docs/decisions/0043 has the rules, case by case.
type levels struct {
	known map[raftlog.NodeID]knownLevel
	// target is the level that all members know, as a leader sees it; since is the tick from which that has been so.
	target uint8
	since  uint64
	// behind are the nodes that told a lower level than checked, which is the one in force; sorted.
	behind  []raftlog.NodeID
	checked uint8
}

// knownLevel is what a process said of itself: the process by the directory and the ordinal of its start.
type knownLevel struct {
	incarnation, start uint64
	level              uint8
}

// ErrLevel means that a node runs a build of a lower feature level than the cluster's.
var ErrLevel = errors.New("the node's build is too old for this cluster")

// raiseAbsences is for how many times AbsentTicks all members must know a level before it is raised: a node that does
// not come up with its new build, or is set back at once, is noticed before that.
const raiseAbsences = 2

// CheckLevels refuses entries that need a higher level than is known, wherever they come from: applying one without
// knowing what it means would make this node's state differ from the others'.
func CheckLevels(entries []raftlog.Entry, known uint8) error {
	for i := range entries {
		if e := &entries[i]; e.Level > known {
			return raftlog.LevelError(fmt.Sprintf("entry %s", e.Mark()), e.Level, known)
		}
	}
	return nil
}

// noteLevel remembers what a node says of its level, unless a later process of the node has spoken.
func (e *Engine) noteLevel(a *Arrival) {
	l := &e.levels
	before, known := l.known[a.From]
	if known && before.incarnation == a.Incarnation && e.isEarlier(a, before.start) {
		return
	}
	if !known && len(l.known) >= 2*membership.MaxMembers {
		maps.DeleteFunc(l.known, func(id raftlog.NodeID, _ knownLevel) bool { return !e.isMember(id) })
	}
	l.known[a.From] = knownLevel{a.Incarnation, a.Start, max(a.Level, raftlog.FirstLevel)}
	l.checked = 0 // behind is another one, perhaps
	e.presence.observation++
}

// checkLevel refuses a node that could not read what this one sends, unless it proves that the level was never raised.
func (e *Engine) checkLevel(a *Arrival) error {
	inForce := e.core.Configuration().FeatureLevel()
	known := max(a.Level, raftlog.FirstLevel)
	if known >= inForce || e.outlivedRaise(a, known) || e.options.Weakened.Down(guard.LevelAtDoor) {
		return nil
	}
	return fmt.Errorf("%w: node %d knows feature level %d, the cluster has raised its own to %d and never lowers it; "+
		"start it with a build of level %d or later, its data stay", ErrLevel, a.From, known, inForce, inForce)
}

// outlivedRaise reports whether an older node proves that the entry which raised the level here is not committed: its
// log goes on in a later term. The leader of that term had all that is committed. So if the raise was, it would be in
// the log of this older node, which cannot read it. Without that:
//
//  1. All are of level 2. Node 2 leads, appends the raise, and dies before another node has it.
//  2. The others are set back to level 1, elect one of them, and go on.
//  3. Node 2 is back with its disk. It refuses all others, so that no leader can take the raise away from it.
//
// Until that leader does, this node still sends an older one nothing of its log: withhold.
func (e *Engine) outlivedRaise(a *Arrival, known uint8) bool {
	raise, committed := e.core.RaisedAbove(known)
	return !committed && a.DurableTerm > raise.Term
}

// raiseLevel lets a leader raise the level of the cluster, when all members have known a higher one for a while.
func (e *Engine) raiseLevel() {
	l, c := &e.levels, e.core.Configuration()
	if !e.leads() || c.FeatureLevel() >= e.options.Level {
		l.target = 0
		return
	}
	if target := e.commonLevel(c); target != l.target {
		l.target, l.since = target, e.tick
	}
	switch {
	case l.target <= c.FeatureLevel() || e.tick-l.since < raiseAbsences*uint64(e.options.AbsentTicks):
	case c.Joint() || e.core.Commit() < max(e.core.NoOp(), e.core.ConfigurationIndex()):
		// soon
	default:
		_, err := e.core.ProposeConfiguration(c.Raised(l.target))
		if err != nil && !errors.Is(err, raft.ErrNotLeader) { // it hands over, and the next leader raises the level
			panic(fmt.Sprintf("engine: a configuration that differs in its level alone is refused: %v", err))
		}
	}
}

// commonLevel is the highest level that this leader and all nodes that receive the log know; 0 while one of them is
// silent. That one may come back with any build.
func (e *Engine) commonLevel(c *membership.Configuration) uint8 {
	common := e.options.Level
	if e.presence.term != e.core.Term() {
		return 0
	}
	served := 0
	for i := range e.presence.followers { // also nodes that leave
		f := &e.presence.followers[i]
		if f.SilentTicks >= e.options.AbsentTicks && !e.options.Weakened.Down(guard.SilentHoldLevel) {
			return 0
		}
		common = min(common, e.levels.known[f.ID].level)
		if membership.Find(c, f.ID) != nil {
			served++
		}
	}
	for i := range c.Members {
		if c.Members[i].ID == e.options.ID {
			served++
		}
	}
	if served < len(c.Members) {
		return 0
	}
	return common
}

// holding are the members that keep the level of the cluster below this node's, in ascending order: they told a lower
// one, or none since this node started, or the leader does not hear them.
func (e *Engine) holding() []raftlog.NodeID {
	var ids []raftlog.NodeID
	c := e.core.Configuration()
	if c == nil || c.FeatureLevel() >= e.options.Level {
		return nil
	}
	for i := range c.Members {
		id := c.Members[i].ID
		if id != e.options.ID && (e.levels.known[id].level < e.options.Level || e.isSilent(id)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// isSilent reports whether this node leads and does not hear another one.
func (e *Engine) isSilent(id raftlog.NodeID) bool {
	for i := range e.presence.followers {
		if f := &e.presence.followers[i]; f.ID == id {
			return f.SilentTicks >= e.options.AbsentTicks
		}
	}
	return false
}

// withhold drops messages to nodes that told a lower level than is in force, except for those of a follower: they carry
// nothing of the log, and let a leader of a lower level take the raise away if it was lost (outlivedRaise). The door
// refuses such a node otherwise; but it may have come in before this node learned that the level was raised:
//
//  1. All are of level 2. Node 3 is set back to level 1, and connects to node 2 first.
//  2. The leader, node 1, has not noticed yet. It raises the level. Node 2 has the entry.
//  3. Node 1 dies, and node 2 is elected. It would send the entry to node 3.
func (e *Engine) withhold() {
	l := &e.levels
	if inForce := e.core.Configuration().FeatureLevel(); l.checked != inForce {
		l.checked, l.behind = inForce, l.behind[:0]
		for id, known := range l.known {
			if known.level < inForce {
				l.behind = append(l.behind, id)
			}
		}
		slices.Sort(l.behind)
	}
	if len(l.behind) > 0 && !e.options.Weakened.Down(guard.SetBackIsFedNothing) {
		e.out.Messages = slices.DeleteFunc(e.out.Messages, func(m Message) bool {
			return slices.Contains(l.behind, m.To) && !m.isFollowers()
		})
	}
}

// isFollowers reports whether a message is one that nodes send to a leader, or in answer to a candidate.
func (m *Message) isFollowers() bool {
	switch m.Own {
	case 0:
	case Forward, ReadIndex, AskTransfer, Report:
		return true
	default:
		return false
	}
	switch m.Kind {
	case raft.PreVoteReply, raft.VoteReply, raft.AppendReply, raft.HeartbeatReply, raft.InstallReply:
		return true
	}
	return false
}
