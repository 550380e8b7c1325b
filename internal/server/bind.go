package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/raftredis/raftredis/internal/address"
)

const (
	// takenPeriod is how long a start waits for a port that another process has. Above 32767 the system lends a free port
	// to any outgoing connection for a moment, and a process that was just replaced takes some time to end.
	takenPeriod = 5 * time.Second
	// takenPause is the time between two tries.
	takenPause = 100 * time.Millisecond
)

// errStopped ends a start that a signal has stopped.
var errStopped = errors.New("stopped by a signal")

// place is one address of --bind.
type place struct {
	// host is what to listen on, network the kind of address that a wildcard stands for.
	host, network string
	// optional: a machine that lacks the address is no reason to stop.
	optional bool
}

// places are the addresses of --bind, in Redis's words: a dash before an address makes it optional, * is every IPv4
// address, ::* every IPv6 address. An address that is named twice is one, optional if it is each time.
func places(words []string) (all []place) {
	for _, word := range words {
		p := place{network: "tcp"}
		p.host, p.optional = strings.CutPrefix(word, "-")
		switch p.host {
		case "*", "0.0.0.0":
			p.host, p.network = "0.0.0.0", "tcp4"
		case "::*", "::":
			p.host, p.network = "::", "tcp6"
		}
		if at := slices.IndexFunc(all, p.same); at >= 0 {
			all[at].optional = all[at].optional && p.optional
			continue
		}
		all = append(all, p)
	}
	return all
}

// same reports whether two places are one.
func (p place) same(other place) bool { return p.host == other.host && p.network == other.network }

// loopback reports whether only this machine can reach a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// exposed reports whether one of the addresses can be reached from other machines.
func exposed(all []place) bool {
	for _, p := range all {
		if !loopback(p.host) {
			return true
		}
	}
	return false
}

// callable is the first address that others can dial, one beyond loopback if there is one; empty: there is none.
func callable(all []place) (host string) {
	for _, p := range all {
		switch {
		case address.Wildcard(p.host):
		case !loopback(p.host):
			return p.host
		case host == "":
			host = p.host
		}
	}
	return host
}

// listen takes a port on every address. What is taken waits for takenPeriod, unless the node is told to stop.
func listen(flag string, all []place, port int, logger *slog.Logger, stop <-chan os.Signal) (net.Listener, error) {
	var taken []net.Listener
	for _, p := range all {
		listener, err := listenPatiently(flag, p, port, logger, stop)
		if err != nil && p.optional && absent(err) {
			logger.Info("not listening on an optional address that this machine lacks", "address", p.host, "port", port)
			continue
		}
		if err != nil {
			_ = closeAll(taken)
			return nil, listenError(flag, p.host, port, err)
		}
		taken = append(taken, listener)
	}
	switch len(taken) {
	case 0:
		return nil, fmt.Errorf("this machine has none of the addresses of --bind: name one without a dash")
	case 1:
		return taken[0], nil
	}
	return newListeners(taken), nil
}

// listenPatiently tries again while another process has the port.
func listenPatiently(
	flag string, p place, port int, logger *slog.Logger, stop <-chan os.Signal,
) (net.Listener, error) {
	patience := time.NewTimer(takenPeriod)
	defer patience.Stop()
	for first := true; ; first = false {
		listener, err := net.Listen(p.network, address.Join(p.host, port))
		if !errors.Is(err, syscall.EADDRINUSE) {
			return listener, err
		}
		if first {
			logger.Warn("the port is taken by another process: trying again", "port", port, "address", p.host, "setting", flag,
				"for", takenPeriod)
		}
		select {
		case <-stop:
			return nil, errStopped
		case <-patience.C:
			return nil, err
		case <-time.After(takenPause):
		}
	}
}

// absent reports whether the machine lacks an address, or all addresses of its kind.
func absent(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

func listenError(flag, host string, port int, err error) error {
	switch {
	case errors.Is(err, errStopped):
		return err
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d on %s is taken by another process: stop it, or choose another with --%s",
			port, host, flag)
	case absent(err):
		return fmt.Errorf("%s is no address of this machine: --bind is where this node listens, --join where "+
			"others do", host)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("port %d on %s: %w: ports below 1024 are for root; choose another with --%s", port, host, err,
			flag)
	}
	return fmt.Errorf("--bind %s --%s %d: %w", host, flag, port, err)
}

// listeners accepts from several listeners as one.
type listeners struct {
	all      []net.Listener
	accepted chan acceptance
	closed   chan struct{}
	once     sync.Once
}

type acceptance struct {
	conn net.Conn
	err  error
}

func newListeners(all []net.Listener) *listeners {
	l := &listeners{all: all, accepted: make(chan acceptance), closed: make(chan struct{})}
	for _, one := range all {
		go l.accept(one)
	}
	return l
}

// accept hands over what one listener gives, an error too: the caller of Accept knows which ones pass, and how long to
// wait. It takes the next connection when the last one was taken.
func (l *listeners) accept(one net.Listener) {
	for {
		conn, err := one.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		select {
		case l.accepted <- acceptance{conn, err}:
		case <-l.closed:
			if err == nil {
				_ = conn.Close()
			}
			return
		}
	}
}

// Accept waits for the next connection on any of the addresses.
func (l *listeners) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close stops all.
func (l *listeners) Close() error {
	l.once.Do(func() { close(l.closed) })
	return closeAll(l.all)
}

// Addr is the first address that other machines may reach, or the first one.
func (l *listeners) Addr() net.Addr {
	for _, one := range l.all {
		if tcp, is := one.Addr().(*net.TCPAddr); is && !tcp.IP.IsLoopback() {
			return tcp
		}
	}
	return l.all[0].Addr()
}

func closeAll(all []net.Listener) error {
	var errs []error
	for _, one := range all {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
