package explore

import (
	"github.com/raftredis/raftredis/consensus/raft"
)

// actions lists what can happen in a world, within the bounds.
func (m *machine) actions(w *world, list []action) []action {
	for place, l := range w.wire {
		if m.symmetry.count(w.wire[:place], l) == 0 {
			list = m.withCrash(w, list, newAction(kindDeliver, l.message.To, place))
		}
	}
	for _, n := range w.nodes {
		list = m.ofNode(w, n, list)
		if n.core.Role() == raft.Leader {
			list = m.ofLeader(w, n, list)
		}
	}
	return list
}

// withCrash lists an action, and those that differ in what goes wrong.
func (m *machine) withCrash(w *world, list []action, a action) []action {
	list = append(list, a)
	if a.kind() == kindDeliver {
		if w.left[duplicates] > 0 {
			list = append(list, a|double)
		}
		if w.left[losses] > 0 {
			list = append(list, a|unanswered)
		}
	}
	if m.bounds.PromptDisks > 0 && w.left[crashes] > 0 {
		list = append(list, a|dies)
	}
	return list
}

func (m *machine) ofNode(w *world, n *node, list []action) []action {
	if n.core.Role() != raft.Leader && int(n.core.Term()) < m.bounds.Terms {
		list = m.withCrash(w, list, newAction(kindCampaign, n.id, 0))
	}
	if len(n.flying) > 0 {
		list = append(list, newAction(kindSync, n.id, 0))
	}
	if w.left[crashes] > 0 {
		for k := range len(n.flying) + 1 {
			list = append(list, newAction(kindCrash, n.id, k))
		}
	}
	if n.installing != nil {
		list = m.withCrash(w, list, newAction(kindFile, n.id, 0))
	}
	if w.left[snapshots] > 0 && m.mayTakeSnapshot(n) {
		list = m.withCrash(w, list, newAction(kindSnapshot, n.id, 0))
	}
	return list
}

// mayTakeSnapshot reports whether all that is committed is durable, and more than the last snapshot has.
func (m *machine) mayTakeSnapshot(n *node) bool {
	inForce, _ := n.core.Snapshot()
	i := n.core.Commit()
	return len(n.flying) == 0 && i > inForce.IndexOrZero() && i <= n.core.Durable() && n.installing == nil
}

func (m *machine) ofLeader(w *world, n *node, list []action) []action {
	for _, can := range [...]struct {
		kind   kind
		budget budget
	}{{kindPropose, entries}, {kindRegister, reads}, {kindBeat, beats}, {kindStall, beats}, {kindLonely, resignations}} {
		if w.left[can.budget] > 0 {
			list = m.withCrash(w, list, newAction(can.kind, n.id, 0))
		}
	}
	if w.left[resignations] > 0 && n.core.Status().Transferee != 0 {
		list = append(list, newAction(kindGiveUp, n.id, 0))
	}
	if w.left[changes] > 0 {
		for choice := range successors(n.core.Configuration(), m.bounds.Single > 0) {
			list = m.withCrash(w, list, newAction(kindChange, n.id, choice))
		}
	}
	if w.left[transfers] > 0 {
		for _, other := range w.nodes {
			if other.id != n.id {
				list = append(list, newAction(kindTransfer, n.id, int(other.id)))
			}
		}
	}
	return list
}

// describe tells an action in the words of the core's transcripts.
func (m *machine) describe(a action) {
	if m.trace == nil {
		return
	}
	id, argument := a.node(), a.argument()
	switch a.kind() {
	case kindDeliver:
		m.tracef("deliver %v%s", m.w.wire[argument].message, a.flags())
	case kindCrash:
		m.tracef("crash %d synced=%d, restart %d", id, argument, id)
	case kindTransfer:
		m.tracef("transfer %d %d", id, argument)
	default:
		m.tracef("%s %d%s", words[a.kind()], id, a.flags())
	}
}

// words are those of the commands of the core's transcripts, where these have one.
var words = [...]string{
	kindCampaign: "campaign", kindSync: "sync", kindPropose: "propose", kindRegister: "read", kindBeat: "beat",
	kindStall: "messages are lost of", kindLonely: "no follower is heard by", kindGiveUp: "a transfer is in vain of",
	kindChange: "reconfigure", kindSnapshot: "snapshot", kindFile: "file",
}

func (a action) flags() (text string) {
	if a.has(double) {
		text += ", and a copy stays under way"
	}
	if a.has(unanswered) {
		text += ", and the replies are lost"
	}
	if a.has(dies) {
		text += ", and a crash before the disk has it"
	}
	return text
}
