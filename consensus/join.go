package consensus

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	// maxRedirects bounds the nodes that it asks one after the other: a blank one may name a member, and that the leader.
	maxRedirects = 4
	// maxCopiedAnswers is how often in a row a blank node hears that another process has its incarnation before it draws
	// another one: once may be a process of its own that has not ended yet.
	maxCopiedAnswers = 3
)

// Join asks the nodes at these addresses to add this blank node, as Options.Join does. It replaces the addresses of an
// earlier Join, and does not wait for an answer: a cluster that adds the node contacts it, and Options.Logger gets the
// last answer. At least one address is needed.
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
		if copied = n.countCopied(contacts, copied); copied > maxCopiedAnswers {
			n.renameCopy()
			copied = 0
		}
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

// tell notes what this blank node waits for. The caller holds the lock.
func (n *Node) tell(now waiting) {
	if before := n.waiting.Swap(&now); before == nil || *before != now {
		n.renew()
		n.options.Logger.Info("this node belongs to no cluster yet", "waiting", now.text)
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

// contactState is what an address is to a blank node that asked there.
type contactState int

const (
	// contactUnreachable: nothing answers, or no raftredis node.
	contactUnreachable contactState = iota
	// contactSelf: it is this node.
	contactSelf
	// contactBlank: a blank node has heard the question.
	contactBlank
	// contactMember: a member takes this node in.
	contactMember
	// contactRefused: the node there refuses this one.
	contactRefused
)

// contact is an address that this blank node has asked, and what came of it.
type contact struct {
	address string
	// named: the address is one of Options.Join.
	named bool
	state contactState
	who   transport.Newcomer
	err   error
}

// String says what the address answers.
func (c contact) String() string {
	text := ""
	switch c.state {
	case contactUnreachable, contactRefused:
		text = strings.TrimPrefix(transport.Gist(c.err), "dial "+c.address+": ")
	case contactSelf:
		text = "it is this node"
	case contactMember:
		text = fmt.Sprintf("node %d of cluster %016x has accepted, and this node waits to be contacted", c.who.NodeID,
			c.who.ClusterID)
	case contactBlank:
		text = "it belongs to no cluster either, and forms none"
		if c.who.Founding {
			text = "it forms a cluster, and waits for more nodes"
		}
	}
	return c.address + ": " + text
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
	for i := range contacts {
		parts.Go(func() { n.contact(&contacts[i], self) })
	}
	problems := make([]error, len(asking))
	for i := range asking {
		parts.Go(func() { problems[i] = n.lookAt(asking[i]) })
	}
	parts.Wait()
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
	for _, j := range n.joiners {
		same := func(k transport.Join) bool { return k.Incarnation == j.Incarnation && k.Boot == j.Boot }
		if slices.ContainsFunc(asked, same) {
			joiners = append(joiners, j)
		}
	}
	return joiners
}

// contact asks the node at an address to take this one in, and follows its redirection.
func (n *Node) contact(c *contact, self transport.Join) {
	if c.address == self.Address {
		c.state = contactSelf
		return
	}
	var refusal *transport.Refusal
	for next, hops := c.address, 0; next != "" && next != self.Address && hops < maxRedirects; hops++ {
		c.who, c.err = n.transport.Join(n.context, next, self)
		if next = ""; errors.As(c.err, &refusal) {
			next = refusal.Redirect
		}
	}
	switch {
	case errors.Is(c.err, transport.ErrSelf) || c.err != nil && n.isSelf(c.address):
		c.state = contactSelf
	case errors.As(c.err, &refusal):
		c.state = contactRefused
	case c.err != nil:
		c.state = contactUnreachable
	case c.who.NodeID != 0:
		c.state = contactMember
	default:
		c.state = contactBlank
	}
}

// isSelf reports whether an address that does not answer is this node's own all the same: on Debian the name of a
// machine is 127.0.1.1 to itself, where a node that listens on another address of the machine does not answer.
func (n *Node) isSelf(address string) bool {
	host, port, err := net.SplitHostPort(address)
	_, own, errOwn := net.SplitHostPort(n.options.PeerAddress)
	listens, isTCP := n.transport.Addr().(*net.TCPAddr)
	if err != nil || errOwn != nil || port != own || !isTCP || listens.IP.IsLoopback() {
		return false
	}
	ctx, cancel := context.WithTimeout(n.context, joinInterval)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	outside := func(a net.IPAddr) bool { return !a.IP.IsLoopback() }
	return err == nil && len(addresses) > 0 && !slices.ContainsFunc(addresses, outside)
}

// countCopied counts rounds in a row in which a node says that another process has this one's incarnation.
func (n *Node) countCopied(contacts []contact, before int) int {
	if slices.ContainsFunc(contacts, func(c contact) bool { return errors.Is(c.err, transport.ErrDuplicate) }) {
		return before + 1
	}
	return 0
}

// renameCopy gives this blank node another incarnation: its directory is a copy of one that has been used, and another
// process has that. It has promised nothing yet under the old one.
func (n *Node) renameCopy() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.started || n.closed || n.identity.NodeID != 0 {
		return
	}
	identity := n.identity
	identity.Incarnation = random()
	if n.storeIdentity(identity) == nil {
		n.overcome()
		n.options.Logger.Warn("another process has this blank directory's incarnation, so one of the two is a copy: "+
			"this node has drawn another one", "incarnation", fmt.Sprintf("%016x", identity.Incarnation))
	}
}
