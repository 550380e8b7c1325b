package load

import (
	"bytes"
	"cmp"
	"errors"
	"time"
)

var (
	// errProtocol ends a connection on which something else came than replies; errUnasked says what, if it was a reply.
	errProtocol = errors.New("what came is no reply of Redis's protocol")
	errUnasked  = errors.New("a reply that no request waits for")
)

// link is one connection's side of the work, without the connection: it says what to send, and takes what comes.
type link struct {
	plan *plan
	rec  *recorder
	draw drawer
	// due is the schedule in an open loop.
	due schedule
	// sent are the requests under way, the oldest first.
	sent queue
	scan scanner
	// out is what is to be written.
	out []byte
	// free is since when there has been room for a request that is due.
	free int64
	// ended is set when there is nothing more to send.
	ended bool
}

func newLink(p *plan, rec *recorder, connection int) *link {
	l := &link{plan: p, rec: rec, draw: newDrawer(p, connection), sent: newQueue(p.Pipeline)}
	if p.Rate > 0 {
		l.due = newSchedule(connection, p.Connections, p.Rate, p.Poisson, p.Seed)
	}
	return l
}

// fill appends to out what is to be sent at a time.
func (l *link) fill(now int64) {
	switch l.look(now); {
	case l.ended:
	case l.plan.Rate > 0:
		l.fillOpen(now)
	case l.sent.length == 0:
		for range l.plan.take(l.plan.Pipeline, now) {
			l.request(now, now)
		}
		l.look(now)
	}
}

// look sees whether there is something more to send.
func (l *link) look(now int64) {
	start := now
	if l.plan.Rate > 0 {
		start = l.due.due
	}
	l.ended = l.ended || l.plan.stopped.Load() || l.plan.exhausted() || start >= l.plan.end
}

// fillOpen adds the requests that are due, as far as there is room. Those that were due before the end are sent also
// behind it.
func (l *link) fillOpen(now int64) {
	for l.sent.length < l.plan.Pipeline && l.due.due <= now {
		if l.due.due >= l.plan.end || l.plan.take(1, l.due.due) == 0 {
			l.ended = true
			return
		}
		if l.due.due >= l.plan.counts {
			l.rec.lag.Record(time.Duration(now - max(l.due.due, l.free)))
		}
		l.request(l.due.due, now)
		l.due.advance()
	}
	l.look(now)
}

// request adds one request, which was due at a time.
func (l *link) request(due, now int64) {
	command := l.draw.command()
	l.out = l.draw.appendRequest(l.out, &l.plan.requests[command])
	l.sent.push(sent{due: due, at: now, command: command})
}

// next is when fill has something to do again, unless a reply comes before.
func (l *link) next() int64 {
	if l.plan.Rate == 0 || l.ended || l.sent.length >= l.plan.Pipeline {
		return never
	}
	return l.due.due
}

// idle reports whether the link has nothing under way and nothing more to send.
func (l *link) idle() bool { return l.ended && l.sent.length == 0 }

// overdue reports whether the oldest request has waited too long for its reply.
func (l *link) overdue(now int64) bool {
	return l.sent.length > 0 && now-l.sent.oldest().at > int64(l.plan.Timeout)
}

// feed takes what came at a time. An error means that the connection is of no more use; what was under way on it has
// been recorded as failed.
func (l *link) feed(data []byte, now int64) error {
	for len(data) > 0 {
		rest, failure, ended, err := l.scan.scan(data)
		if err != nil || ended && l.sent.length == 0 {
			l.fail(KindProtocol, cmp.Or(err, errUnasked).Error(), now)
			return errProtocol
		}
		if !ended {
			return nil
		}
		data = rest
		if l.sent.length == l.plan.Pipeline {
			l.free = now
		}
		r := l.sent.pop()
		counts := r.due >= l.plan.counts
		if failure != nil {
			l.rec.failed(r.command, firstWord(failure), failure, 1, now, counts)
			continue
		}
		l.rec.done(r.command, now-r.due, now, counts)
	}
	return nil
}

// firstWord is what tells kinds of errors apart.
func firstWord(text []byte) []byte {
	if end := bytes.IndexByte(text, ' '); end >= 0 {
		return text[:end]
	}
	return text
}

// fail records what is under way as failed, and forgets it.
func (l *link) fail(kind, text string, now int64) {
	for l.sent.length > 0 {
		r := l.sent.pop()
		l.rec.failed(r.command, []byte(kind), []byte(text), 1, now, r.due >= l.plan.counts)
	}
	l.renew(now)
}

// drop forgets what is under way: it is not counted.
func (l *link) drop() { l.sent.first, l.sent.length = 0, 0 }

// renew makes the link as new: the next connection begins with it.
func (l *link) renew(now int64) {
	l.out, l.free = l.out[:0], now
	l.scan.reset()
}

// giveUp records what was due until now and was not sent, and sends nothing more.
func (l *link) giveUp(now int64) {
	for l.look(now); l.plan.Rate > 0 && !l.ended && l.due.due < now; l.look(now) {
		if l.plan.take(1, l.due.due) > 0 {
			l.rec.failed(l.draw.command(), []byte(KindUnsent), nil, 1, now, l.due.due >= l.plan.counts)
		}
		l.due.advance()
	}
	l.ended = true
}

// sent is a request that is under way: when it was due, and when it was sent.
type sent struct {
	due, at int64
	command int
}

// queue is a ring of requests.
type queue struct {
	ring          []sent
	first, length int
}

func newQueue(size int) queue { return queue{ring: make([]sent, size)} }

func (q *queue) push(s sent) {
	q.ring[(q.first+q.length)%len(q.ring)] = s
	q.length++
}

func (q *queue) oldest() sent { return q.ring[q.first] }

func (q *queue) pop() sent {
	s := q.ring[q.first]
	q.first = (q.first + 1) % len(q.ring)
	q.length--
	return s
}
