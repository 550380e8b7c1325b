package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Members come and go. An operator asks for changes at the node that it believes to be the leader, and does not wait
// for the change before. A machine for a new member exists as soon as its membership is committed. A machine whose
// member was removed is switched off some time later, or runs on.

// joinsMax is how many members join the cluster of a run. idsSpare is how many more may be named in logs without ever
// being members: a leader allots their ids, and the entry is lost with it.
const (
	joinsMax = 10
	idsSpare = 4
)

// idsMax is the highest id that any log of this world can name.
func (o *Options) idsMax() int {
	if o.Faults.Members == 0 {
		return o.Nodes
	}
	return o.Nodes + joinsMax + idsSpare
}

// membersChanged hears of each newest committed configuration, from the first node that knows it.
func (w *world) membersChanged(c *membership.Configuration) {
	if c.FeatureLevel() > olderBuild && w.counts.Raised == 0 {
		w.counts.Raised++
	}
	for _, m := range c.Members {
		for int(m.ID) > len(w.nodes) {
			n := newNode(w, raftlog.NodeID(len(w.nodes)+1))
			w.nodes = append(w.nodes, n)
			w.counts.Joined++
			w.after(w.chance.between(0, time.Second), n.start)
		}
	}
	for _, n := range w.nodes {
		if n.left || !membership.LeftOut(c, n.id) {
			continue
		}
		n.left = true
		w.counts.Left++
		w.tell(n.id, "is removed")
		if w.chance.hits(0.7) {
			w.after(w.chance.around(3*time.Second), func() {
				if !w.calm {
					n.crash(w.chance.hits(0.5))
					n.abandoned = true
				}
			})
		}
	}
}

// changeMembers asks for a change.
func (w *world) changeMembers() {
	n := w.victim()
	if leader := w.leader(); leader != nil {
		n = leader
	}
	if c := w.checker.configuration; n.life != nil && c != nil {
		w.requestChange(n.life, w.inventChange(c))
	}
}

// inventChange makes up a change of a cluster that is configured like this, as far as any node knows.
func (w *world) inventChange(c *membership.Configuration) membership.Change {
	var change membership.Change
	voter := c.Voters[w.chance.IntN(len(c.Voters))]
	if leader := w.leader(); leader != nil && w.chance.hits(0.3) {
		voter = leader.id
	}
	joins := int(c.NextID) <= w.options.Nodes+joinsMax
	switch kind := w.chance.IntN(10); {
	case kind < 3 && joins:
		change.Add, change.Learner = w.newMembers(1), w.chance.hits(0.3)
	case kind < 5 && len(c.Voters) > 2:
		change.Remove = []raftlog.NodeID{voter}
	case kind < 7 && joins:
		change.Add, change.Remove = w.newMembers(1), []raftlog.NodeID{voter}
	case kind == 7 && joins:
		change.Add, change.Remove = w.newMembers(2), c.Voters
	case kind == 8 && len(c.Learners) > 0:
		learner := membership.Find(c, c.Learners[w.chance.IntN(len(c.Learners))])
		if w.chance.hits(0.5) {
			change.Add = []membership.Member{*learner}
		} else {
			change.Remove = []raftlog.NodeID{learner.ID}
		}
	default:
		moved := c.Members[w.chance.IntN(len(c.Members))]
		moved.Attributes = fmt.Appendf(nil, "10.0.0.%d:%d", moved.ID, w.chance.number(1, 1<<16-1))
		change.Update = []membership.Member{moved}
	}
	return change
}

// newMembers are members with data directories that no node has seen before.
func (w *world) newMembers(count int) (members []membership.Member) {
	for range count {
		members = append(members, membership.Member{
			Attributes: fmt.Appendf(nil, "%040x", w.chance.Uint64()), Incarnation: w.chance.Uint64() | 1,
		})
	}
	return members
}

// requestChange gives a change to a process. It is refused only for reasons that an operator understands.
func (w *world) requestChange(l *life, change membership.Change) *engine.ChangeRequest {
	r := &engine.ChangeRequest{Change: change}
	r.Wake = func() {
		w.tell(l.id, "changes  %v: %v, %v", describeChange(&change), r.Accepted, r.Err)
		if r.Err == nil {
			w.counts.Changes++
			return
		}
		understood := []error{
			raft.ErrNotLeader, raft.ErrTooEarly, membership.ErrChangeInProgress, membership.ErrNoMember, membership.ErrLastVoter,
		}
		if !slices.ContainsFunc(understood, func(err error) bool { return errors.Is(r.Err, err) }) {
			w.fail("change", "n%d refuses %s: %v", l.id, describeChange(&change), r.Err)
		}
	}
	l.in.Changes = append(l.in.Changes, r)
	l.wake()
	return r
}

func describeChange(c *membership.Change) string {
	return fmt.Sprintf("add %d (learner: %v) remove %d update %d", len(c.Add), c.Learner, c.Remove, len(c.Update))
}

// rift leaves a leader that takes a step towards new voters alone with these voters: what they decide together must not
// count without the others.
func (w *world) rift(l *life) {
	f := &w.options.Faults
	if w.calm || !w.chance.hits(f.Rift) {
		return
	}
	c := l.engine.Core().Configuration()
	isNew := func(id raftlog.NodeID) bool {
		return slices.Contains(c.Promote, id) || c.Joint() && !slices.Contains(c.Outgoing, id)
	}
	w.after(w.chance.between(0, f.RiftWithin), func() {
		if w.calm || l.dead {
			return
		}
		var apart, others []*node
		for _, n := range w.nodes {
			if n == l.node || isNew(n.id) {
				apart = append(apart, n)
			} else {
				others = append(others, n)
			}
		}
		w.fault(l.id, "LEFT with the new voters")
		w.cutBetween(apart, others)
		w.after(w.chance.around(f.Cut), func() {
			if !w.calm {
				w.net.heal()
			}
		})
	})
}

// whole reports whether no change of the members is under way.
func (w *world) whole() bool {
	c := w.checker.configuration
	return c == nil || !c.Joint() && len(c.Promote)+len(c.Retire) == 0
}

// members are the nodes of the core that belong to the cluster; where members come and go, all nodes that belong to it
// now.
func (w *world) members(core []*node) []*node {
	if w.options.Faults.Members == 0 {
		return core
	}
	var members []*node
	for _, n := range w.nodes {
		if w.checker.configuration.Includes(n.id) {
			members = append(members, n)
		}
	}
	return members
}

// sendOff removes a voter at the end, in peace. The cluster goes on without it. The voter learns of its removal, and
// then refuses clients at once.
func (w *world) sendOff(deadline time.Duration, core []*node) {
	voters := w.checker.configuration.Voters
	if w.options.Faults.Members == 0 || len(voters) == 1 {
		return
	}
	removed := w.node(voters[w.chance.IntN(len(voters))])
	change := membership.Change{Remove: []raftlog.NodeID{removed.id}}
	w.await(deadline, "removal", core, func() bool {
		if leader := w.coreLeader(core); !removed.left && w.whole() && leader != nil {
			w.requestChange(leader.life, change)
		}
		return removed.left && w.coreLeader(core) != nil
	})
	w.await(deadline, fmt.Sprintf("news of its removal for n%d", removed.id), core, func() bool {
		c, _ := removed.life.engine.Core().CommittedConfiguration()
		return membership.LeftOut(c, removed.id)
	})
	r := &request{Request: w.options.Workload.Write()}
	w.submit(removed.life, r)
	w.await(w.now+20*time.Millisecond, "answer of a node that was left out", core, func() bool { return r.ended })
	if r.outcome != refused {
		w.fail("left out", "n%d was left out, knows it, and answers: %v", removed.id, r)
	}
	for _, c := range w.clients {
		w.proveService(deadline, core, c)
	}
}
