package consensus

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/transport"
)

// joinInterval is how long a blank node waits before it asks again.
const joinInterval = time.Second

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
	case n.started:
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
	asking := len(n.seeds) > 0
	n.seeds = slices.Clone(addresses)
	if !asking {
		n.background.Go(n.join)
	}
}

// join asks the seeds, in turn and again and again, until this node is a member.
func (n *Node) join() {
	ticker := time.NewTicker(joinInterval)
	defer ticker.Stop()
	var last string
	for i := 0; ; i++ {
		address := n.seed(i)
		news := n.askToJoin(n.context, address)
		if news != last && n.context.Err() == nil {
			last = news
			n.options.Logger.Info("joining", "via", address, "answer", news)
		}
		select {
		case <-n.member:
			return
		case <-n.context.Done():
			return
		case <-ticker.C:
		}
	}
}

// seed is whom to ask in attempt i.
func (n *Node) seed(i int) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seeds[i%len(n.seeds)]
}

// askToJoin asks one node, follows its redirection, and says what came of it.
func (n *Node) askToJoin(ctx context.Context, address string) string {
	n.mu.Lock()
	j := n.describe()
	n.mu.Unlock()
	err := n.transport.Join(ctx, address, j)
	var refusal *transport.Refusal
	if errors.As(err, &refusal) && refusal.Redirect != "" {
		err = n.transport.Join(ctx, refusal.Redirect, j)
	}
	if err != nil {
		return err.Error()
	}
	return "accepted; waiting to be contacted"
}
