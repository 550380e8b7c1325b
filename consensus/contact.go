package consensus

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/consensus/internal/transport"
)

// A blank node asks each node that it was told of. A name may stand for all nodes of a cluster, as that of a headless
// service in Kubernetes does, and for more of them from one moment to the next: so each round resolves it anew, and
// asks at each address that it has. One of them is this node's own.
//
// A name may also stand for one machine that has an IPv4 and an IPv6 address, and a node may listen on one of the two
// only. So if no address of one family takes a connection, and one of the other family does, that family says nothing.

// maxRedirects bounds the nodes that a blank node asks one after the other: a blank one may name a member, and that the
// leader.
const maxRedirects = 4

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

// contact is a place that this blank node has asked, and what came of it.
type contact struct {
	// address is what this node was told, place where that leads: IP and port, one of several if the address is a name.
	address, place string
	// named: the address is one of Options.Join.
	named bool
	state contactState
	who   transport.Newcomer
	err   error
	// asked are the places that have heard the question: this one, and those to which it redirected.
	asked []string
}

// String says what the place answers.
func (c contact) String() string {
	text, where := "", c.address
	if c.place != "" && c.place != c.address {
		where += " (" + c.place + ")"
	}
	switch c.state {
	case contactUnreachable, contactRefused:
		text = strings.TrimPrefix(transport.Gist(c.err), "dial "+c.place+": ")
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
	return where + ": " + text
}

// contactAll asks at each address that the given ones stand for, all at once, and waits for the answers.
func (n *Node) contactAll(given []contact, self transport.Join) []contact {
	lists := make([][]contact, len(given))
	var parts sync.WaitGroup
	for i := range given {
		parts.Go(func() { lists[i] = n.contactName(given[i], self) })
	}
	parts.Wait()
	return slices.Concat(lists...)
}

// contactName asks at each place that one address stands for.
func (n *Node) contactName(c contact, self transport.Join) []contact {
	c.place = c.address
	places := []string{c.address}
	if c.address != self.Address { // it may be a name that means nothing to this machine itself
		var err error
		if places, err = n.transport.Places(n.context, c.address); err != nil {
			c.err = err
			return []contact{c}
		}
	}
	all := make([]contact, len(places))
	var parts sync.WaitGroup
	for i, place := range places {
		all[i] = c
		all[i].place = place
		parts.Go(func() { n.contact(&all[i], self) })
	}
	parts.Wait()
	return withoutDeafFamily(all)
}

// withoutDeafFamily leaves out the addresses of one family of a name if there is no node at any of them, and one at an
// address of the other family.
func withoutDeafFamily(all []contact) []contact {
	answers := func(v4 bool) bool {
		return slices.ContainsFunc(all, func(c contact) bool { return c.isIPv4() == v4 && c.state != contactUnreachable })
	}
	v4, v6 := answers(true), answers(false)
	if v4 == v6 {
		return all
	}
	return slices.DeleteFunc(all, func(c contact) bool { return c.isIPv4() != v4 })
}

func (c contact) isIPv4() bool {
	place, err := netip.ParseAddrPort(c.place)
	return err == nil && place.Addr().Unmap().Is4()
}

// contact asks the node at a place to take this one in, and follows its redirection.
func (n *Node) contact(c *contact, self transport.Join) {
	if c.place == self.Address {
		c.state = contactSelf
		return
	}
	var refusal *transport.Refusal
	var unheard *transport.DialError
	for next, hops := c.place, 0; next != "" && next != self.Address && hops < maxRedirects; hops++ {
		c.who, c.err = n.transport.Join(n.context, next, self)
		if !errors.As(c.err, &unheard) {
			c.asked = append(c.asked, next)
		}
		if next = ""; errors.As(c.err, &refusal) {
			next = refusal.Redirect
		}
	}
	switch {
	case errors.Is(c.err, transport.ErrSelf) || errors.As(c.err, &unheard) && len(c.asked) == 0 && n.isSelf(c.place):
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

// isSelf reports whether a place that does not answer is this node's own all the same: on Debian the name of a machine
// is 127.0.1.1 to itself, where a node that listens on another address of the machine does not answer.
func (n *Node) isSelf(place string) bool {
	there, err := netip.ParseAddrPort(place)
	_, own, errOwn := net.SplitHostPort(n.options.PeerAddress)
	listens, isTCP := n.transport.Addr().(*net.TCPAddr)
	return err == nil && errOwn == nil && isTCP && !listens.IP.IsLoopback() && there.Addr().Unmap().IsLoopback() &&
		fmt.Sprint(there.Port()) == own
}
