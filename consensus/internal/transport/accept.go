package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Waits after a failed accept, as when the process has no file descriptor left: trying at once would burn a core.
const (
	acceptPauseMin = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// What waits while the system is short of something.
const (
	accepting = "accept connections of other nodes"
	dialling  = "connect to other nodes"
)

// accept takes connections until the listener is closed. Whatever else goes wrong is tried again: a node that takes no
// connection now may take one later.
func (t *Transport) accept() {
	pause := acceptPauseMin
	for {
		conn, err := t.listener.Accept()
		if errors.Is(err, net.ErrClosed) || t.context.Err() != nil {
			if conn != nil {
				conn.Close()
			}
			return
		}
		if err != nil {
			t.options.Shortages.Begin(accepting, err)
			t.sleep(pause)
			pause = min(2*pause, acceptPauseMax)
			continue
		}
		pause = acceptPauseMin
		t.options.Shortages.End(accepting)
		t.take(conn)
	}
}

// sleep waits for the time or the end.
func (t *Transport) sleep(wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.context.Done():
	}
}

// take gives the connection a goroutine if the limits allow one more, else closes it.
func (t *Transport) take(conn net.Conn) {
	if !acquire(t.connections) {
		conn.Close()
		return
	}
	if !acquire(t.handshakes) {
		<-t.connections
		conn.Close()
		return
	}
	t.goroutines.Go(func() {
		defer func() { <-t.connections }()
		defer conn.Close()
		defer context.AfterFunc(t.context, func() { conn.Close() })()
		serve, err := t.welcome(conn)
		<-t.handshakes
		if serve != nil {
			err = serve()
		}
		t.report(conn, err)
	})
}

// acquire takes a token if there is one.
func acquire(tokens chan struct{}) bool {
	select {
	case tokens <- struct{}{}:
		return true
	default:
		return false
	}
}

// report logs why a connection from outside ended; a crowd of equal reasons is logged once in a while.
func (t *Transport) report(conn net.Conn, err error) {
	if err == nil || t.context.Err() != nil || !t.refusals.news(Gist(err), time.Now()) {
		return
	}
	t.options.Logger.Warn("connection from a peer ended", "remote", conn.RemoteAddr(), "error", err)
}

// welcome is the handshake of a connection from outside: it returns what is to be done on it until it ends, nil if that
// is nothing more. A refusal is sent before it is returned.
func (t *Transport) welcome(conn net.Conn) (serve func() error, err error) {
	if err := tune(conn, t.options.WriteTimeout); err != nil {
		return nil, err
	}
	s, err := newHandshake(conn, t.options.Secret, t.options.HandshakeTimeout)
	if err != nil {
		return nil, err
	}
	p, err := readPreamble(s.frames.source)
	switch {
	case err != nil:
	case p == purposeJoin:
		err = t.admitJoin(s)
	case p == purposeInvite:
		err = t.admitInvite(s)
	case p == purposeChange:
		err = t.admitChange(s)
	case p == purposeBulk:
		serve, err = t.admitBulk(s)
	case p == purposeMeet:
		err = t.admitMeeting(s)
	default:
		serve, err = t.admitMessages(s)
	}
	if err != nil {
		if refused := s.refuse(t.untold(s, err)); refused != nil {
			t.options.Logger.Debug("refusal not sent", "remote", conn.RemoteAddr(), "error", refused)
		}
		return nil, err
	}
	return serve, nil
}

// admitMessages answers a peer that wants to send messages.
func (t *Transport) admitMessages(s *handshake) (serve func() error, err error) {
	in, err := t.admitPeer(s, purposeMessages)
	if err != nil || in == nil {
		return nil, err
	}
	frames, err := s.messages(t.maxFrameBytes, t.options.ReadTimeout)
	if err != nil {
		t.forget(in)
		return nil, err
	}
	return func() error {
		defer t.forget(in)
		if onLoop, err := t.receiveOnLoop(in, frames); onLoop {
			return err
		}
		return t.receive(in, frames)
	}, nil
}

// admitPeer answers the hello of a peer. The order matters:
//
//  1. the proof, before this node tells or changes anything;
//  2. what the two identities say by themselves;
//  3. the peer's place for this purpose, so that two connections for one are never checked at once;
//  4. the handler's Admit, by which a blank node gets its identity;
//  5. the welcome, which carries that identity.
//
// A member that looks for another member at this address is told who lives here instead, and is heard as to where it is
// itself; then there is no connection, and nil is returned without an error.
func (t *Transport) admitPeer(s *handshake, p purpose) (*incoming, error) {
	theirs, err := s.hearHello()
	if errors.Is(err, ErrSecret) {
		t.options.Handler.Refused(theirs, err)
	}
	if err != nil {
		return nil, err
	}
	dialler := Peer{ID: theirs.From, Incarnation: theirs.Incarnation, Address: theirs.Address}
	own := t.options.Handler.Hello(dialler)
	if own.From != theirs.To && checkMeeting(&own, &theirs) == nil {
		return nil, t.meet(s, &own, &theirs)
	}
	if err := checkIdentity(&own, &theirs); err != nil {
		t.options.Handler.Refused(theirs, err)
		return nil, fmt.Errorf("node %d: %w", theirs.From, err)
	}
	in, err := t.reserve(p, &theirs, s.conn)
	if err != nil {
		return nil, fmt.Errorf("node %d: %w", theirs.From, err)
	}
	if err := t.options.Handler.Admit(theirs); err != nil {
		t.forget(in)
		return nil, fmt.Errorf("node %d: %w", theirs.From, err)
	}
	t.resolver.seen(theirs.Address, s.conn.RemoteAddr())
	own = t.options.Handler.Hello(dialler)
	own.To, own.ToIncarnation = dialler.ID, dialler.Incarnation
	if err := s.send(nil, frameWelcome, encodeControl(own.wire(nil))); err != nil {
		t.forget(in)
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if known := (*t.peers.Load())[theirs.From]; known != nil {
		known.hurry()
	}
	return in, nil
}

// hearHello reads a hello and does the other side's half of the proofs.
func (s *handshake) hearHello() (Hello, error) {
	_, body, err := s.receive(frameHello)
	if err != nil {
		return Hello{}, err
	}
	var w wireHello
	if err := decodeControl(body, &w); err != nil {
		return Hello{}, err
	}
	theirs, err := w.hello()
	if err != nil {
		return Hello{}, err
	}
	return theirs, s.challenge(w.Nonce, body)
}

// receive delivers what comes from the peer, all whole frames that are there at a time, until the connection ends or
// says something that cannot be. Nothing of a bad frame is delivered, and nothing after it.
func (t *Transport) receive(in *incoming, frames *frameReader) error {
	own := t.options.Handler.Hello(Peer{ID: in.from})
	var batch []engine.Message
	for {
		batch = batch[:0]
		err := t.gather(frames, &own, in.from, &batch)
		if len(batch) > 0 && !t.options.Handler.Receive(in.from, batch) {
			t.options.Logger.Log(t.context, slog.LevelDebug, "no room for messages", "peer", in.from, "messages", len(batch))
		}
		clear(batch)
		if err != nil {
			return fmt.Errorf("node %d: %w", in.from, err)
		}
	}
}

// gather reads one frame, and then those that are there.
func (t *Transport) gather(frames *frameReader, own *Hello, from raftlog.NodeID, batch *[]engine.Message) error {
	for first := true; first || frames.ready(); first = false {
		if err := t.gatherOne(frames, own, from, batch); err != nil {
			return err
		}
	}
	return nil
}

// gatherThere reads frames, up to inletMessages, until the source has no whole one.
func (t *Transport) gatherThere(frames *frameReader, own *Hello, from raftlog.NodeID, batch *[]engine.Message) error {
	for len(*batch) < inletMessages {
		if err := t.gatherOne(frames, own, from, batch); err != nil {
			return err
		}
	}
	return nil
}

// gatherOne reads one frame.
func (t *Transport) gatherOne(frames *frameReader, own *Hello, from raftlog.NodeID, batch *[]engine.Message) error {
	h, body, err := frames.next()
	if err != nil {
		return err
	}
	if h.clusterID != own.ClusterID || h.from != from || h.to != own.From {
		return fmt.Errorf("%w: from node %d to %d of cluster %016x", ErrBadFrame, h.from, h.to, h.clusterID)
	}
	if h.kind == frameAlive {
		if h.bodyBytes != 0 || h.flags != 0 || h.term != 0 {
			return fmt.Errorf("%w: a sign of life with content", ErrBadFrame)
		}
		return nil
	}
	*batch = append(*batch, engine.Message{})
	if err := decodeMessage(&h, body, &(*batch)[len(*batch)-1]); err != nil {
		*batch = (*batch)[:len(*batch)-1]
		return err
	}
	return nil
}

// Gist is the text of an error without what is another one at each attempt: the ports that the system chose for it.
func Gist(err error) string {
	var failed *net.OpError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	return strings.Replace(err.Error(), failed.Error(), failed.Op+": "+failed.Err.Error(), 1)
}

// An equal message is logged again after repeatInterval, and then after pauses that double, up to maxRepeatInterval.
// maxRepeated messages are told apart; one more makes all of them new.
const (
	repeatInterval    = 10 * time.Second
	maxRepeatInterval = 10 * time.Minute
	maxRepeated       = 64
)

// repeatedly tells news from repetition. Several messages may take turns: each has its own pauses.
type repeatedly struct {
	mu     sync.Mutex
	logged map[string]repetition
}

// repetition is when a message was logged last, and how long it is not logged again.
type repetition struct {
	at    time.Time
	pause time.Duration
}

// news reports whether the message is new, or was not logged for the length of its pause.
func (r *repeatedly) news(text string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, known := r.logged[text]
	switch {
	case known && now.Sub(before.at) < before.pause:
		return false
	case r.logged == nil || len(r.logged) >= maxRepeated && !known:
		r.logged = map[string]repetition{}
	}
	pause := repeatInterval
	if known && now.Sub(before.at) < 2*before.pause { // a message that was away for long begins anew
		pause = min(2*before.pause, maxRepeatInterval)
	}
	r.logged[text] = repetition{at: now, pause: pause}
	return true
}
