package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// ErrClosed is why links go down when the transport is closed or the peer removed.
var ErrClosed = errors.New("the link was closed by this node")

// Transport carries messages between this node and its peers. Make one with New; all methods may be called from any
// goroutine.
type Transport struct {
	options       Options
	maxFrameBytes int
	listener      net.Listener
	context       context.Context
	cancel        context.CancelFunc
	goroutines    sync.WaitGroup
	// connections and handshakes hold a token for each connection from others, see Options.
	connections chan struct{}
	handshakes  chan struct{}
	refusals    repeatedly

	// peers is replaced as a whole by SetPeers, so that Send takes no lock.
	peers atomic.Pointer[map[raftlog.NodeID]*peer]

	mu     sync.Mutex
	closed bool
	// running is the goroutine of each peer id that last began; a removed one stays until it ended.
	running map[raftlog.NodeID]*peer
	// incoming are the welcome connections, one for each peer and purpose.
	incoming map[place]*incoming
	// pace bounds the rate of all bulk together.
	pace     pace
	resolver resolver
}

// New listens, and takes connections from then on.
func New(o Options) (*Transport, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if o.Listener == nil {
		if o.Listener, err = net.Listen("tcp", o.Address); err != nil {
			return nil, fmt.Errorf("transport: %w", err)
		}
	}
	t := &Transport{
		options:       o,
		maxFrameBytes: MaxFrameBytes(o.MaxEntryBytes),
		listener:      o.Listener,
		connections:   make(chan struct{}, o.MaxConnections),
		handshakes:    make(chan struct{}, o.MaxHandshakes),
		running:       make(map[raftlog.NodeID]*peer),
		incoming:      make(map[place]*incoming),
		pace:          pace{bytesPerSecond: o.BulkBytesPerSecond},
	}
	t.context, t.cancel = context.WithCancel(context.Background())
	t.resolver = resolver{
		lookup: o.Lookup, context: t.context, timeout: o.ResolveTimeout, names: make(map[string]*name),
	}
	t.peers.Store(new(map[raftlog.NodeID]*peer))
	t.goroutines.Go(t.accept)
	return t, nil
}

// Handshaking is how many connections from others are here that are not welcome yet.
func (t *Transport) Handshaking() int { return len(t.handshakes) }

// Addr is where the transport listens.
func (t *Transport) Addr() net.Addr { return t.listener.Addr() }

// SetPeers makes these the nodes to hold links to, and no others. New addresses count from the next dial on; a link
// that stands is kept, since identity is never the address. Connections from nodes that are left out stay: the handler
// hears them or Resets them. A connection from a node whose id is named here with another incarnation ends:
//
//  1. A leader that is cut off lets B be node 4. B takes that identity, dials here, and is welcome: no member here
//     knows what node 4 is.
//  2. That leader's log is lost. The next one lets C be node 4.
//  3. C dials, and must not find its place taken by B for as long as B lives: it would never catch up.
func (t *Transport) SetPeers(list []Peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	old, next := *t.peers.Load(), make(map[raftlog.NodeID]*peer, len(list))
	for _, wanted := range list {
		p := old[wanted.ID]
		if p != nil && p.incarnation == wanted.Incarnation {
			p.move(wanted.addresses())
		} else {
			p = t.start(wanted)
		}
		next[wanted.ID] = p
	}
	t.peers.Store(&next)
	for id, p := range old {
		if next[id] != p {
			p.cancel()
		}
	}
	for _, in := range t.incoming {
		if p := next[in.from]; p != nil && p.incarnation != in.hello.Incarnation {
			in.cut()
		}
	}
}

// start begins a peer's goroutine. It waits for an earlier one of the same id, so that LinkUp and LinkDown take turns.
func (t *Transport) start(wanted Peer) *peer {
	before := t.running[wanted.ID]
	p := newPeer(t, wanted)
	t.running[wanted.ID] = p
	t.goroutines.Go(func() {
		if before != nil {
			before.cancel()
			<-before.ended
		}
		p.run()
		close(p.ended)
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.running[p.id] == p {
			delete(t.running, p.id)
		}
	})
	return p
}

// Send queues each message for the peer that it names, in order, and never waits. A message is dropped when the peer is
// unknown, has no link, or has a full queue. Messages may be lost, so that is no error; but forwards are a stream, and
// one that finds the queue full ends its link, so that LinkUp makes the handler send them again.
//
// The slice is only read during the call; what the messages point to must never change again. It panics on a message
// that no frame can hold or that does not come from this node.
func (t *Transport) Send(messages []engine.Message) {
	peers := *t.peers.Load()
	for i := range messages {
		if p := peers[messages[i].To]; p != nil {
			p.send(&messages[i], t.maxFrameBytes)
		}
	}
	if t.options.Reactor == nil {
		return
	}
	for _, p := range peers {
		if l := p.link.Load(); l != nil && l.outlet != nil {
			l.outlet.flush()
		}
	}
}

// Reset closes the connection on which the peer's messages come: it dials again, and its own LinkUp tells it that what
// it sent may be lost.
func (t *Transport) Reset(from raftlog.NodeID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if in := t.incoming[place{from, purposeMessages}]; in != nil {
		in.cut()
	}
}

// within is the context, ended also by the transport's end.
func (t *Transport) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.context, cancel)
	return ctx, func() { stop(); cancel() }
}

// find resolves the address, and makes a connection.
func (t *Transport) find(ctx context.Context, address string) (net.Conn, error) {
	places, err := t.Places(ctx, address)
	if err != nil {
		return nil, err
	}
	return t.dialAny(ctx, places)
}

// DialError is why there is no connection to an address: nothing was sent there.
type DialError struct {
	Address string
	Err     error
}

// Error names the address.
func (e *DialError) Error() string { return fmt.Sprintf("dial %s: %v", e.Address, e.Err) }

// Unwrap is the cause.
func (e *DialError) Unwrap() error { return e.Err }

// dial makes a tuned connection. The error is a *DialError.
func (t *Transport) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := t.find(ctx, address)
	if exhausted(err) {
		t.options.Shortages.Begin(dialling, err)
	} else {
		t.options.Shortages.End(dialling)
	}
	if err != nil {
		return nil, &DialError{address, err}
	}
	if err := tune(conn, t.options.WriteTimeout); err != nil {
		conn.Close()
		return nil, &DialError{address, err}
	}
	return conn, nil
}

// exhausted reports whether there is no connection because this system has nothing left to make one with.
func exhausted(err error) bool {
	return vfs.Passing(err) && !errors.Is(err, fs.ErrPermission) // a firewall's word is about the other side
}

// Close closes every connection and waits until no goroutine is left: after it no method of the handler is called. The
// handler's methods must not call it.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	err := t.listener.Close()
	t.goroutines.Wait()
	t.resolver.close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
