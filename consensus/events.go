package consensus

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Event says which parts of a node's Status have changed; several may have at once. See Options.Events.
type Event struct {
	// Leader: another node leads, or none, or the node's role or term is another one.
	Leader bool
	// Members: the members are others, or a step of their change is committed, or the list of absent voters is another
	// one, or this node was removed.
	Members bool
	// Snapshot: a snapshot was begun, taken, installed, or an attempt at one failed.
	Snapshot bool
	// Applied: entries were applied.
	Applied bool
	// Match: more of the log is on this node's disk or, as far as a leader knows, on other nodes'.
	Match bool
	// Quarantine: the quarantine of this node's state or of another member's began, changed or ended; a member waits for
	// its turn to be quarantined, or does no longer; or states began to differ of which none is agreed, or ceased to.
	Quarantine bool
}

// any reports whether two events have a part in common.
func (e Event) any(o Event) bool {
	return e.Leader && o.Leader || e.Members && o.Members || e.Snapshot && o.Snapshot || e.Applied && o.Applied ||
		e.Match && o.Match || e.Quarantine && o.Quarantine
}

// eventOf compares two states.
func eventOf(before, now *engine.Status) Event {
	return Event{
		Leader: before.Leader != now.Leader || before.Role != now.Role || before.Term != now.Term,
		Members: before.Configuration != now.Configuration || before.Committed != now.Committed ||
			before.Removed != now.Removed || !sameIDs(before.Absent, now.Absent),
		Snapshot: before.SnapshotUnderway != now.SnapshotUnderway || before.SnapshotsEnded != now.SnapshotsEnded ||
			before.SnapshotsInstalled != now.SnapshotsInstalled || before.Install != now.Install ||
			before.Snapshot != now.Snapshot,
		Applied: before.Applied != now.Applied,
		Match:   before.Durable != now.Durable || before.Observation != now.Observation,
		Quarantine: before.Quarantine != now.Quarantine || before.Apart != now.Apart ||
			!slices.Equal(before.Quarantined, now.Quarantined) || !sameIDs(before.Differing, now.Differing),
	}
}

// sameIDs compares two lists that are replaced, never changed: one that is the same slice needs no second look.
func sameIDs(a, b []NodeID) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// everything is the first event of a node: it has a status now.
var everything = Event{Leader: true, Members: true, Snapshot: true, Applied: true, Match: true, Quarantine: true}

// statusChanged wakes the goroutines that wait for something, and tells the host. The node's loop calls it, and nothing
// else: after each change of its status, and once with nil for the status before.
func (n *Node) statusChanged(before, now *engine.Status) {
	e := everything
	if before != nil {
		e = eventOf(before, now)
	}
	if now.Removed && (before == nil || !before.Removed) {
		n.meet(removedByLog(now))
	}
	if before != nil && now.Committed.FeatureLevel() > before.Committed.FeatureLevel() && before.Committed != nil {
		n.options.Logger.Info("all members know a higher feature level: the cluster's is raised, and builds of lower levels "+
			"are refused from now on", "level", now.Committed.FeatureLevel())
	}
	if e.Leader && now.Leader != 0 && n.obstacle.Load().isOutdated() { // by a word of before: a leader lets the node in
		n.overcome()
	}
	n.watchers.wake(e)
	if e.Leader {
		signal(n.moved) // who begins to lead may have addresses to write
	}
	if n.options.Events != nil {
		n.options.Events(e)
	}
}

// watchers are goroutines of the library that wait for a change of the status.
type watchers struct {
	count atomic.Int32
	mu    sync.Mutex
	set   map[*watcher]struct{}
}

// watcher waits for events. woken has room for one: what happens before its owner looks counts as one event.
type watcher struct {
	wanted Event
	woken  chan struct{}
}

// add makes a watcher. Its owner begins to watch, looks at the status, and only then waits: so it misses nothing.
func (w *watchers) add(wanted Event) (one *watcher, stop func()) {
	one = &watcher{wanted: wanted, woken: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil {
		w.set = map[*watcher]struct{}{}
	}
	w.set[one] = struct{}{}
	w.count.Store(int32(len(w.set)))
	return one, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.set, one)
		w.count.Store(int32(len(w.set)))
	}
}

// wake never blocks for long: the lock is held for some assignments only.
func (w *watchers) wake(e Event) {
	if w.count.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.set {
		if !one.wanted.any(e) {
			continue
		}
		select {
		case one.woken <- struct{}{}:
		default:
		}
	}
}

// subscriptions are those of a node.
type subscriptions struct {
	count atomic.Int32
	// needed is the lowest index that one of them has yet to read of the log that is there, 0 if there is none.
	needed atomic.Uint64
	mu     sync.Mutex
	set    map[*Subscription]struct{}
	// first is where the log begins. One that needs what is before it has lost that, and keeps nothing for itself: it
	// would hide what the others need.
	first raftlog.Index
}

// add registers a subscription to a log that begins at an entry, if the host has fewer than a number. The one that
// serves OnCommit takes no place.
func (l *subscriptions) add(s *Subscription, first raftlog.Index, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = max(l.first, first)
	hosted := 0
	for other := range l.set {
		if !other.listens {
			hosted++
		}
	}
	if !s.listens && hosted >= limit {
		return false
	}
	if l.set == nil {
		l.set = map[*Subscription]struct{}{}
	}
	l.set[s] = struct{}{}
	l.changed()
	return true
}

func (l *subscriptions) remove(s *Subscription) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.set, s)
	l.changed()
}

// cut notes that the log begins at an entry, or behind it.
func (l *subscriptions) cut(first raftlog.Index) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = max(l.first, first)
	l.changed()
}

// note notes that one has read on.
func (l *subscriptions) note() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed()
}

// changed counts anew. The caller holds the lock.
func (l *subscriptions) changed() {
	needed := uint64(0)
	for s := range l.set {
		if at := s.needed.Load(); at >= uint64(l.first) && (needed == 0 || at < needed) {
			needed = at
		}
	}
	l.needed.Store(needed)
	l.count.Store(int32(len(l.set)))
}

// wake tells all of them that there may be more to read. It never blocks for long.
func (l *subscriptions) wake() {
	if l.count.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.set {
		signal(s.woken)
	}
}

// close ends all of them.
func (l *subscriptions) close() {
	l.mu.Lock()
	open := slices.Collect(maps.Keys(l.set))
	l.mu.Unlock()
	for _, s := range open {
		s.Close()
	}
}

// assembling bounds what the subscriptions of a node hold of commands above 1 MiB that they put together: one command
// of any size, or several of a number of bytes together. Those that find no room wait, in the order in which they come.
//
// A host may leave a subscription alone in the middle of a command. It must not keep the others waiting for ever, so
// after assemblingPatience one that waits takes its room: the command is put together anew when the host comes back.
type assembling struct {
	mu      sync.Mutex
	used    int
	places  map[*Subscription]*place
	waiting []*Subscription
}

// place is the room of a subscription. left is when its host has left Next, zero while it is there.
type place struct {
	bytes int
	left  time.Time
}

// assemblingPatience is how long a host may be outside of Next before the room of its subscription may be taken.
const assemblingPatience = time.Second

// enter makes room for a command. Where there is none, the subscription waits: it asks again, or leaves.
func (a *assembling) enter(s *Subscription, bytes, limit int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.context.Err() != nil { // it has been freed, and will not be again
		return false
	}
	if !slices.Contains(a.waiting, s) {
		a.waiting = append(a.waiting, s)
	}
	if a.waiting[0] != s {
		return false
	}
	if a.evict(bytes, limit); a.full(bytes, limit) {
		return false
	}
	a.waiting = a.waiting[1:]
	if a.places == nil {
		a.places = map[*Subscription]*place{}
	}
	a.places[s] = &place{bytes: bytes}
	a.used += bytes
	a.signal()
	return true
}

func (a *assembling) full(bytes, limit int) bool { return a.used > 0 && bytes > limit-a.used }

// evict takes the room of subscriptions that are not read, as far as more is needed. What they need again of the log is
// kept for them, as what they have not read is.
func (a *assembling) evict(bytes, limit int) {
	for s, p := range a.places {
		if a.full(bytes, limit) && !p.left.IsZero() && time.Since(p.left) >= assemblingPatience {
			a.remove(s, p)
			s.needed.Store(uint64(s.clear))
			s.node.subscriptions.note()
		}
	}
}

// remove takes a room away. The caller holds the lock. Outside of Next what was put together goes, too; inside, its
// goroutine has it.
func (a *assembling) remove(s *Subscription, p *place) {
	a.used -= p.bytes
	delete(a.places, s)
	if !p.left.IsZero() {
		s.bodies = engine.Bodies{}
	}
}

// leave notes that a host has left Next: the subscription waits no longer, and may lose its room.
func (a *assembling) leave(s *Subscription) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.places[s]; p != nil {
		p.left = time.Now()
	}
	a.cease(s)
}

// comeBack notes that a host is in Next again. It reports whether the subscription still has its room.
func (a *assembling) comeBack(s *Subscription) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.places[s]
	if p != nil {
		p.left = time.Time{}
	}
	return p != nil
}

// free gives the room of a subscription to those that wait.
func (a *assembling) free(s *Subscription) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.places[s]; p != nil {
		a.remove(s, p)
	}
	a.cease(s)
}

// cease has a subscription wait no longer. The caller holds the lock.
func (a *assembling) cease(s *Subscription) {
	a.waiting = slices.DeleteFunc(a.waiting, func(other *Subscription) bool { return other == s })
	a.signal()
}

// signal wakes the one whose turn it is. The caller holds the lock.
func (a *assembling) signal() {
	if len(a.waiting) > 0 {
		signal(a.waiting[0].woken)
	}
}
