package migration

import (
	"context"
	"time"

	"github.com/raftredis/raftredis/internal/command"
)

// Source is the key space that keys are moved from. Its methods may wait; the end of ctx makes them return.
type Source interface {
	// Weigh is about how many bytes the value at a key takes.
	Weigh(key []byte) int
	// Read looks at keys, all in one state, which has every write that was acknowledged before. Keys that are not there
	// are left out. failure is the text of an error if nothing was read.
	Read(ctx context.Context, keys [][]byte) (items []Item, failure string)
	// Remove removes each of the keys unless it has changed since it was seen, and says what became of each.
	Remove(ctx context.Context, items []Item) []Fate
}

// Item is a key that was read.
type Item struct {
	// Seen is the key, and the state in which it was looked at.
	Seen command.Watched
	// Millis is how long it has left, 0 for ever.
	Millis int64
	// Payload is what DUMP answers. Failure, if not empty, is the text of the error that it answers instead.
	Payload []byte
	Failure string
}

// Fate is what became of a key that was to be removed.
type Fate uint8

const (
	// Removed: it is here no more.
	Removed Fate = iota
	// Changed: it was not removed, because it is not what it was.
	Changed
	// Kept: it was not removed, and will not be.
	Kept
	// Unknown: it was removed or will be, or neither.
	Unknown
)

// maxTries is how often a key is sent that changes while it is on its way.
const maxTries = 16

// mover carries out an order.
type mover struct {
	order  *Order
	source Source
	target *target
	// ended says that nothing more can be sent, or that nothing more is wanted.
	ended  bool
	report report
}

// Run carries out the order. It takes as long as the target and the cluster do; the end of ctx ends it soon, and so
// does stopping, which is asked between portions.
func (o *Order) Run(ctx context.Context, source Source, stopping func() bool) Result {
	m := mover{order: o, source: source}
	for rest := o.Keys; len(rest) > 0 && !m.ended; {
		var portion [][]byte
		portion, rest = next(rest, source.Weigh)
		m.move(ctx, portion)
		if len(rest) > 0 && !m.ended && (ctx.Err() != nil || stopping()) {
			m.end(nodeStops)
		}
	}
	if m.target != nil {
		m.target.close()
	}
	return m.report.result()
}

// nodeStops is said of the keys that are left when the node is told to stop.
const nodeStops = "ERR this node stops: keys that were not moved yet are still here. Ask another node to MIGRATE them"

// end ends the order for a reason.
func (m *mover) end(failure string) {
	m.ended = true
	m.report.fail(failure)
}

// move moves the keys of a portion, and those again that have changed meanwhile, as long as the order allows.
func (m *mover) move(ctx context.Context, keys [][]byte) {
	var again []Item // those of the keys that the target has as they were at a moment before
	var before time.Time
	for try := 1; len(keys) > 0; try++ {
		began := time.Now()
		items, failure := m.source.Read(ctx, keys)
		if failure != "" {
			m.report.add(&m.report.stale, again)
			m.unread(failure)
			return
		}
		m.report.found = m.report.found || len(items) > 0
		m.noteGone(without(again, items), before)
		if try > 1 && (!m.order.Replace || try > maxTries) {
			m.report.add(&m.report.stale, items)
			return
		}
		taken := m.send(ctx, items)
		if try > 1 {
			m.report.add(&m.report.stale, without(items, taken))
		}
		if m.order.Copy {
			return
		}
		again, before = m.remove(ctx, taken), began
		keys = keysOf(again)
	}
}

// unread ends the order because keys cannot be read.
func (m *mover) unread(failure string) {
	if m.report.touched { // the failure may say that nothing was done
		failure = "ERR keys that were not moved yet are still here, for they were not read: " + failure
	}
	m.end(failure)
}

// noteGone reports keys that are not here any more although they were not removed. One whose time was over is as good
// as moved: it ends at the target as well. before is when they were looked at.
func (m *mover) noteGone(items []Item, before time.Time) {
	for i := range items {
		if left := items[i].Millis; left == 0 || time.Since(before).Milliseconds() < left {
			m.report.add(&m.report.gone, items[i:i+1])
		}
	}
}

// remove removes what the target has taken, and returns those that have changed, without what they were.
func (m *mover) remove(ctx context.Context, taken []Item) (changed []Item) {
	if len(taken) == 0 {
		return nil
	}
	for i, fate := range m.source.Remove(ctx, taken) {
		switch one := taken[i : i+1]; fate {
		case Changed:
			taken[i].Payload = nil
			changed = append(changed, one...)
		case Kept:
			m.report.add(&m.report.both, one)
		case Unknown:
			m.report.add(&m.report.unknown, one)
		}
	}
	return changed
}

// send sends items, and returns those that the target has taken.
func (m *mover) send(ctx context.Context, items []Item) (taken []Item) {
	sent := items[:0:0]
	for i := range items {
		if items[i].Failure != "" {
			m.report.fail(items[i].Failure)
		} else {
			sent = append(sent, items[i])
		}
	}
	if len(sent) == 0 {
		return nil
	}
	if m.target == nil {
		var failure string
		if m.target, failure = dial(ctx, m.order); failure != "" {
			m.end(failure)
			return nil
		}
	}
	m.report.touched = true
	for i := range sent {
		// What is sent again overwrites what was sent before, which only an order with REPLACE does.
		m.target.restore(&sent[i], m.order.Replace)
	}
	if m.target.writer.Flush() != nil {
		m.end(notWritten)
		return nil
	}
	for i := range sent {
		failure, ended := m.target.read()
		switch {
		case ended != "":
			m.end(ended)
			return taken
		case failure != "":
			m.report.fail(failure)
		default:
			taken = append(taken, sent[i])
		}
	}
	return taken
}

// keysOf are the keys of items.
func keysOf(items []Item) [][]byte {
	keys := make([][]byte, len(items))
	for i := range items {
		keys[i] = items[i].Seen.Key
	}
	return keys
}

// without are those items whose keys are not among others.
func without(items, others []Item) (left []Item) {
	if len(items) == 0 {
		return nil
	}
	known := make(map[string]struct{}, len(others))
	for i := range others {
		known[string(others[i].Seen.Key)] = struct{}{}
	}
	for i := range items {
		if _, is := known[string(items[i].Seen.Key)]; !is {
			left = append(left, items[i])
		}
	}
	return left
}
