package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Members meet to learn where members are:
//
//	member ── hello ──► the member at an address       "who are you? I am to be found at …, and others at …"
//	       ◄─ welcome ──
//
// Both sides tell their handler. It is the same exchange that begins a link; a dialler that finds another member than
// the one it looked for ends there as well.

// Meet introduces this node to the members at an address, and has Handler.Met hear who they are. A name may stand for
// several addresses; each is asked. The error says why no member was met; it wraps ErrSelf if this node lives there.
func (t *Transport) Meet(ctx context.Context, address string) error {
	ctx, cancel := t.within(ctx)
	defer cancel()
	places, err := t.Places(ctx, address)
	if err != nil {
		return err
	}
	failures := make([]error, len(places))
	var all sync.WaitGroup
	for i, place := range places {
		all.Go(func() { failures[i] = t.meetAt(ctx, place) })
	}
	all.Wait()
	for _, failed := range failures {
		if failed == nil {
			return nil
		}
	}
	return errors.Join(failures...)
}

// meetAt introduces this node to the member at one place.
func (t *Transport) meetAt(ctx context.Context, place string) error {
	conn, err := t.dial(ctx, place)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s, err := newHandshake(conn, t.options.Secret, t.options.HandshakeTimeout)
	if err != nil {
		return err
	}
	own := t.options.Handler.Hello(Peer{Address: place})
	theirs, err := s.introduce(purposeMeet, &own)
	if err == nil {
		err = checkMeeting(&own, &theirs)
	}
	if err != nil {
		return fmt.Errorf("meet the node at %s: %w", place, err)
	}
	t.options.Handler.Met(theirs, conn.RemoteAddr().String())
	return nil
}

// admitMeeting answers a member that asks who lives here.
func (t *Transport) admitMeeting(s *handshake) error {
	theirs, err := s.hearHello()
	if err != nil {
		return err
	}
	own := t.options.Handler.Hello(Peer{ID: theirs.From, Incarnation: theirs.Incarnation, Address: theirs.Address})
	if err := checkMeeting(&own, &theirs); err != nil {
		return fmt.Errorf("node %d: %w", theirs.From, err)
	}
	return t.meet(s, &own, &theirs)
}

// meet believes a member that introduced itself, and introduces this node. A second process of a member that is
// connected here is not believed: it may be a copy of the data directory.
func (t *Transport) meet(s *handshake, own, theirs *Hello) error {
	if t.connectedAsAnother(theirs) {
		return fmt.Errorf("node %d: %w", theirs.From, ErrDuplicate)
	}
	t.resolver.seen(theirs.Address, s.conn.RemoteAddr())
	t.options.Handler.Met(*theirs, "")
	own.To, own.ToIncarnation = theirs.From, theirs.Incarnation
	if err := s.send(nil, frameWelcome, encodeControl(own.wire(nil))); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	return nil
}

// connectedAsAnother reports whether messages of this member come from another process or data directory.
func (t *Transport) connectedAsAnother(theirs *Hello) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	in := t.incoming[place{theirs.From, purposeMessages}]
	return in != nil && (in.hello.Boot != theirs.Boot || in.hello.Incarnation != theirs.Incarnation)
}
