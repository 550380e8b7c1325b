package sessions

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is a table that anyone can check by reading it: it remembers everything that was ever executed.
type model struct {
	limits   Limits
	sessions map[uint64]*modelSession
	replies  []modelReply // the oldest first
}

type modelSession struct {
	ttl, deadline int64
	highest       uint64
	executed      map[uint64]bool
}

type modelReply struct {
	session, sequence uint64
	at                int64
	body              []byte
}

func (m *model) open(id uint64, now, ttl int64) bool {
	if len(m.sessions) >= m.limits.MaxSessions {
		ended := m.firstToEnd(now)
		if ended == 0 {
			return false
		}
		m.remove(ended)
	}
	ttl = min(max(ttl, 1), m.limits.MaxTTLMillis)
	m.sessions[id] = &modelSession{ttl: ttl, deadline: now + ttl + ttl/slackShare, executed: map[uint64]bool{}}
	return true
}

func (m *model) live(id uint64, now int64) *modelSession {
	if s := m.sessions[id]; s != nil && s.deadline > now {
		return s
	}
	return nil
}

func (m *model) remove(id uint64) {
	delete(m.sessions, id)
	m.replies = slices.DeleteFunc(m.replies, func(r modelReply) bool { return r.session == id })
}

func (m *model) begin(id, sequence uint64, now int64) (Outcome, []byte) {
	s := m.live(id, now)
	if s == nil {
		return NoSession, nil
	}
	if s.deadline < now+s.ttl {
		s.deadline = now + s.ttl + s.ttl/slackShare
	}
	switch {
	case sequence == 0 || sequence <= s.highest && s.highest-sequence >= Window:
		return TooOld, nil
	case !s.executed[sequence]:
		return First, nil
	}
	for _, r := range m.replies {
		if r.session == id && r.sequence == sequence && now < r.at+m.limits.MaxReplyAgeMillis {
			return Replayed, r.body
		}
	}
	return ReplyGone, nil
}

func (m *model) record(id, sequence uint64, now int64, reply []byte) {
	s := m.sessions[id]
	s.executed[sequence] = true
	s.highest = max(s.highest, sequence)
	m.replies = slices.DeleteFunc(m.replies, func(r modelReply) bool {
		return r.session == id && s.highest-r.sequence >= Window
	})
	if len(reply) <= m.limits.MaxOneReplyBytes && len(reply)+ReplyOverheadBytes <= m.limits.MaxReplyBytes {
		m.replies = append(m.replies, modelReply{id, sequence, now, reply})
	}
	for m.replyBytes() > m.limits.MaxReplyBytes {
		m.replies = m.replies[1:]
	}
}

func (m *model) replyBytes() (bytes int) {
	for _, r := range m.replies {
		bytes += len(r.body) + ReplyOverheadBytes
	}
	return bytes
}

// firstToEnd is the session that ended first, 0 if none has.
func (m *model) firstToEnd(now int64) (first uint64) {
	for id, s := range m.sessions {
		before := first == 0 || s.deadline < m.sessions[first].deadline ||
			s.deadline == m.sessions[first].deadline && id < first
		if s.deadline <= now && before {
			first = id
		}
	}
	return first
}

func (m *model) expire(now int64, limit int) {
	for range limit {
		m.remove(m.firstToEnd(now / 1000 * 1000))
	}
	for range limit * repliesPerSession {
		step := m.limits.MaxReplyAgeMillis / 60
		if len(m.replies) > 0 && (m.replies[0].at+m.limits.MaxReplyAgeMillis+step-1)/step*step <= now {
			m.replies = m.replies[1:]
		}
	}
}

// world drives a table and its model with the same calls. A second table is made anew from the image of the first one
// from time to time.
type world struct {
	*rand.Rand
	t               *testing.T
	model           *model
	table, restored *Table
	now             int64
	ids             uint64
	// frozen are images that were not written yet, with the bytes that they must have.
	frozen []frozenImage
	counts map[Outcome]int
}

type frozenImage struct {
	frozen *Frozen
	bytes  []byte
}

// tight are limits that all bite in a short run.
var tight = Limits{
	MaxSessions: 6, MaxReplyBytes: 2500, MaxOneReplyBytes: 300, MaxReplyAgeMillis: 400, MaxTTLMillis: 5000,
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		Rand: rand.New(rand.NewPCG(seed, 0)), t: t, now: 1,
		model: &model{limits: tight, sessions: map[uint64]*modelSession{}},
		table: New(tight), restored: New(tight), counts: map[Outcome]int{},
	}
}

func (w *world) step() {
	w.now += int64(w.IntN(20))
	switch roll := w.IntN(100); {
	case roll < 6:
		w.ids += 1 + w.Uint64N(3)
		ttl := w.Int64N(4000) - 100
		want := w.model.open(w.ids, w.now, ttl)
		w.must(w.table.Open(w.ids, w.now, ttl) == want && w.restored.Open(w.ids, w.now, ttl) == want, "open", w.ids)
	case roll < 9:
		id := w.someID()
		want := w.model.live(id, w.now) != nil
		w.model.remove(id)
		w.must(w.table.Close(id, w.now) == want && w.restored.Close(id, w.now) == want, "close", id)
	case roll < 20:
		limit := w.IntN(3)
		due := w.table.Due()
		w.model.expire(w.now, limit)
		removed := w.table.Expire(w.now, limit)
		w.must(w.restored.Expire(w.now, limit) == removed, "expire", limit)
		w.must(limit == 0 || (removed > 0) == (due != 0 && due <= w.now), "due", due, w.now, removed)
	case roll < 23:
		w.freeze()
	default:
		w.use()
	}
	w.compare()
}

func (w *world) someID() uint64 { return w.ids - min(w.ids, w.Uint64N(10)) }

// use sends a sequence around the highest one of a session, at all edges of the window.
func (w *world) use() {
	id, sequence := w.someID(), uint64(0)
	if s := w.model.sessions[id]; s != nil {
		switch w.IntN(12) {
		case 0:
			sequence = s.highest - min(s.highest, Window-1+w.Uint64N(3))
		case 1:
			sequence = s.highest + w.Uint64N(2*Window)
		case 2:
			sequence = w.Uint64N(3)
		default:
			sequence = s.highest + 2 - min(s.highest, w.Uint64N(12))
		}
	}
	want, wantReply := w.model.begin(id, sequence, w.now)
	w.counts[want]++
	for _, t := range []*Table{w.table, w.restored} {
		got, reply := t.Begin(id, sequence, w.now)
		w.must(got == want && bytes.Equal(reply, wantReply), "begin", id, sequence, got, want)
	}
	if want != First {
		return
	}
	w.must(!w.model.sessions[id].executed[sequence], "executed twice", id, sequence)
	if w.IntN(8) == 0 {
		long := make([]byte, w.model.limits.MaxOneReplyBytes+1) // is not kept
		w.model.record(id, sequence, w.now, long)
		w.table.Record(id, sequence, w.now, long)
		w.restored.Record(id, sequence, w.now, long)
		return
	}
	reply := fmt.Appendf(nil, "%d/%d %0*d", id, sequence, w.IntN(310), 0)
	w.model.record(id, sequence, w.now, bytes.Clone(reply))
	w.table.Record(id, sequence, w.now, reply)
	w.restored.Record(id, sequence, w.now, reply)
	clear(reply) // the table has its own
}

// freeze makes the second table anew, and checks images that were frozen some time ago.
func (w *world) freeze() {
	image := imageOf(w.t, w.table.Freeze())
	again, err := Restore(tight, bytes.NewReader(image))
	w.must(err == nil, "restore", err)
	w.restored = again
	if len(w.frozen) == 3 {
		f := w.frozen[0]
		w.must(bytes.Equal(imageOf(w.t, f.frozen), f.bytes), "a frozen table has changed")
		w.frozen = w.frozen[1:]
	}
	w.frozen = append(w.frozen, frozenImage{w.table.Freeze(), image})
}

func (w *world) compare() {
	w.must(w.table.Hash() == w.restored.Hash(), "hash", w.table.Hash(), w.restored.Hash())
	w.must(w.table.Len() == len(w.model.sessions) && w.restored.Len() == w.table.Len(), "length", w.table.Len())
	w.must(w.table.ReplyBytes() == w.model.replyBytes() && w.restored.ReplyBytes() == w.table.ReplyBytes(), "bytes",
		w.table.ReplyBytes(), w.model.replyBytes())
	w.must(w.table.Due() == w.restored.Due(), "due", w.table.Due(), w.restored.Due())
	id := w.someID()
	info, found := w.table.Find(id, w.now)
	again, foundAgain := w.restored.Find(id, w.now)
	live := w.model.live(id, w.now)
	w.must(info == again && found == foundAgain && found == (live != nil), "find", id)
	w.must(!found || info.Highest == live.highest && info.Deadline == live.deadline, "find", id, info)
}

func (w *world) must(ok bool, about ...any) {
	if !ok {
		w.t.Helper()
		w.t.Fatal(about...)
	}
}

func imageOf(t testing.TB, f *Frozen) []byte {
	var b bytes.Buffer
	n, err := f.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

// A table does what the model does, call by call; one that is restored from an image in the middle goes on in the same
// way, with the same hash. No sequence is executed twice.
func TestTheTableIsTheModel(t *testing.T) {
	counts := map[Outcome]int{}
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			for range 2000 {
				w.step()
			}
			image, again := imageOf(t, w.table.Freeze()), imageOf(t, w.restored.Freeze())
			w.must(bytes.Equal(image, again), "images differ")
			for o, n := range w.counts {
				counts[o] += n
			}
		})
	}
	for o := First; o <= TooOld; o++ {
		if counts[o] < 100 {
			t.Errorf("%v came %d times only", o, counts[o])
		}
	}
}
