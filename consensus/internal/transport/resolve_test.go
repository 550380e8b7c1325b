package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// names is a resolver that a test controls: it answers with what answer returns, when that returns.
func names(answer func(ctx context.Context, host string) ([]netip.Addr, error)) func(*node, *Options) {
	return func(_ *node, o *Options) { o.Lookup = answer }
}

var loopback = []netip.Addr{netip.MustParseAddr("127.0.0.1")}

// named calls a node by a host name instead of its address.
func (n *node) named(host string) Peer {
	_, port, _ := net.SplitHostPort(n.address())
	return n.peer().at(net.JoinHostPort(host, port))
}

// The first of two name servers is silent: the resolver asks the second one after longer than a connection may take.
func TestANameMayTakeLongerThanAConnection(t *testing.T) {
	const limit = 20 * time.Millisecond
	slow := func(ctx context.Context, _ string) ([]netip.Addr, error) {
		select {
		case <-time.After(5 * limit):
			return loopback, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	b := start(t, 2)
	a := start(t, 1, names(slow), func(_ *node, o *Options) { o.DialTimeout = limit })
	a.link(b.named("b.example"))
}

// While no name server answers, the last address is good enough.
func TestTheLastGoodAddressIsUsedWhileANameIsResolved(t *testing.T) {
	var silent atomic.Bool
	server := func(ctx context.Context, _ string) ([]netip.Addr, error) {
		if !silent.Load() {
			return loopback, nil
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b := start(t, 2)
	a := start(t, 1, names(server))
	a.link(b.named("b.example"))
	silent.Store(true)
	for range 3 { // the lookup that hangs serves all of them
		b.transport.Reset(1)
		a.awaitDown(2)
		a.awaitUp(2)
	}
}

// No name server answers at all, and node 2 dials: where it comes from is good enough for the way back.
func TestAMemberIsFoundWhereItConnectsFrom(t *testing.T) {
	silent := func(ctx context.Context, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	a, b := start(t, 1, names(silent)), start(t, 2)
	a.transport.SetPeers([]Peer{b.named("b.example")})
	address := b.named("b.example").Address
	b.mu.Lock()
	b.hello.Address = address
	b.mu.Unlock()
	b.link(a.peer())
	a.awaitUp(2)
}

// A name that fails is an error like any other, and is resolved anew by the next dial.
func TestANameThatFailsIsResolvedAgain(t *testing.T) {
	var known atomic.Bool
	failed := errors.New("no such host")
	server := func(context.Context, string) ([]netip.Addr, error) {
		if known.Load() {
			return loopback, nil
		}
		return nil, failed
	}
	b := start(t, 2)
	a := start(t, 1, names(server))
	a.transport.SetPeers([]Peer{b.named("b.example")})
	err := a.awaitProblem(2, says(failed))
	var dial *DialError
	if !errors.As(err, &dial) || !strings.HasPrefix(dial.Address, "b.example:") {
		t.Errorf("the problem is %v", err)
	}
	known.Store(true)
	a.awaitUp(2)
}

// A name has several addresses, and the first one refuses.
func TestAllAddressesOfANameAreTried(t *testing.T) {
	several := func(context.Context, string) ([]netip.Addr, error) {
		return append([]netip.Addr{netip.MustParseAddr("127.0.0.9")}, loopback...), nil
	}
	b := start(t, 2)
	a := start(t, 1, names(several))
	a.link(b.named("b.example"))
}

// An address that is silent takes the time of no other one: two of them, and then one that answers.
func TestASilentAddressDoesNotHoldUpTheNext(t *testing.T) {
	b := start(t, 2)
	network := func(ctx context.Context, place string) (net.Conn, error) {
		if strings.HasPrefix(place, "hole") {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, "tcp", place)
	}
	a := start(t, 1, func(_ *node, o *Options) { o.Dial, o.DialTimeout = network, dialStagger+dialStagger/2 })
	conn, err := a.transport.dialAny(context.Background(), []string{"hole:1", "hole:2", b.address()})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	_, err = a.transport.dialAny(context.Background(), []string{"hole:1", "hole:2"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("places that lead nowhere: %v", err)
	}
}

// The book of names does not grow without end.
func TestNamesAreForgottenWhenThereAreTooMany(t *testing.T) {
	a := start(t, 1, names(func(context.Context, string) ([]netip.Addr, error) { return loopback, nil }))
	for i := range maxNames + 1 {
		if _, err := a.transport.resolver.resolve(context.Background(), fmt.Sprintf("n%d.example", i)); err != nil {
			t.Fatal(err)
		}
	}
	if known := len(a.transport.resolver.names); known > maxNames {
		t.Errorf("%d names are known", known)
	}
}
