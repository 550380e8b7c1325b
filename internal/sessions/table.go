package sessions

import (
	"container/heap"
	"slices"

	"github.com/tidwall/btree"
)

// Window is how many sequences of a session may be in flight: what is not executed and is Window or more below the
// highest one that was, never will be.
const Window = 128

// Limits bound a table. All nodes must have the same.
type Limits struct {
	// MaxSessions is how many sessions there may be. Another one is refused: to drop the one that was unused for longest
	// would break the promise to its client, which cannot know.
	MaxSessions int
	// MaxReplyBytes bounds all replies that are kept, each with ReplyOverheadBytes. Beyond it the oldest ones go.
	MaxReplyBytes int
	// MaxOneReplyBytes bounds a reply that is kept, so that one client does not take the replies of all others away.
	MaxOneReplyBytes int
	// MaxReplyAgeMillis is how long a reply is kept, in milliseconds of log time.
	MaxReplyAgeMillis int64
	// MaxTTLMillis bounds the time to live of a session, in milliseconds.
	MaxTTLMillis int64
}

// DefaultLimits are those of a cluster. They are part of the state machine, and so of its feature level: a node with
// others would come to another state.
func DefaultLimits() Limits {
	return Limits{
		MaxSessions: 1 << 17, MaxReplyBytes: 64 << 20, MaxOneReplyBytes: 4 << 20,
		MaxReplyAgeMillis: 3_600_000, MaxTTLMillis: 366 * 86_400_000,
	}
}

// DefaultTTLMillis is the time to live of a session whose client asks for none, in milliseconds: an hour.
const DefaultTTLMillis = 3_600_000

// ReplyOverheadBytes is what a reply counts against Limits.MaxReplyBytes beside its own length: what it takes in
// memory.
const ReplyOverheadBytes = 112

// Outcome is the answer to a sequence.
type Outcome uint8

// The outcomes.
const (
	// First: the sequence was not executed. The caller executes it now, and calls Record.
	First Outcome = iota
	// Replayed: it was executed, and this is the reply that it had.
	Replayed
	// ReplyGone: it was executed, and its reply is no longer kept.
	ReplyGone
	// NoSession: there is no such session, or its time is over. Nothing is executed now. What was executed in it before
	// is not known any more.
	NoSession
	// TooOld: the sequence has left the window, or is 0. Nothing is executed now. Whether it was executed before is not
	// known any more.
	TooOld
)

// String is the outcome in words.
func (o Outcome) String() string {
	return [...]string{"first", "replayed", "reply gone", "no session", "too old"}[o]
}

// Table is a table of sessions. One goroutine changes it; others may call Find beside each other, not beside a change.
type Table struct {
	limits Limits
	byID   btree.Map[uint64, *session]
	ending deadlines
	kept   replies
	// generation counts the freezes. A session of an earlier one may be seen by an image, and is copied before a change.
	generation uint64
	// sum adds up the digests of all sessions and replies.
	sum uint64
}

// session is one session. An image may read all fields but place.
type session struct {
	id, highest uint64
	// done has a bit for each sequence of the window: bit i stands for highest - i.
	done window
	// deadline is when it ends. ttlMillis is for how long it lives behind its last use, at least.
	deadline, ttlMillis int64
	// replies are in ascending order of their sequences.
	replies    []*reply
	generation uint64
	// place is where the session stands in Table.ending.
	place int32
}

// New makes an empty table.
func New(l Limits) *Table { return &Table{limits: l} }

// Len is the number of sessions, with those whose time is over and that Expire has not removed yet.
func (t *Table) Len() int { return t.byID.Len() }

// Last is the highest number of a session, 0 for none.
func (t *Table) Last() uint64 {
	id, _, _ := t.byID.Max()
	return id
}

// ReplyBytes is what the replies that are kept count against Limits.MaxReplyBytes.
func (t *Table) ReplyBytes() int { return t.kept.bytes }

// slackShare of its time to live is what a session gets beside it when it is used. So its deadline moves a few times in
// its life and not with each command.
const slackShare = 16

// Open opens a session with a number that no session had before. ttlMillis is how long it lives without use; it is
// brought into the range from 1 to Limits.MaxTTLMillis. opened is false if there are too many sessions; one that has
// ended and is still there makes room.
func (t *Table) Open(id uint64, now, ttlMillis int64) (opened bool) {
	if t.byID.Len() >= t.limits.MaxSessions {
		if len(t.ending) == 0 || t.ending[0].deadline > now {
			return false
		}
		t.remove(t.ending[0])
	}
	s := &session{id: id, ttlMillis: min(max(ttlMillis, 1), t.limits.MaxTTLMillis), generation: t.generation}
	s.deadline = s.renewed(now)
	if _, exists := t.byID.Set(id, s); exists {
		panic("sessions: a number was given to two sessions")
	}
	t.sum += s.digest()
	heap.Push(&t.ending, s)
	return true
}

// renewed is the deadline after a use.
func (s *session) renewed(now int64) int64 {
	if s.deadline >= now+s.ttlMillis {
		return s.deadline
	}
	return now + s.ttlMillis + s.ttlMillis/slackShare
}

// Close ends a session. closed is false if there is none, or its time was over.
func (t *Table) Close(id uint64, now int64) (closed bool) {
	s, found := t.byID.Get(id)
	if !found {
		return false
	}
	closed = now < s.deadline
	t.remove(s)
	return closed
}

func (t *Table) remove(s *session) {
	for _, r := range s.replies {
		t.forget(r)
	}
	t.sum -= s.digest()
	heap.Remove(&t.ending, int(s.place))
	t.byID.Delete(s.id)
	if t.byID.Len() == 0 {
		t.kept.recorded = 0 // an empty table is an empty table, whatever was in it
	}
}

// Info is what Find tells of a session.
type Info struct {
	// TTLMillis is how long it lives without use, Deadline when it ends if it is not used any more.
	TTLMillis, Deadline int64
	// Highest is the highest sequence that was executed, 0 for none.
	Highest uint64
	// Replies is how many replies are kept, ReplyBytes what they count against Limits.MaxReplyBytes.
	Replies, ReplyBytes int
}

// Find tells what there is of a session. It changes nothing: a look is no use.
func (t *Table) Find(id uint64, now int64) (i Info, found bool) {
	return find(&t.byID, id, now, t.limits.MaxReplyAgeMillis)
}

// find is Find, in the sessions of a table or of a frozen one.
func find(in *btree.Map[uint64, *session], id uint64, now, maxAgeMillis int64) (i Info, found bool) {
	s, found := in.Get(id)
	if !found || now >= s.deadline {
		return Info{}, false
	}
	i = Info{TTLMillis: s.ttlMillis, Deadline: s.deadline, Highest: s.highest}
	for _, r := range s.replies {
		if now < r.at+maxAgeMillis {
			i.Replies++
			i.ReplyBytes += r.size()
		}
	}
	return i, true
}

// Begin says what is to be done with a sequence, and renews the session. The reply is the table's own: the caller does
// not change it.
func (t *Table) Begin(id, sequence uint64, now int64) (o Outcome, reply []byte) {
	s, found := t.byID.Get(id)
	if !found || now >= s.deadline {
		return NoSession, nil
	}
	s = t.renew(s, now)
	switch {
	case sequence == 0 || s.left(sequence):
		return TooOld, nil
	case !s.contains(sequence):
		return First, nil
	}
	if i, found := s.find(sequence); found && !t.aged(s.replies[i], now) {
		return Replayed, s.replies[i].body
	}
	return ReplyGone, nil
}

// Settled reports whether a sequence will never be executed from now on, if the session is none that is yet to be
// opened: it was executed, has left the window, or its session has ended. It changes nothing: a look is no use.
func (t *Table) Settled(id, sequence uint64, now int64) bool {
	s, found := t.byID.Get(id)
	return !found || now >= s.deadline || s.contains(sequence)
}

// left reports whether a sequence has left the window.
func (s *session) left(sequence uint64) bool {
	return sequence <= s.highest && s.highest-sequence >= Window
}

// contains reports whether a sequence counts as executed: it was, or it never may be.
func (s *session) contains(sequence uint64) bool {
	return sequence == 0 || s.left(sequence) || sequence <= s.highest && s.done.has(s.highest-sequence)
}

// renew moves the deadline of a session that is used.
func (t *Table) renew(s *session, now int64) *session {
	deadline := s.renewed(now)
	if deadline == s.deadline {
		return s
	}
	s = t.own(s)
	t.sum -= s.digest()
	s.deadline = deadline
	t.sum += s.digest()
	heap.Fix(&t.ending, int(s.place))
	return s
}

// own is a session that may be changed: itself, or a copy in its place if an image may still read it.
func (t *Table) own(s *session) *session {
	if s.generation == t.generation {
		return s
	}
	changed := *s
	changed.replies = slices.Clone(s.replies)
	changed.generation = t.generation
	t.byID.Set(s.id, &changed)
	t.ending[changed.place] = &changed
	return &changed
}

// Record notes that a sequence was executed, and what was replied. Begin has said First for it at the same time; for
// any other one, and for a session that its own command has closed, Record does nothing. The table copies the reply.
func (t *Table) Record(id, sequence uint64, now int64, reply []byte) {
	if s := t.execute(id, sequence); s != nil {
		t.keep(s, sequence, now, reply)
	}
}

// execute puts a sequence into the window of its session, and drops the replies that have left it. It returns nil where
// Record does nothing.
func (t *Table) execute(id, sequence uint64) *session {
	s, found := t.byID.Get(id)
	if !found || s.contains(sequence) {
		return nil
	}
	s = t.own(s)
	t.sum -= s.digest()
	if sequence > s.highest {
		s.done.slide(sequence - s.highest)
		s.highest = sequence
	}
	s.done.set(s.highest - sequence)
	t.sum += s.digest()
	t.dropLeft(s)
	return s
}

// dropLeft drops the replies that have left the window.
func (t *Table) dropLeft(s *session) {
	left := 0
	for left < len(s.replies) && s.left(s.replies[left].sequence) {
		t.forget(s.replies[left])
		left++
	}
	s.cut(0, left)
}

// repliesPerSession is how many old replies Expire removes in the place of a session. One session may have Window of
// them. All replies of a busy hour end within another one, and an entry of the log should remove many.
const repliesPerSession = 16

// What ends within a step is removed together at its end, since each removal costs an entry of the log and a sync of
// its own on a cluster with few commands. A step is a second for sessions, and for replies this share of their age: a
// minute of an hour.
const (
	sessionStepMillis = 1000
	replyStepShare    = 60
)

// Expire removes sessions whose time is over, limit at most, the one that ended first before the others, and replies
// that are too old, 16 times as many at most. What has ended and is not removed yet counts as gone all the same.
func (t *Table) Expire(now int64, limit int) (removed int) {
	for ; removed < limit && len(t.ending) > 0 && t.ending[0].due() <= now; removed++ {
		t.remove(t.ending[0])
	}
	for range limit * repliesPerSession {
		oldest := t.kept.first
		if oldest == nil || t.replyDue(oldest) > now {
			break
		}
		t.drop(oldest)
		removed++
	}
	return removed
}

// Due is the earliest time at which Expire has something to do, 0 for never.
func (t *Table) Due() (due int64) {
	if len(t.ending) > 0 {
		due = t.ending[0].due()
	}
	if r := t.kept.first; r != nil {
		due = min(due, t.replyDue(r)) // its session is there
	}
	return due
}

// due is when Expire removes the session.
func (s *session) due() int64 { return roundUp(s.deadline, sessionStepMillis) }

// replyDue is when Expire removes a reply.
func (t *Table) replyDue(r *reply) int64 {
	age := t.limits.MaxReplyAgeMillis
	return roundUp(r.at+age, max(age/replyStepShare, 1))
}

// roundUp is the first multiple of step at or behind a time.
func roundUp(at, step int64) int64 { return at + (step-at%step)%step }
