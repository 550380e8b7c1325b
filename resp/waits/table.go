// Package waits has the calls that wait for keys to change: RAFT.LOG READ with BLOCK so far. It knows calls by what
// wakes them, and nothing of connections.
package waits

import (
	"container/list"
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/command"
)

// Table are the calls that wait, by key. The state machine tells of each change of a key, while it applies an entry.
// While no call waits at all, that costs the look at a counter; while none waits for this key, one into a map. Any
// goroutine may call the methods, and none of them blocks.
//
// No change is missed:
//
//  1. The connection adds its call before it submits it.
//  2. The call is executed, under the read lock, and finds nothing.
//  3. A change that was applied before 2 was seen by the call; one that is applied later finds it here.
type Table struct {
	// pairs counts the keys that calls wait for, one for each call and key.
	pairs    atomic.Int64
	maxPairs int64

	mu sync.Mutex
	// byKey has the calls that wait for a key, in the order in which they came.
	byKey map[string]*list.List
	all   map[*Wait]struct{}
}

// Wait is a call that waits for its keys.
type Wait struct {
	wake func()
	// news is what the call was woken for and has not looked at.
	news   atomic.Uint32
	places []place
}

// place is where a call stands in the list of a key.
type place struct {
	key     string
	element *list.Element
}

// News is why a call was woken; several at once.
type News uint32

const (
	// KeyChanged: a key of the call has changed, or all have.
	KeyChanged News = 1 << iota
	// StandingChanged: the node may not serve any more, or is told to stop.
	StandingChanged
)

// Has reports whether the news are among others.
func (n News) Has(one News) bool { return n&one != 0 }

// New makes a table for so many keys, one for each call and key.
func New(maxKeys int) *Table {
	return &Table{maxPairs: int64(maxKeys), byKey: make(map[string]*list.List), all: make(map[*Wait]struct{})}
}

// News takes what the call was woken for since the last time.
func (w *Wait) News() News { return News(w.news.Swap(0)) }

// tell wakes the call, unless it was woken for that and has not looked since.
func (w *Wait) tell(news News) {
	if w.news.Or(uint32(news))&uint32(news) == 0 {
		w.wake()
	}
}

// Keys is for how many keys calls wait, one for each call and key.
func (t *Table) Keys() int { return int(t.pairs.Load()) }

// Add lets a call wait for its keys. wake must not block. False means that calls wait for too many keys.
func (t *Table) Add(wake func(), call *command.Call) (*Wait, bool) {
	positions := call.Spec.Keys(nil, call.Args)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pairs.Load()+int64(len(positions)) > t.maxPairs {
		return nil, false
	}
	w := &Wait{wake: wake}
	for _, at := range positions {
		key := string(call.Args[at])
		if t.byKey[key] == nil {
			t.byKey[key] = list.New()
		}
		w.places = append(w.places, place{key, t.byKey[key].PushBack(w)})
	}
	t.all[w] = struct{}{}
	t.pairs.Add(int64(len(w.places)))
	return w, true
}

// Remove ends the waiting of a call. It is called once for each.
func (t *Table) Remove(w *Wait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range w.places {
		waiting := t.byKey[p.key]
		if waiting.Remove(p.element); waiting.Len() == 0 {
			delete(t.byKey, p.key)
		}
	}
	delete(t.all, w)
	t.pairs.Add(-int64(len(w.places)))
}

// Changed wakes the calls that wait for a key.
func (t *Table) Changed(key string) {
	if t.pairs.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if waiting := t.byKey[key]; waiting != nil {
		for e := waiting.Front(); e != nil; e = e.Next() {
			e.Value.(*Wait).tell(KeyChanged)
		}
	}
}

// TellAll wakes all calls.
func (t *Table) TellAll(news News) {
	if t.pairs.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for w := range t.all {
		w.tell(news)
	}
}
