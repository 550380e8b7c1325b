package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Names are resolved beside the connections, not within their time. A name server that is silent costs the system's
// resolver five seconds before it asks the next one, which is longer than a connection may take; and a node whose
// address has not changed needs no name server at all.
//
// So each dial begins a lookup, unless one is under way, and waits for it: as long as the lookup takes if the name is
// new, and for resolvePatience if it was resolved before. After that the addresses of the last lookup that succeeded
// are dialled, and the next dial has the new ones.
//
// A member that introduces itself from outside shows one address of the name that it has: where its connection comes
// from. As long as the lookup of a new name takes, that one is dialled. It may be a router's, and costs an attempt
// then.

const (
	// resolvePatience is how long a dial waits for news of a name that was resolved before.
	resolvePatience = 200 * time.Millisecond
	// dialStagger is how long a dial waits for one address of a name before it tries the next one beside it.
	dialStagger = 250 * time.Millisecond
	// maxAddressesOfName bounds the addresses of a name that are tried, maxNames the names that are remembered.
	maxAddressesOfName = 16
	maxNames           = 1024
)

// resolver looks up names, each once at a time, and remembers what it found.
type resolver struct {
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	context context.Context
	timeout time.Duration

	mu      sync.Mutex
	closed  bool
	names   map[string]*name
	lookups sync.WaitGroup
}

// name is what is known of one.
type name struct {
	// addresses are what the last lookup that succeeded found; err is why the last one failed, nil if it did not.
	addresses []netip.Addr
	err       error
	// running is closed when the lookup that is under way ends; nil while there is none.
	running chan struct{}
	// known is closed when there are addresses.
	known chan struct{}
}

// take replaces the addresses, if there are any new ones. The caller holds the lock.
func (n *name) take(addresses []netip.Addr) {
	if len(addresses) == 0 {
		return
	}
	if n.addresses == nil {
		close(n.known)
	}
	n.addresses = addresses[:min(len(addresses), maxAddressesOfName)]
}

// resolve returns the addresses of a host, at least one and at most maxAddressesOfName.
func (r *resolver) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal}, nil
	}
	n, running, err := r.begin(host)
	if err != nil {
		return nil, err
	}
	patience := time.NewTimer(resolvePatience)
	defer patience.Stop()
	select {
	case <-running:
	case <-patience.C:
		select {
		case <-running:
		case <-n.known:
		case <-ctx.Done():
			return nil, fmt.Errorf("resolve %s: %w", host, context.Cause(ctx))
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("resolve %s: %w", host, context.Cause(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(n.addresses) > 0:
		return n.addresses, nil
	case n.err != nil:
		return nil, n.err
	}
	return nil, fmt.Errorf("resolve %s: it has no address", host)
}

// begin begins a lookup, or joins the one that is under way.
func (r *resolver) begin(host string) (n *name, running <-chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, ErrClosed
	}
	n = r.name(host)
	if n.running == nil {
		n.running = make(chan struct{})
		r.lookups.Go(func() { r.run(host, n) })
	}
	return n, n.running, nil
}

// name is what is known of a host, with nothing in it if that is new. The caller holds the lock.
func (r *resolver) name(host string) *name {
	n := r.names[host]
	if n == nil {
		r.makeRoom()
		n = &name{known: make(chan struct{})}
		r.names[host] = n
	}
	return n
}

// seen notes that a member which says that it is at an address has connected from a place.
func (r *resolver) seen(address string, from net.Addr) {
	host, _, err := net.SplitHostPort(address)
	place, isTCP := from.(*net.TCPAddr)
	if err != nil || host == "" || !isTCP {
		return
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := r.name(host); n.addresses == nil {
		n.take([]netip.Addr{place.AddrPort().Addr()})
	}
}

// makeRoom forgets names when there are too many: members and seeds are few, and are resolved again when dialled.
func (r *resolver) makeRoom() {
	if len(r.names) < maxNames {
		return
	}
	for host, n := range r.names {
		if n.running == nil {
			delete(r.names, host)
		}
	}
}

func (r *resolver) run(host string, n *name) {
	ctx, cancel := context.WithTimeout(r.context, r.timeout)
	defer cancel()
	found, err := r.lookup(ctx, host)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		n.take(found)
	}
	n.err = err
	close(n.running)
	n.running = nil
}

// close waits for the lookups; the context has ended.
func (r *resolver) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.lookups.Wait()
}

func lookupIP(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Places are the addresses, as IP:PORT, that an address with a name stands for. Where Options.Dial is set, names are
// its business.
func (t *Transport) Places(ctx context.Context, address string) ([]string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || t.options.Dial != nil {
		return []string{address}, nil // if it is none, dialling says so
	}
	found, err := t.resolver.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	places := make([]string, len(found))
	for i, ip := range found {
		places[i] = net.JoinHostPort(ip.Unmap().String(), port)
	}
	return places, nil
}

// dialAny makes a connection to the first of some places that takes one. It tries one after the other, and the next one
// beside those that have not answered within dialStagger: a name may have an address that leads nowhere, as that of a
// network which this machine is not in.
func (t *Transport) dialAny(ctx context.Context, places []string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.options.DialTimeout+time.Duration(len(places)-1)*dialStagger)
	var attempts sync.WaitGroup
	defer attempts.Wait()
	defer cancel() // before the wait
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	try := func(place string) {
		conn, err := t.dialOne(ctx, place)
		select {
		case results <- result{conn, err}:
		case <-ctx.Done():
			if conn != nil {
				conn.Close()
			}
		}
	}
	stagger := time.NewTicker(dialStagger)
	defer stagger.Stop()
	var failures []error
	for begun := 0; len(failures) < len(places); {
		if due := begun == len(failures); !due {
			select {
			case r := <-results:
				if r.err == nil {
					return r.conn, nil
				}
				failures = append(failures, r.err)
				continue
			case <-stagger.C:
			case <-ctx.Done():
				return nil, errors.Join(append(failures, context.Cause(ctx))...)
			}
		}
		if begun < len(places) {
			place := places[begun]
			attempts.Go(func() { try(place) })
			begun++
			stagger.Reset(dialStagger)
		}
	}
	return nil, errors.Join(failures...)
}

// dialOne makes one connection.
func (t *Transport) dialOne(ctx context.Context, place string) (net.Conn, error) {
	if t.options.Dial != nil {
		return t.options.Dial(ctx, place)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", place)
}
