package consensus

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
)

const (
	// joinInterval is how long a blank node waits before it asks again.
	joinInterval = time.Second
	// settleInterval is how long it waits where it needs no more than a moment.
	settleInterval = 10 * time.Millisecond
)

// Join asks the nodes at these addresses to add this blank node, as Options.Join does. It replaces the addresses of an
// earlier Join, and does not wait for an answer: a cluster that adds the node contacts it, and Status.Waiting has the
// last answers. At least one address is needed.
//
// Errors: ErrRefused if the node belongs to a cluster, or makes one; ErrClosed; or why no node could contact this one.
func (n *Node) Join(addresses ...string) error {
	if len(addresses) == 0 {
		return errors.New("no address is given")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.closed:
		return ErrClosed
	case n.started || n.fenced():
		return refuse(isMember)
	case n.options.Bootstrap:
		return refuse(isMember + ": it makes one of its own, and waits for others to join")
	}
	if err := transport.CheckAddress(n.options.PeerAddress); err != nil {
		return err
	}
	n.ask(addresses)
	return nil
}

// ask begins to ask, or asks others from now on. The caller holds the lock.
func (n *Node) ask(addresses []string) {
	n.seeds = slices.Clone(addresses)
	n.hurry()
	n.seekOnce.Do(func() { n.background.Go(n.seek) })
}

// hurry has the node ask again at once, if it asks at all.
func (n *Node) hurry() {
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// seek asks the others, in rounds, until this node is a member, or forms the cluster itself.
func (n *Node) seek() {
	copied := 0
	for {
		contacts, joiners := n.round()
		copied = n.renameIfCopied(contacts, copied)
		wait := n.settle(contacts, joiners)
		again := time.NewTimer(wait)
		select {
		case <-n.member:
			again.Stop()
			return
		case <-n.context.Done():
			again.Stop()
			return
		case <-n.news:
		case <-again.C:
		}
		again.Stop()
	}
}

// settle forms the cluster if the round allows it, else says what the node waits for. It returns when to look again.
func (n *Node) settle(contacts []contact, joiners []transport.Join) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.started || n.closed {
		return joinInterval
	}
	joiners = n.stillJoining(joiners)
	n.outwaitStrangers()
	if n.options.Bootstrap {
		n.hear(foundersIn(contacts, joiners, n.identity.Incarnation))
	} else {
		n.hear(foundersIn(contacts, nil))
	}
	named := slices.DeleteFunc(slices.Clone(contacts), func(c contact) bool { return c.state == contactSelf || !c.named })
	if !n.options.Bootstrap || n.barred() {
		n.tell(waiting{asked(named), unfounded(named)})
		return joinInterval
	}
	left := time.Until(n.listenUntil)
	f := forming{
		own: n.identity.Incarnation, expect: n.options.Expect, named: named, joiners: joiners,
		listening: left > 0 || n.transport.Handshaking() > 0 && left > -transport.DefaultHandshakeTimeout,
	}
	found, text := f.decide()
	if n.unformed != nil {
		text = n.unformed.Error()
	}
	if text != "" {
		n.tell(waiting{text: text})
	}
	switch {
	case found && n.unformed == nil:
		_ = n.form(joiners) // it has told the log, or is told in each answer
	case f.listening && left > 0:
		return min(left, joinInterval)
	case f.listening:
		return settleInterval
	}
	return joinInterval
}

// hear notes which founders this blank node hears, and tells the others at once if they are new. The caller holds the
// lock.
func (n *Node) hear(founders []uint64) {
	if !slices.Equal(n.founders, founders) {
		n.founders = founders
		n.hurry()
	}
}

// asked is what a node that only joins has heard.
func asked(named []contact) string {
	if len(named) == 0 {
		return "each address that it was to ask is this node's own"
	}
	var texts []string
	for _, c := range named {
		texts = append(texts, c.String())
	}
	return strings.Join(texts, "; ")
}

// tell notes what this blank node waits for. A host that tells its operator does so by Status, with what to type, and
// the log would say it a second time: so it does at the level of debugging. The caller holds the lock.
func (n *Node) tell(now waiting) {
	now.text = n.withHeldUp(now.text)
	if before := n.waiting.Swap(&now); before == nil || *before != now {
		n.renew()
		n.options.Logger.Debug("this node belongs to no cluster yet", "waiting", now.text)
	}
}

// waiting is what a blank node waits for: see Status.
type waiting struct {
	text      string
	unfounded bool
}

// unfounded reports whether all nodes that were asked are blank, and none forms a cluster.
func unfounded(named []contact) bool {
	other := func(c contact) bool { return c.state != contactBlank || c.who.Founding }
	return len(named) > 0 && !slices.ContainsFunc(named, other)
}

// round asks all addresses that this node knows, and looks whether those are there that asked it. Both take as long as
// the slowest connection.
func (n *Node) round() (contacts []contact, joiners []transport.Join) {
	n.mu.Lock()
	if n.started || n.closed || len(n.seeds)+len(n.joiners) > 0 && n.name() != nil {
		n.mu.Unlock()
		return nil, nil
	}
	for _, address := range n.seeds {
		contacts = append(contacts, contact{address: address, named: true})
	}
	for _, j := range n.joiners {
		known := func(c contact) bool { return c.address == j.Address }
		if j.Founding && !slices.ContainsFunc(contacts, known) {
			contacts = append(contacts, contact{address: j.Address})
		}
	}
	asking := slices.Clone(n.joiners)
	self := n.describe()
	n.mu.Unlock()

	var parts sync.WaitGroup
	problems := make([]error, len(asking))
	for i := range asking {
		parts.Go(func() { problems[i] = n.lookAt(asking[i]) })
	}
	contacts = n.contactAll(contacts, self)
	parts.Wait()
	n.noteAsked(contacts)
	return contacts, n.keepJoiners(asking, problems)
}

// keepJoiners forgets the joiners that are not there, and returns the others as they are now.
func (n *Node) keepJoiners(asked []transport.Join, problems []error) (joiners []transport.Join) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, j := range asked {
		if problems[i] == nil || n.context.Err() != nil {
			continue
		}
		gone := func(k transport.Join) bool { return k.Incarnation == j.Incarnation && k.Boot == j.Boot }
		n.joiners = slices.DeleteFunc(n.joiners, gone)
		n.options.Logger.Warn("a node that asked to join does not count", "peer", j.Address, "reason", problems[i])
	}
	n.countJoiners()
	return n.stillJoining(asked)
}
