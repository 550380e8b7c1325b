package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// peer is a node to which this one holds a link. One goroutine, run, dials, serves the link, and dials again.
type peer struct {
	transport   *Transport
	id          raftlog.NodeID
	incarnation uint64
	context     context.Context
	cancel      context.CancelFunc
	ended       chan struct{}
	// kick ends a wait between two dials: the peer lives, it moved, or it just dialled here.
	kick chan struct{}
	// link is the one that stands; nil while there is none.
	link    atomic.Pointer[link]
	dropped atomic.Uint64
	// lost is the link that stood last, if the other side has ended it; nil while there is one. It is run's.
	lost *link

	mu sync.Mutex
	// addresses are where the peer may be found, at is the one to dial now.
	addresses []string
	at        int
	problem   error
	// logged is the gist of the problem at each address that the log had.
	logged map[string]string
}

func newPeer(t *Transport, wanted Peer) *peer {
	p := &peer{
		transport:   t,
		id:          wanted.ID,
		incarnation: wanted.Incarnation,
		ended:       make(chan struct{}),
		kick:        make(chan struct{}, 1),
		addresses:   wanted.addresses(),
	}
	p.context, p.cancel = context.WithCancel(t.context)
	return p
}

// move sets the addresses for the next dial, which begins with the first one.
func (p *peer) move(addresses []string) {
	p.mu.Lock()
	moved := !slices.Equal(p.addresses, addresses)
	if moved {
		p.addresses, p.at, p.logged = addresses, 0, nil
	}
	p.mu.Unlock()
	if moved {
		p.hurry()
	}
}

// turn goes on to the next address after a failure at this one. It reports whether all were tried by now.
func (p *peer) turn(failed string) (all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.addresses[p.at] != failed {
		return false // it moved meanwhile
	}
	p.at = (p.at + 1) % len(p.addresses)
	return p.at == 0
}

// hurry ends a wait between two dials.
func (p *peer) hurry() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// target is whom to dial now.
func (p *peer) target() Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Peer{ID: p.id, Incarnation: p.incarnation, Address: p.addresses[p.at]}
}

// send queues a message on the link, or drops it.
func (p *peer) send(m *engine.Message, maxFrameBytes int) {
	bytes := messageBytes(m)
	if bytes > maxFrameBytes {
		panic(fmt.Sprintf("transport: a %s of %d bytes, frames hold %d", m.KindName(), bytes, maxFrameBytes))
	}
	l := p.link.Load()
	if l == nil || !l.put(m, bytes) {
		p.dropped.Add(1)
	}
}

// run holds a link to the peer until the peer is removed. A link that stood for a while starts the back-off anew: one
// that is cut as soon as it stands must not make a busy loop. The back-off grows when all addresses have failed.
func (p *peer) run() {
	o := &p.transport.options
	failures := 0
	for p.context.Err() == nil {
		begin, target := time.Now(), p.target()
		linked, err := p.serve(target)
		p.note(target, err)
		p.suspect(target, err)
		round := linked || p.turn(target.Address)
		if time.Since(begin) > o.BackoffMax {
			failures = 0
		}
		p.pause(backoff(o.BackoffMin, p.maxBackoff(), failures, rand.Float64()))
		if round {
			failures++
		}
	}
}

// maxBackoff is the longest wait between two dials.
func (p *peer) maxBackoff() time.Duration {
	o := &p.transport.options
	if IsLoopback(p.target().Address) {
		return max(o.BackoffMin, min(o.BackoffMax, LoopbackBackoffMax))
	}
	return o.BackoffMax
}

// backoff is how long to wait after so many failures: half is certain, the rest chance, so that nodes that failed
// together do not dial together.
func backoff(minWait, maxWait time.Duration, failures int, chance float64) time.Duration {
	wait := maxWait
	if failures < 62 && minWait<<failures>>failures == minWait {
		wait = min(maxWait, minWait<<failures)
	}
	return wait/2 + time.Duration(chance*float64(wait/2))
}

// pause waits for the time, a kick, or the end.
func (p *peer) pause(wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.kick:
	case <-p.context.Done():
	}
}

// serve makes one link and returns why it ended, or why there is none.
func (p *peer) serve(target Peer) (linked bool, err error) {
	l, err := p.connect(target)
	if err != nil {
		return false, err
	}
	l.joinLoop(p.transport.options.Reactor) // before anything may let it fail
	defer context.AfterFunc(p.context, func() { l.fail(ErrClosed) })()
	handler, log := p.transport.options.Handler, p.transport.options.Logger
	p.note(target, nil)
	log.Info("link up", "peer", p.id, "address", l.conn.RemoteAddr())
	p.link.Store(l)
	p.lost = nil
	handler.LinkUp(p.id)
	err = l.run()
	p.link.Store(nil)
	if endedThere(err) {
		p.lost = l
	}
	p.dropped.Add(uint64(len(l.queue.Close())))
	handler.LinkDown(p.id, err)
	log.Info("link down", "peer", p.id, "error", err)
	return true, err
}

// connect dials and shakes hands.
func (p *peer) connect(target Peer) (*link, error) {
	o := &p.transport.options
	conn, err := p.transport.dial(p.context, target.Address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(p.context, func() { conn.Close() })()
	own := o.Handler.Hello(target)
	own.To, own.ToIncarnation = target.ID, target.Incarnation
	l := newLink(conn, own.ClusterID, own.From, target.ID, o)
	l.address = target.Address
	theirs, err := l.greet(&own, target, o)
	if err != nil {
		o.Handler.Refused(Hello{From: target.ID, Incarnation: target.Incarnation, Address: target.Address}, err)
	} else {
		o.Handler.Welcomed(theirs)
		err = o.Handler.Admit(theirs) // a node that must not be heard must not be spoken to either
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("node %d at %s: %w", target.ID, target.Address, err)
	}
	l.boot = theirs.Boot
	return l, nil
}

// note keeps the reason why there is no link, and logs it when it is news at that address. A link makes everything news
// again.
func (p *peer) note(target Peer, err error) {
	p.mu.Lock()
	news := err != nil && p.logged[target.Address] != Gist(err)
	switch {
	case err == nil:
		p.logged = nil
	case news:
		if p.logged == nil {
			p.logged = map[string]string{}
		}
		p.logged[target.Address] = Gist(err)
	}
	p.problem = err
	p.mu.Unlock()
	if news && !errors.Is(err, ErrClosed) && p.context.Err() == nil {
		p.transport.options.Logger.Warn("no link", "peer", p.id, "error", err)
	}
}

// PeerStatus is how the link to a peer stands. The Address is where it leads, or where it is dialled next.
type PeerStatus struct {
	Peer
	// Up says that messages can leave. Problem is why they cannot: a refusal by the other side, for one.
	Up      bool
	Problem error
	// Dropped counts messages that found no link or a full queue since the peer was added.
	Dropped uint64
}

// Status describes the links to all peers, in no order.
func (t *Transport) Status() []PeerStatus {
	var all []PeerStatus
	for _, p := range *t.peers.Load() {
		s := PeerStatus{Peer: p.target(), Dropped: p.dropped.Load()}
		if l := p.link.Load(); l != nil {
			s.Up, s.Address = true, l.address
		}
		p.mu.Lock()
		s.Problem = p.problem
		p.mu.Unlock()
		all = append(all, s)
	}
	return all
}
