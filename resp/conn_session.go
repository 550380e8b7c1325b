package resp

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/wire"
)

// session is what the rest of the server may know about a connection, and may do to it. Only the connection's own
// goroutine changes the facts, so it reads them without the lock.
type session struct {
	id    int64
	began time.Time
	socket

	// spec is the last command; active is when the last bytes came, or up to watchPeriod before.
	spec   atomic.Pointer[command.Spec]
	active atomic.Int64
	// unread is how many bytes of requests wait to be answered, room how many more the buffer takes, unsent how many bytes
	// of replies are being sent.
	unread, room, unsent atomic.Int64
	// queued is one more than the number of commands that a transaction has, 0 without one; queuedBytes is the memory that
	// they take.
	queued, queuedBytes atomic.Int64
	// slowReplies and slowMail are the watch's.
	slowReplies, slowMail stretch
	// blocked says whether the client waits for something that CLIENT UNBLOCK can end.
	blocked atomic.Uint32
	// wasCut says that the connection was ended because its client listens and would miss messages.
	wasCut atomic.Bool

	// mailed says that mail waits, or that it exceeded its limit.
	mailed atomic.Bool
	// redirectBroken says that the session which this one named by CLIENT TRACKING REDIRECT has ended.
	redirectBroken atomic.Bool
	// wake makes the connection look whether what it waits for has come.
	wake func()
	// run is the place of the connection's runs. The state machine names it with each change, so that the tracker knows
	// which client made the change.
	run *command.Run
	// mailLimit is how many bytes of mail may wait; 0: wire.MaxBytes.
	mailLimit *atomic.Int64

	mu    sync.Mutex
	facts facts
	// mail is what is sent besides replies. It is closed with the connection, or beyond its limit.
	mail           []byte
	closed, tooBig bool
}

// socket is what a session knows of the socket below it. The zero value is a connection without one.
type socket struct {
	// address is the client's, local this side's; descriptor, if not nil, tells the number of the file.
	address, local string
	descriptor     func() int
	// kill cuts the connection; nudge makes its goroutine look for mail although no bytes come. Both may be called by
	// anyone and do not block.
	kill, nudge func()
}

// file is the number of the file, 0 where there is none.
func (s *socket) file() int {
	if s.descriptor == nil {
		return 0
	}
	return s.descriptor()
}

// facts are what a client said of itself and what it asked for.
type facts struct {
	name, library, libraryVersion string
	protocol                      int
	// database is the number of the database in which the client is.
	database      int
	authenticated bool
	// readOnly is set between READONLY and READWRITE: the client is content with a replica.
	readOnly         bool
	noEvict, noTouch bool
	// stale is set by RAFT.READ STALE: old state will do for reads, on a leader too.
	stale      bool
	monitoring bool
	tracking   tracking
	// listens is to how many names of each kind the client listens.
	listens [channels.Kinds]int
}

// subscribed reports whether the client listens to a channel.
func (f *facts) subscribed() bool { return f.listens != [channels.Kinds]int{} }

// mayBeSilent reports whether the client has come to hear, and need not say anything.
func (f *facts) mayBeSilent() bool { return f.monitoring || f.subscribed() }

// States of session.blocked.
const (
	unblocked uint32 = iota
	blocked
	timedOut
	interrupted
)

// sessions are those of all open connections.
type sessions struct {
	mu     sync.Mutex
	lastID int64
	byID   map[int64]*session
}

// open numbers the session of a new connection. It has all that others use: they find it from now on.
func (all *sessions) open(s *session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.lastID++
	s.id = all.lastID
	if all.byID == nil {
		all.byID = make(map[int64]*session)
	}
	all.byID[s.id] = s
}

// close forgets a session. What comes for it later is dropped.
func (all *sessions) close(s *session) {
	all.mu.Lock()
	delete(all.byID, s.id)
	all.mu.Unlock()
	s.mu.Lock()
	s.closed, s.mail = true, nil
	s.mu.Unlock()
}

// find returns the open session with a number, or nil.
func (all *sessions) find(id int64) *session {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.byID[id]
}

// list returns all open sessions in the order of their numbers.
func (all *sessions) list() []*session {
	all.mu.Lock()
	defer all.mu.Unlock()
	open := make([]*session, 0, len(all.byID))
	for _, s := range all.byID {
		open = append(open, s)
	}
	slices.SortFunc(open, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	return open
}

// each calls a function for all open sessions, in no order. Opening and closing waits for it, so it is short. The watch
// goes through ten thousand idle clients ten times a second: list would make, and sort, a list of them each time.
func (all *sessions) each(visit func(*session)) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, s := range all.byID {
		visit(s)
	}
}

// nudge makes the goroutines of all connections look for what is new.
func (all *sessions) nudge() {
	for _, s := range all.list() {
		if s.socket.nudge != nil {
			s.socket.nudge()
		}
	}
}

// set changes facts. Only the connection's own goroutine calls it.
func (s *session) set(change func(f *facts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.facts)
}

// known is a copy of the facts for other goroutines.
func (s *session) known() facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.facts
}

// mayBeSilent reports whether the client need not say anything.
func (s *session) mayBeSilent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.facts.mayBeSilent()
}

// cut ends the connection as soon as it can be ended, without a word to its client.
func (s *session) cut() {
	if s.kill != nil {
		s.kill()
	}
}

// post sends a message besides the replies: when no reply is due, or the next one waits for something besides the
// store, and in the order of posting. Beyond the limit all mail is lost, and so is the connection. It may be called
// under any lock: it does not block.
func (s *session) post(message []byte) {
	if s.put(message) {
		s.tell()
	}
}

// Hear sends a message of a channel, in the form that the client's protocol has now.
func (s *session) Hear(m *channels.Message) {
	s.postForm(func(f *facts) []byte { return m.In(f.protocol) })
}

// postForm is post of a message whose form depends on the facts at that moment; nil: it is not sent.
func (s *session) postForm(form func(f *facts) []byte) {
	s.mu.Lock()
	message := form(&s.facts)
	isFirst := message != nil && s.putLocked(message)
	s.mu.Unlock()
	if isFirst {
		s.tell()
	}
}

// tell makes the connection look for mail, whether its goroutine reads or is parked.
func (s *session) tell() {
	if s.socket.nudge != nil {
		s.socket.nudge()
	}
	s.wake()
}

// takes reports whether a message of some length may wait: what waits already is not counted.
func (s *session) takes(bytes int) bool {
	limit := s.mailLimit.Load()
	return bytes <= wire.MaxBytes && (limit == 0 || int64(bytes) <= limit)
}

// put adds a message to the mail, and reports whether the connection has to be told of it.
func (s *session) put(message []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putLocked(message)
}

func (s *session) putLocked(message []byte) bool {
	switch {
	case s.closed:
		return false
	case !s.takes(len(s.mail) + len(message)):
		s.loseLocked()
		return true
	}
	first := len(s.mail) == 0
	s.mail = append(s.mail, message...)
	s.mailed.Store(true)
	return first
}

// lose ends the connection as a message does that is too long to wait.
func (s *session) lose() {
	s.mu.Lock()
	open := !s.closed
	if open {
		s.loseLocked()
	}
	s.mu.Unlock()
	if open {
		s.tell()
	}
}

func (s *session) loseLocked() {
	s.closed, s.tooBig, s.mail = true, true, nil
	s.mailed.Store(true)
}

// collect appends the mail to dst; false means that there was too much of it.
func (s *session) collect(dst []byte) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.collectLocked(dst)
}

// turn changes facts as set does, and appends to dst the mail that came before that: it has the form that was asked for
// until then.
func (s *session) turn(dst []byte, change func(f *facts)) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst, _ = s.collectLocked(dst) // where there was too much, mailed still says so
	change(&s.facts)
	return dst
}

func (s *session) collectLocked(dst []byte) ([]byte, bool) {
	dst = append(dst, s.mail...)
	s.mail = s.mail[:0]
	if cap(s.mail) > keptOutputBytes {
		s.mail = nil
	}
	s.mailed.Store(s.tooBig)
	return dst, !s.tooBig
}

// lostMail reports whether there was too much mail: all of it is lost, and the connection is to end.
func (s *session) lostMail() bool {
	if !s.mailed.Load() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tooBig
}

// drop forgets the mail that waits.
func (s *session) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail = nil
	s.mailed.Store(s.tooBig)
}

// mailBytes is how much mail waits.
func (s *session) mailBytes() int {
	if !s.mailed.Load() {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mail)
}

// unblock ends what the client waits for, and reports whether it waited.
func (s *session) unblock(how uint32) bool {
	if !s.blocked.CompareAndSwap(blocked, how) {
		return false
	}
	s.wake()
	return true
}

// watchList are the keys that a connection watches, each as it was found first.
type watchList struct {
	keys  []command.Watched
	known map[watchedKey]struct{}
	bytes int
	// lacks says why some are missing, on which no transaction can depend then; empty: none is.
	lacks string
}

// watchedKey is a key of a database.
type watchedKey struct {
	database int
	key      string
}

// refused notes that calls were refused: if WATCH is among them, EXEC must not be executed as if nothing was watched. A
// client may have sent it before it reads that.
func (l *watchList) refused(calls []command.Call) {
	if len(calls) > 0 && calls[len(calls)-1].Spec == node.Watch {
		l.lacks = watchRefused
	}
}

// add adds what WATCH has found.
func (l *watchList) add(found []command.Watched) {
	for _, w := range found {
		if _, is := l.known[watchedKey{w.Database, string(w.Key)}]; is {
			continue
		}
		if l.bytes += argv.Size([][]byte{w.Key}) + argumentBytes; l.bytes > maxWatchedBytes {
			l.lacks = watchesTooMuch
			return
		}
		if l.known == nil {
			l.known = make(map[watchedKey]struct{})
		}
		l.known[watchedKey{w.Database, string(w.Key)}] = struct{}{}
		l.keys = append(l.keys, w.Own())
	}
}
