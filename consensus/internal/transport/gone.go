package transport

import (
	"errors"
	"io"
	"slices"
	"syscall"
)

// A process that ends closes its connections and its port, whatever ended it; a machine that is stopped, a process that
// is, and a network that is cut close neither. So the end of a process is told by three things together:
//
//  1. The other side has ended the link to it.
//  2. A dial to the same address, not before a while later, is refused: at each place that the address stands for.
//  3. No connection stands on which the peer's messages come.
//
// A port on which something listens refuses no dial: not where the process has no descriptor left, nor where another
// process has taken the port. A firewall may refuse one, and the peer may be alive behind it. Then it has lost both
// connections with this node, and the handler may be wrong about it and about no other one.

// suspect tells the handler that the process of the peer seems to be gone, after a dial that failed.
func (p *peer) suspect(target Peer, failed error) {
	l := p.lost
	if l != nil && l.address == target.Address && isRefused(failed) && !p.transport.hears(p) {
		p.transport.options.Handler.Gone(p.id, l.boot)
	}
}

// hears reports whether there is a connection on which messages of a peer come.
func (t *Transport) hears(p *peer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.incoming[place{p.id, purposeMessages}] != nil
}

// endedThere reports whether a link ended because the other side closed it.
func endedThere(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// isRefused reports whether a dial failed because all places were reached and nothing listens there.
func isRefused(err error) bool {
	var dial *DialError
	return errors.As(err, &dial) && everyRefusal(dial.Err)
}

func everyRefusal(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(one error) bool { return !everyRefusal(one) })
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
