package consensus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Entry is a committed command of the log, as Subscription.Next and Options.OnCommit give it.
type Entry struct {
	// Index is the place of the command in the log: the index that StateMachine.Apply gets with it. Indexes grow, and are
	// not dense: the log has entries without a command, such as the start of a term or a change of the members, and a
	// command above 1 MiB takes several entries and has the index of the last.
	Index uint64
	// Term is the term in which it was appended.
	Term uint64
	// Time is its log time in milliseconds: the stamp that StateMachine.Apply gets. It never goes back from one entry to
	// the next. WallTime is the cluster's wall time, in milliseconds since 1970 UTC, which may go back.
	Time     int64
	WallTime int64
	// Command is what was proposed. It must not be changed. What is kept of it pins what was read from the disk with it,
	// up to Options.SubscriptionBytes: who keeps little of much makes a copy.
	Command []byte
	// Session and Sequence are those of a command in a session, else 0. The log may have such a command several times,
	// once for each attempt of its client that was not lost, and a subscription gives it as often. The machine executes
	// one of them at most, and none where the session had ended, or the sequence had left its window.
	Session, Sequence uint64
	// Gap: there is no command here, and the commands behind the last one that was given, up to Index, cannot be had. Only
	// Options.OnCommit is told so; a Subscription ends with a CompactedError.
	Gap bool
}

// CompactedError says that the log of this node does not hold a command any more: a snapshot stands for it. Nothing was
// passed over: all commands before Index were given.
//
// To go on, take what the commands did from the state instead, and subscribe again:
//
//  1. View the machine, and take what is needed of its state, with the last index that it has applied. That is First-1
//     at least: the subscription has waited until the machine of this node had come so far.
//  2. Subscribe from First, and pass over the commands up to that index.
type CompactedError struct {
	// Index is where the subscription stood: the first command that cannot be had is there or behind it. First is the
	// first index from which the log can be read on.
	Index uint64
	First uint64
}

// Error names both, and says how to go on.
func (e *CompactedError) Error() string {
	return fmt.Sprintf("the log does not hold all commands from entry %d on: a snapshot stands for them; take the state "+
		"of the machine, and subscribe from entry %d", e.Index, e.First)
}

// Subscription gives the committed commands of the log, in order, each once. Make it with Node.Subscribe. Next and
// Entries are for one goroutine at a time, Resume and Close for any.
//
// Nothing waits for a subscription: it reads what it gives from the log on this node's disk, when it is asked.
type Subscription struct {
	node *Node
	// context ends with that of Subscribe, and by cancel, which says why.
	context context.Context
	cancel  context.CancelCauseFunc
	// listens: it serves Options.OnCommit.
	listens bool
	// woken has room for one: there may be more to read.
	woken chan struct{}

	// next is the index behind the last entry that was given or has no command; needed the first entry of the log that was
	// not read yet.
	next, needed atomic.Uint64

	// What follows belongs to Next. begun is the entry at which cursor and bodies began; it moves back, by back bytes,
	// when a command turns out to have begun before it. partial: the log has nothing before it.
	cursor  *wal.Cursor
	bodies  engine.Bodies
	begun   raftlog.Index
	back    int64
	partial bool
	// clear is an entry before which no command began that has not ended. holds and waits say what the subscription has
	// of Node.assembling.
	clear        raftlog.Index
	holds, waits bool

	read []raftlog.Entry
	err  error
}

// Subscribe gives the committed commands from an index on, that of the entry there included; 0 is 1. It works on every
// node, leader or not, member or still blank, and goes on through changes of leaders and of members. A host that
// remembers Resume, or the index of the last command that it has taken in plus one, goes on from there after a restart,
// on this node or on another one of the cluster.
//
// An entry is given when a majority has committed it, and it is on this node's own disk: it will never be taken back.
// The machine of this node may not have applied it yet. Entries that are not there yet are waited for, however far
// ahead from is.
//
// A reader that is slow holds up nothing: not commands, not the machine, not snapshots. History, the log on the disk,
// is kept for it as long as that stays below Options.MaxHistoryBytes; then it ends with a CompactedError. So does it
// when this node fetches a snapshot, because the members' logs begin behind its own: the node never has what is
// between.
//
// The subscription ends with ctx, with Close, and with the node. It should be closed: while it is open it counts
// against Options.MaxSubscriptions, and may keep history.
//
// Errors: ErrOverloaded beyond MaxSubscriptions; ErrClosed. That the log does not go back to from is said by Next.
func (n *Node) Subscribe(ctx context.Context, from uint64) (*Subscription, error) {
	return n.subscribe(ctx, from, false)
}

func (n *Node) subscribe(ctx context.Context, from uint64, listens bool) (*Subscription, error) {
	begin := raftlog.Index(max(from, 1))
	if n.Err() != nil {
		return nil, n.closedError()
	}
	s := &Subscription{
		node: n, listens: listens, woken: make(chan struct{}, 1), cursor: n.log.Cursor(begin), begun: begin,
		back: minBackBytes, clear: begin,
	}
	s.context, s.cancel = context.WithCancelCause(ctx)
	s.next.Store(uint64(begin))
	s.needed.Store(uint64(begin))
	if limit := n.options.MaxSubscriptions; !n.subscriptions.add(s, n.log.Stats().HistoryFirst, limit) {
		s.cancel(nil)
		return nil, &reasonError{ErrOverloaded, fmt.Errorf("there are %d subscriptions, as many as MaxSubscriptions allows: "+
			"close one", limit)}
	}
	context.AfterFunc(s.context, s.drop)
	n.renew()
	return s, nil
}

// Next returns the next command. It waits until there is one, until ctx ends, whose error it returns then, and may be
// called again; or until the subscription ends: with a *CompactedError, with the error of the context of Subscribe, or
// with one that matches ErrClosed.
func (s *Subscription) Next(ctx context.Context) (Entry, error) {
	if s.holds && !s.node.assembling.comeBack(s) {
		s.holds = false
		s.begin(s.clear)
	}
	e, err := s.give(ctx)
	if s.holds || s.waits {
		s.node.assembling.leave(s)
		s.waits = false
	}
	return e, err
}

// give gives the next command, as Next does.
func (s *Subscription) give(ctx context.Context) (Entry, error) {
	for {
		if err := s.ended(ctx); err != nil {
			return Entry{}, err
		}
		if len(s.read) > 0 {
			e, given, wait := s.take(&s.read[0])
			if given {
				return e, nil
			}
			if wait > 0 {
				s.await(ctx, wait)
			}
			continue
		}
		before := s.cursor
		if wait, err := s.fetch(); err != nil {
			s.end(err)
		} else if len(s.read) == 0 && s.cursor == before {
			s.await(ctx, wait)
		}
	}
}

// Entries ranges over the commands until the subscription ends: its last pair is the error of Next, with no command. A
// loop that is left may be begun again, and goes on where it was.
func (s *Subscription) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			if e, err := s.Next(s.context); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Resume is the index from which a later Subscribe goes on behind what was given: all commands before it were. It grows
// also while there are no commands, so a host that remembers it, and not the last command, is not told that a part of
// the log is gone in which it missed nothing.
func (s *Subscription) Resume() uint64 { return s.next.Load() }

// Close ends the subscription. A Next that waits returns.
func (s *Subscription) Close() {
	s.cancel(errUnsubscribed)
	s.drop()
}

// drop forgets the subscription: it keeps nothing any more.
func (s *Subscription) drop() {
	s.node.subscriptions.remove(s)
	s.node.assembling.free(s)
	s.node.renew()
}

// errUnsubscribed ends a subscription that its host has closed.
var errUnsubscribed = &reasonError{ErrClosed, errors.New("the subscription is closed")}

// closedError says that the node is closed, and why it failed if it did.
func (n *Node) closedError() error {
	if err := n.Err(); !errors.Is(err, ErrClosed) {
		return errors.Join(ErrClosed, err)
	}
	return ErrClosed
}

// ended is why Next must not go on; nil if it may.
func (s *Subscription) ended(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.node.Err() != nil:
		return s.node.closedError()
	case context.Cause(s.context) == error(errUnsubscribed):
		return errUnsubscribed
	}
	if err := s.context.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// end makes an error final.
func (s *Subscription) end(err error) {
	s.err, s.read, s.bodies = err, nil, engine.Bodies{}
	s.Close()
}

// await waits until there may be more to read. A wait that is not 0 is for what the system is short of.
func (s *Subscription) await(ctx context.Context, wait time.Duration) {
	var again <-chan time.Time
	if wait > 0 {
		again = time.After(wait)
	}
	select {
	case <-s.woken:
	case <-again:
	case <-s.node.done:
	case <-s.context.Done():
	case <-ctx.Done():
	}
}

const (
	// readingForSubscription is the work that a shortage can put off, subscriptionPause how long.
	readingForSubscription = "read history for a subscription"
	subscriptionPause      = 100 * time.Millisecond
	// minBackBytes is how far back a subscription first looks for the beginning of a command. It is doubled each time, so
	// that what is read again stays of the order of the command.
	minBackBytes = 4 << 20
)

// fetch reads ahead, and says how long to wait before the next attempt if the system is short of something. An error
// ends the subscription.
func (s *Subscription) fetch() (wait time.Duration, err error) {
	n := s.node
	s.read, err = s.cursor.Read(n.options.SubscriptionBytes)
	if err == nil {
		err = engine.CheckLevels(s.read, engine.Level)
	}
	var compacted *wal.CompactedError
	switch {
	case errors.As(err, &compacted):
		return s.compacted(compacted.First)
	case err != nil:
		s.read = nil
		return s.failed(err)
	}
	n.shortages.End(readingForSubscription)
	if len(s.read) > 0 {
		s.needed.Store(uint64(s.cursor.Next()))
		n.subscriptions.note()
		n.renew()
	}
	return 0, nil
}

// failed says what an error of the log means: that the node stops, or how long to wait for what the system is short of.
func (s *Subscription) failed(err error) (wait time.Duration, final error) {
	switch {
	case errors.Is(err, wal.ErrClosed):
	case !vfs.IsFatal(err):
		s.node.shortages.Begin(readingForSubscription, err)
		return subscriptionPause, nil
	default:
		s.node.fail(fmt.Errorf("read entry %d for a subscription: %w", s.cursor.Next(), err))
	}
	return 0, s.node.closedError()
}

// compacted goes on behind what is gone, if that matters only for the beginning of a command. Else it ends the
// subscription.
func (s *Subscription) compacted(first raftlog.Index) (wait time.Duration, err error) {
	next := raftlog.Index(s.next.Load())
	if first <= next {
		s.begin(first)
		s.partial = true
		return 0, nil
	}
	return s.gone(next, first)
}

// gone ends the subscription, because the log cannot be read on before entry first, as soon as the state of the machine
// has what is gone:
//
//  1. The log of this node begins anew behind the snapshot of another one, at entry 900.
//  2. The machine still has its state of entry 500: it is restored from the file in a moment. A host that took that
//     state, and subscribed from 901, would miss 400 entries.
func (s *Subscription) gone(index, first raftlog.Index) (wait time.Duration, err error) {
	if s.node.applied()+1 < first {
		return subscriptionPause, nil
	}
	return 0, &CompactedError{Index: uint64(index), First: uint64(first)}
}

// applied is the last entry whose effect the machine has.
func (n *Node) applied() raftlog.Index {
	if r := n.runner.Load(); r != nil {
		return r.Status().Applied
	}
	return n.base.Mark.Index
}

// begin has the subscription read from an entry on: what led to the next command to be given.
func (s *Subscription) begin(at raftlog.Index) {
	s.begun, s.cursor, s.read, s.bodies = at, s.node.log.Cursor(at), nil, engine.Bodies{}
	s.partial, s.clear = false, at
	if s.holds {
		s.holds = false
		s.node.assembling.free(s)
	}
}

// take takes the next entry that was read, and returns the command that takes effect with it, if one does and was not
// given before. Where it returns a wait, the entry was not taken, and is to be taken later.
func (s *Subscription) take(e *raftlog.Entry) (given Entry, ok bool, wait time.Duration) {
	again := uint64(e.Index) < s.next.Load()
	if bytes := s.bodies.Wants(e); bytes > 0 && !s.holds {
		s.holds = s.node.assembling.enter(s, bytes, s.node.options.MaxWaitingBytes)
		if s.waits = !s.holds; s.waits {
			return Entry{}, false, subscriptionPause
		}
	}
	body, err := s.bodies.Take(e)
	if s.holds && !s.bodies.Holds() {
		s.holds = false
		s.node.assembling.free(s)
	}
	if !s.bodies.Begun() {
		s.clear = e.Index + 1
	}
	if err != nil && !again {
		if wait, err = s.lookBack(e); err != nil {
			s.end(err)
		}
		return Entry{}, false, wait
	}
	if s.read = s.read[1:]; again {
		return Entry{}, false, 0
	}
	s.next.Store(uint64(e.Index) + 1)
	given = Entry{
		Index: uint64(e.Index), Term: uint64(e.Term), Time: int64(e.Stamp), WallTime: int64(e.Time().Wall()), Command: body,
	}
	if body != nil && e.Kind.Traits().InSession {
		given, ok = given.inSession()
		return given, ok, 0
	}
	return given, body != nil, 0
}

// inSession finds the command in what an entry in a session carries. What opens or closes a session is none.
func (e Entry) inSession() (given Entry, ok bool) {
	b, err := raftlog.DecodeSessionBody(e.Command)
	e.Session, e.Sequence, e.Command = b.Session, b.Sequence, b.Command
	return e, err == nil && b.Operation == raftlog.SessionCommand
}

// lookBack begins again further back, because an entry may belong to a command that began before what was read:
//
//  1. A host has taken entry 70, and resumes at 71. Entries 65, 68 and 72 are the pieces of a command.
//  2. Entry 72 is met. The log is read from an earlier entry on; 65 and 68 are put before it, and nothing up to 70 is
//     given once more.
//
// Where the log begins too late for that, the command cannot be had, and the subscription says so.
func (s *Subscription) lookBack(e *raftlog.Entry) (wait time.Duration, err error) {
	if !s.partial {
		at, err := s.node.log.Before(s.begun, s.back)
		switch {
		case err == nil && at < s.begun:
			s.back *= 2
			s.begin(at)
			return 0, nil
		case err != nil && !errors.Is(err, wal.ErrCompacted):
			return s.failed(err)
		}
		s.partial = true
	}
	return s.gone(e.Index, e.Index+1)
}

// listen gives committed commands to Options.OnCommit, from those behind an index on, until the node is closed.
func (n *Node) listen(behind raftlog.Index) {
	from := uint64(behind) + 1
	for {
		err := n.listenFrom(from)
		var compacted *CompactedError
		if !errors.As(err, &compacted) {
			return
		}
		from = compacted.First
		n.options.OnCommit(Entry{Index: from - 1, Gap: true})
	}
}

// listenFrom gives commands until it cannot, and says why.
func (n *Node) listenFrom(from uint64) error {
	s, err := n.subscribe(n.context, from, true)
	if err != nil {
		return err
	}
	defer s.Close()
	for {
		e, err := s.Next(n.context)
		if err != nil {
			return err
		}
		n.options.OnCommit(e)
	}
}
