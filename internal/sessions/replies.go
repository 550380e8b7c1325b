package sessions

import "slices"

// reply is a reply that is kept. An image may read all fields but before and behind; those that it reads never change.
type reply struct {
	session, sequence uint64
	// at is when it was recorded, in log time. order counts the replies of the table: the lower went in earlier.
	at     int64
	order  uint64
	body   []byte
	digest uint64
	// before and behind are its neighbours in replies.
	before, behind *reply
}

// size is what the reply counts against Limits.MaxReplyBytes.
func (r *reply) size() int { return ReplyOverheadBytes + len(r.body) }

// replies are those of all sessions, the oldest first.
type replies struct {
	first, last *reply
	bytes       int
	// recorded counts the replies that were ever kept: the next one's order.
	recorded uint64
}

func (l *replies) add(r *reply) {
	r.before = l.last
	if l.last != nil {
		l.last.behind = r
	} else {
		l.first = r
	}
	l.last = r
	l.bytes += r.size()
}

func (l *replies) unlink(r *reply) {
	if r.before != nil {
		r.before.behind = r.behind
	} else {
		l.first = r.behind
	}
	if r.behind != nil {
		r.behind.before = r.before
	} else {
		l.last = r.before
	}
	r.before, r.behind = nil, nil
	l.bytes -= r.size()
}

// aged reports whether a reply is too old to count.
func (t *Table) aged(r *reply, now int64) bool { return now >= r.at+t.limits.MaxReplyAgeMillis }

// keep keeps a reply, unless it is too large, and drops the oldest ones beyond the limit. The session may be changed.
func (t *Table) keep(s *session, sequence uint64, now int64, body []byte) {
	if len(body) > min(t.limits.MaxOneReplyBytes, t.limits.MaxReplyBytes-ReplyOverheadBytes) {
		return
	}
	r := &reply{session: s.id, sequence: sequence, at: now, order: t.kept.recorded, body: slices.Clone(body)}
	t.kept.recorded++
	r.digest = r.computeDigest()
	t.sum += r.digest
	t.kept.add(r)
	i, _ := s.find(sequence)
	s.replies = slices.Insert(s.replies, i, r)
	for t.kept.bytes > t.limits.MaxReplyBytes {
		t.drop(t.kept.first)
	}
}

// drop takes a reply away from its session.
func (t *Table) drop(r *reply) {
	s, _ := t.byID.Get(r.session)
	s = t.own(s)
	i, _ := s.find(r.sequence)
	t.forget(r)
	s.cut(i, i+1)
}

// forget takes a reply out of the table. Its session still has it.
func (t *Table) forget(r *reply) {
	t.kept.unlink(r)
	t.sum -= r.digest
}

// find is where a sequence is among the replies, or belongs. Most come in their order, and belong at the end: that is
// looked at first, since each reply lies somewhere else in memory.
func (s *session) find(sequence uint64) (i int, found bool) {
	if end := len(s.replies); end == 0 || s.replies[end-1].sequence < sequence {
		return end, false
	}
	return slices.BinarySearchFunc(s.replies, sequence, func(r *reply, sequence uint64) int {
		switch {
		case r.sequence < sequence:
			return -1
		case r.sequence > sequence:
			return 1
		}
		return 0
	})
}

// cut takes replies out of the session. The session may be changed.
func (s *session) cut(from, to int) {
	if s.replies = slices.Delete(s.replies, from, to); len(s.replies) == 0 {
		s.replies = nil // an idle session costs no more than a new one
	}
}
