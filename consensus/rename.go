package consensus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// A blank node whose incarnation another process has draws another one: its directory is a copy. It must not do so
// while a founder counts it, which forms the cluster with the incarnation that it knows: the configuration would name a
// voter that there is not, for good. Two founders that meet two copies in different orders each count one of them and
// refuse the other, so each copy is counted and refused at once. Therefore (A is the copy, F a founder):
//
//  1. A no longer says who it is to those that look for it. F looks for each node in the very round in which it forms
//     the cluster, so no round that begins now ends with A.
//  2. A withdraws from each node that has heard it, and from each that it was told of. F forgets it, and takes this
//     process under this incarnation no more, whatever still travels. F refuses if it has formed the cluster with A:
//     then A is a member, and waits to be contacted.
//  3. All have answered: no configuration has this incarnation for A. A draws another one, makes it durable, and asks
//     under that.
//
// One that does not answer may be a founder that has formed the cluster and stopped. A waits for it, as a founder does
// for each node that it was told of; unless a member of a cluster has told A that the incarnation is another member's.
// A asks in each round until all have answered: what it has begun has no way back, and Status.Waiting names the place.

// maxCopiedAnswers is how often in a row a blank node hears that another process has its incarnation before it gives
// that up: once may be a process of its own that has not ended yet.
const maxCopiedAnswers = 3

// countCopied counts rounds in a row in which a node says that another process has this one's incarnation.
func countCopied(contacts []contact, before int) int {
	if slices.ContainsFunc(contacts, func(c contact) bool { return errors.Is(c.err, transport.ErrDuplicate) }) {
		return before + 1
	}
	return 0
}

// noteAsked remembers which places have heard of this node under its incarnation, but for one that has answered, and is
// a blank node that makes no cluster: it counts none. If there are more than membership.MaxMembers, one more is kept as
// a sign that the list is not whole.
func (n *Node) noteAsked(contacts []contact) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range contacts {
		places := c.asked
		if c.state == contactBlank && !c.who.Founding && len(places) > 0 {
			places = places[:len(places)-1] // the last one has answered
		}
		for _, place := range places {
			if len(n.asked) <= membership.MaxMembers && !slices.Contains(n.asked, place) {
				n.asked = append(n.asked, place)
			}
		}
	}
}

// renameIfCopied takes what a round found, and how many rounds in a row had found before that this node is a copy. A
// node that has begun to give its incarnation up goes on until it has: those from which it has withdrawn take it no
// more, and do not say again that it is a copy. It returns the number for the next round.
func (n *Node) renameIfCopied(contacts []contact, before int) (copied int) {
	copied = countCopied(contacts, before)
	n.mu.Lock()
	renames := (copied > maxCopiedAnswers || n.renaming) && !n.started && !n.closed
	n.mu.Unlock()
	if renames && n.renameCopy(contacts) {
		return 0
	}
	return copied
}

// renameCopy gives this blank node another incarnation, if none of those that may have heard of it counts it under the
// present one: those that it has asked, and those that it asks now and that may have heard an earlier process of it. It
// reports whether it did. If not, it is to be called again in the next round.
func (n *Node) renameCopy(contacts []contact) bool {
	n.mu.Lock()
	if !n.renaming {
		n.renaming, n.heldUp = true, ""
	}
	self := n.describe()
	asked := slices.Clone(n.asked)
	n.mu.Unlock()
	for _, c := range contacts {
		if c.state != contactSelf && c.place != "" && !slices.Contains(asked, c.place) {
			asked = append(asked, c.place)
		}
	}

	self.Withdraw = true
	problems := make([]error, len(asked))
	var parts sync.WaitGroup
	for i, place := range asked {
		parts.Go(func() { _, problems[i] = n.transport.Join(n.context, place, self) })
	}
	parts.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if held := n.holdsUp(asked, problems, contacts); held != "" {
		n.noteHeldUp(held)
		return false
	}
	return n.drawAnother()
}

// holdsUp says why the incarnation cannot be given up yet, by what the places answered; empty if it can. The caller
// holds the lock.
func (n *Node) holdsUp(asked []string, problems []error, contacts []contact) string {
	for i, place := range asked {
		if !isWithdrawn(problems[i], contacts) {
			return fmt.Sprintf("%s may count this node, and must forget it first: %s", place,
				strings.TrimPrefix(transport.Gist(problems[i]), "dial "+place+": "))
		}
	}
	if len(n.asked) > membership.MaxMembers && !isTaken(contacts) {
		return fmt.Sprintf("it has asked more than %d places, and does not know each that may count it; start it with an "+
			"empty data directory", membership.MaxMembers)
	}
	return ""
}

// noteHeldUp notes why the incarnation cannot be given up yet, for Status.Waiting and, if it is news, for the log. The
// caller holds the lock.
func (n *Node) noteHeldUp(why string) {
	if n.heldUp != why {
		n.heldUp = why
		n.options.Logger.Info("this node cannot give up the incarnation of its directory yet, which another process has",
			"reason", why)
	}
}

// withHeldUp is what this blank node waits for, with what keeps it from giving its incarnation up. The caller holds the
// lock.
func (n *Node) withHeldUp(text string) string {
	if !n.renaming || n.heldUp == "" {
		return text
	}
	return "another process has the incarnation of its data directory, which it cannot give up yet: " + n.heldUp + "; " +
		text
}

// isWithdrawn reports whether a node that was asked to forget this one counts it no more.
func isWithdrawn(answer error, contacts []contact) bool {
	var refusal *transport.Refusal
	switch {
	case answer == nil || errors.Is(answer, transport.ErrSelf):
		return true
	case errors.As(answer, &refusal):
		return false
	}
	return isTaken(contacts)
}

// isTaken reports whether a member has said that the incarnation is another member's.
func isTaken(contacts []contact) bool {
	return slices.ContainsFunc(contacts, func(c contact) bool { return errors.Is(c.err, transport.ErrTaken) })
}

// drawAnother is the last step. The caller holds the lock.
func (n *Node) drawAnother() bool {
	if n.started || n.closed || n.identity.NodeID != 0 {
		return false
	}
	identity := n.identity
	identity.Incarnation = random()
	if err := n.storeIdentity(identity); err != nil {
		n.noteHeldUp(err.Error())
		return false
	}
	n.renaming, n.asked, n.heldUp = false, nil, ""
	n.overcome()
	n.options.Logger.Warn("another process has this blank directory's incarnation, so one of the two is a copy: "+
		"this node has drawn another one", "incarnation", fmt.Sprintf("%016x", identity.Incarnation))
	return true
}

// process is one process under one incarnation.
type process struct {
	incarnation uint64
	boot        raftlog.Boot
}

// release forgets a blank node that is about to give its incarnation up. The error says that it is a member already, or
// that this node does not know: if it is closed or has failed, its disk may hold a first entry that names the node.
func (n *Node) release(j transport.Join) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.Err() != nil {
		return ErrClosed
	}
	if !n.started {
		gone := process{j.Incarnation, j.Boot}
		if !slices.Contains(n.withdrawn, gone) {
			n.withdrawn = append(n.withdrawn[max(0, len(n.withdrawn)-membership.MaxMembers):], gone)
		}
		n.joiners = slices.DeleteFunc(n.joiners, func(k transport.Join) bool {
			return process{k.Incarnation, k.Boot} == gone
		})
		n.countJoiners()
		return nil
	}
	c := n.runner.Load().Status().Configuration
	if c == nil {
		return &transport.Refusal{Text: "this node does not know the members of its cluster yet; ask again"}
	}
	if m := memberByIncarnation(c, j.Incarnation); m != nil && m.Address == j.Address {
		return &transport.Refusal{Text: fmt.Sprintf("it is node %d of this cluster, and is to be contacted", m.ID)}
	}
	return nil
}

// stillJoining are those of some joiners that count at this moment. The caller holds the lock.
func (n *Node) stillJoining(joiners []transport.Join) (still []transport.Join) {
	for _, j := range n.joiners {
		same := func(k transport.Join) bool { return k.Incarnation == j.Incarnation && k.Boot == j.Boot }
		if slices.ContainsFunc(joiners, same) {
			still = append(still, j)
		}
	}
	return still
}
