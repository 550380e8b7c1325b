package consensus

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/consensus/membership"
)

// Members that do not find each other ask where the others are, and those that learn something pass it on:
//
//  1. As long as a member has no link to one of the others, it introduces itself at the addresses of Options.Join.
//  2. A member that learns an address introduces itself once more to all that it has a link to.
//
// Each introduction carries all addresses that the sender knows, and the answer those of the other side. So what one
// member knows all come to know, over links that stand already and over those that begin.

// Pauses between two rounds of asking: they grow as long as somebody is missing.
const (
	minAskPause = 200 * time.Millisecond
	maxAskPause = 5 * time.Second
)

// acquaint runs as long as the node does.
func (n *Node) acquaint() {
	pause := minAskPause
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if !n.missesSomebody() {
				pause = minAskPause
			} else {
				n.meetAll(n.places())
				pause = min(2*pause, maxAskPause)
			}
			timer.Reset(pause)
		case <-n.learned:
			n.meetAll(n.linkedAddresses())
		case <-n.context.Done():
			return
		}
	}
}

// missesSomebody reports whether there is a member to which this node has no link. A member without a configuration
// misses everybody.
func (n *Node) missesSomebody() bool {
	s := n.runner.Load().Status()
	if s.Configuration == nil {
		return true
	}
	linked := n.links.list()
	for i := range s.Configuration.Members {
		if id := s.Configuration.Members[i].ID; id != s.ID && !slices.Contains(linked, id) {
			return true
		}
	}
	return false
}

// places are whom to ask where members are.
func (n *Node) places() []string {
	own := func(address string) bool { return address == n.options.PeerAddress }
	return slices.DeleteFunc(slices.Clone(n.options.Join), own)
}

// linkedAddresses are where this node has links to.
func (n *Node) linkedAddresses() (addresses []string) {
	for _, s := range n.transport.Status() {
		if s.Up {
			addresses = append(addresses, s.Address)
		}
	}
	return addresses
}

// meetAll introduces this node at all addresses at once, and waits for the answers.
func (n *Node) meetAll(addresses []string) {
	ctx, cancel := context.WithTimeout(n.context, maxAskPause)
	defer cancel()
	var all sync.WaitGroup
	for _, address := range addresses {
		all.Go(func() {
			err := n.transport.Meet(ctx, address)
			if err != nil && !errors.Is(err, transport.ErrSelf) {
				n.options.Logger.Debug("met no member", "address", address, "error", err)
			}
		})
	}
	all.Wait()
}

// Met takes what a member says of itself and of others. It believes members, and nodes with an id that this node's
// configuration has not given yet; at is where this node dialled it, empty if it dialled.
func (o peerHandler) Met(theirs transport.Hello, at string) {
	<-o.assembled
	r := o.runner.Load()
	if r == nil {
		return
	}
	s := r.Status()
	if checkMember(s.Configuration, &theirs) != nil || checkRemoved(s, &theirs) != nil {
		return
	}
	if m := membership.Find(s.Configuration, theirs.From); m == nil || o.checkMoved(m, &theirs) == nil {
		o.believe(s, &theirs, at)
	}
}
