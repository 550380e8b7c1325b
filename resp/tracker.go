package resp

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// tracker remembers which clients keep which keys in caches of their own (CLIENT TRACKING), and tells them when they
// must not any more.
//
// A client may cache what it was sent until it is told otherwise. So the tracker must miss no change, and must not tell
// of one before the reply that it makes old:
//
//  1. The keys of a read are remembered when the call joins its run, before it is executed anywhere.
//  2. The state machine says Changed for each key of each entry that it applies, while no read runs.
//  3. So a value that was read before a change was remembered before it, and the change is posted to the client.
//  4. Mail is sent when no reply is due: behind the reply that carried the value.
//
// A change that comes between 1 and the read is told although the client got the new value. It then reads once more
// than it must; nothing worse happens, since the next read remembers the key again.
//
// A node hears of changes later than others, and one that is cut off does not hear of them at all. So when it knows of
// no leader, about an election timeout after it was cut off, its clients are told to forget everything.
type tracker struct {
	// clients is the number of sessions that track. While it is zero, nothing else is looked at.
	clients  atomic.Int64
	sessions *sessions
	// watched says that the state machine tells of changes.
	watched bool
	// maxKeys is how many keys are remembered (tracking-table-max-keys); beyond it, clients are told to forget some.
	maxKeys atomic.Int64

	mu sync.Mutex
	// keys are those that clients may hold, each with the sessions that do. A session that has ended stays until its key
	// changes or is let go.
	keys map[string]map[int64]struct{}
	// items is the number of pairs in keys.
	items int
	// listeners are the sessions in the mode BCAST, which remember nothing and are told of all keys with their prefixes.
	listeners map[*session][]string
	// fresh are the keys that the entry has changed which is being applied, while there are listeners, each with its run,
	// nil for none. hasFresh says that there are any, for a look without the lock.
	fresh    map[string]*command.Run
	hasFresh atomic.Bool
}

// tracking is what a client asked for by CLIENT TRACKING.
type tracking struct {
	on, broadcast, optIn, optOut, noLoop bool
	// redirect is the session that is told instead, 0 if none is.
	redirect int64
	// prefixes, with broadcast, are those of the keys of interest.
	prefixes []string
	// caching is set by CLIENT CACHING, for the next command: YES with optIn, NO with optOut.
	caching bool
}

// remembers reports whether the keys of the next read are to be remembered.
func (t *tracking) remembers() bool {
	switch {
	case !t.on || t.broadcast:
		return false
	case t.optIn:
		return t.caching
	}
	return !t.optOut || !t.caching
}

// remember notes that a session may hold the keys of a call from now on.
func (t *tracker) remember(s *session, call *command.Call) {
	positions := call.Spec.Keys(nil, call.Args)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = make(map[string]map[int64]struct{})
	}
	for _, at := range positions {
		holders := t.keys[string(call.Args[at])]
		if holders == nil {
			holders = make(map[int64]struct{})
			t.keys[string(call.Args[at])] = holders
		}
		if _, known := holders[s.id]; !known {
			holders[s.id] = struct{}{}
			t.items++
		}
	}
	t.bound()
}

// shed lets keys go after the limit was lowered.
func (t *tracker) shed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bound()
}

// bound lets go of keys beyond the limit, no matter which. The caller holds the lock.
func (t *tracker) bound() {
	for key := range t.keys {
		if int64(len(t.keys)) <= t.maxKeys.Load() {
			break
		}
		t.forget(key, nil)
	}
}

// changed tells the clients that may hold a key that it is old. run is the run that wrote it, nil if that is unknown.
func (t *tracker) changed(key string, run *command.Run) {
	if t.clients.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(key, run)
	if len(t.listeners) == 0 {
		return
	}
	if t.fresh == nil {
		t.fresh = make(map[string]*command.Run)
	}
	t.fresh[strings.Clone(key)] = run // it holds the memory of a record
	t.hasFresh.Store(true)
}

// applied tells the listeners which keys an entry has changed, before the client hears that did it: as Redis does, in
// one message for each prefix of theirs, in the order of both.
func (t *tracker) applied() {
	if !t.hasFresh.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := slices.Sorted(maps.Keys(t.fresh))
	for s, prefixes := range t.listeners {
		for _, prefix := range prefixes {
			begin, _ := slices.BinarySearch(keys, prefix)
			var old []string
			for _, key := range keys[begin:] {
				if !strings.HasPrefix(key, prefix) {
					break
				}
				if !s.spared(t.fresh[key]) {
					old = append(old, key)
				}
			}
			if len(old) > 0 {
				t.tell(s, &invalidation{keys: old})
			}
		}
	}
	t.forgetFresh()
}

// forgetFresh forgets what has changed. The caller holds the lock.
func (t *tracker) forgetFresh() {
	if len(t.fresh) > keptArguments {
		t.fresh = nil
	}
	clear(t.fresh)
	t.hasFresh.Store(false)
}

// forget tells the holders of a key and forgets them, all but the client whose own run it was and that asked for that.
func (t *tracker) forget(key string, run *command.Run) {
	holders, known := t.keys[key]
	if !known {
		return
	}
	message := &invalidation{keys: []string{key}}
	for id := range holders {
		s := t.sessions.find(id)
		if s != nil && s.spared(run) {
			continue
		}
		delete(holders, id)
		t.items--
		if s != nil && !s.known().tracking.broadcast { // in that mode it is told as a listener
			t.tell(s, message)
		}
	}
	if len(holders) == 0 {
		delete(t.keys, key)
	}
}

// spared reports whether a session is not told of what a run has changed that is its own. It stays a holder:
//
//  1. A client with NOLOOP sends SET a and GET a at once. Both join one run, and a is remembered.
//  2. The entry is applied: SET a changes it, then GET a reads the value that the client will keep.
//  3. Had it been forgotten at 2, untold, the client would not hear of the next change either.
func (s *session) spared(run *command.Run) bool {
	return run != nil && run == s.run && s.known().tracking.noLoop
}

// flushed tells all clients that all keys are old.
func (t *tracker) flushed() {
	if t.clients.Load() == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys, t.items = nil, 0
	t.forgetFresh()
	message := &invalidation{all: true}
	for _, s := range t.sessions.list() {
		t.tell(s, message)
	}
}

// invalidation is the message that keys are old, or with all that all are. It is encoded once for each protocol.
type invalidation struct {
	keys    []string
	all     bool
	encoded [reply.RESP3 + 1][]byte
}

// invalidationChannel is the channel by which clients of RESP2 get invalidations that are redirected to them.
const invalidationChannel = "__redis__:invalidate"

// in is the message in a protocol.
func (i *invalidation) in(protocol int) []byte {
	if i.encoded[protocol] == nil {
		i.encoded[protocol] = i.encode(protocol)
	}
	return i.encoded[protocol]
}

func (i *invalidation) encode(protocol int) (message []byte) {
	if protocol == reply.RESP3 {
		message = reply.BulkString(reply.PushHeader(nil, protocol, 2), "invalidate")
	} else {
		message = reply.BulkString(reply.ArrayHeader(nil, 3), "message")
		message = reply.BulkString(message, invalidationChannel)
	}
	if i.all {
		return reply.NullArray(message, protocol)
	}
	message = reply.ArrayHeader(message, len(i.keys))
	for _, key := range i.keys {
		message = reply.BulkString(message, key)
	}
	return message
}

// tell posts a message to a session that tracks, or to the one that it has named instead. As in Redis, that one may
// speak RESP2 if it listens to a channel, whichever: it gets a message of invalidationChannel.
func (t *tracker) tell(s *session, message *invalidation) {
	known := s.known()
	wants := &known.tracking
	if !wants.on {
		return
	}
	target, redirects := s, wants.redirect != 0
	if redirects {
		if target = t.sessions.find(wants.redirect); target == nil {
			if s.redirectBroken.CompareAndSwap(false, true) && known.protocol == reply.RESP3 {
				s.post(redirectionBroken(wants.redirect))
			}
			return
		}
	}
	target.postForm(func(f *facts) []byte {
		if f.protocol == reply.RESP3 || redirects && f.subscribed() {
			return message.in(f.protocol)
		}
		return nil
	})
}

// redirectionBroken is the message that the session which was told instead has ended.
func redirectionBroken(id int64) []byte {
	message := reply.BulkString(reply.PushHeader(nil, reply.RESP3, 2), "tracking-redir-broken")
	return reply.Integer(message, id)
}

// follow puts what a session asks for in force. Nothing that it was sent before counts as held.
func (t *tracker) follow(s *session, wanted tracking) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := s.facts.tracking
	s.redirectBroken.Store(false)
	s.set(func(f *facts) { f.tracking = wanted })
	delete(t.listeners, s)
	if wanted.broadcast {
		if t.listeners == nil {
			t.listeners = make(map[*session][]string)
		}
		t.listeners[s] = slices.Sorted(slices.Values(wanted.prefixes))
	}
	switch {
	case wanted.on && !was.on:
		t.clients.Add(1)
	case was.on && !wanted.on && t.clients.Add(-1) == 0:
		t.keys, t.items = nil, 0
	}
}

// counts are what INFO tells.
func (t *tracker) counts() (keys, items, prefixes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	distinct := make(map[string]bool)
	for _, of := range t.listeners {
		for _, prefix := range of {
			distinct[prefix] = true
		}
	}
	return len(t.keys), t.items, len(distinct)
}

// forgetWithoutLeader tells all clients that track to forget everything when the node, which knew of a leader before,
// knows of none: from now on others may change keys without its hearing of it. It reports whether there is a leader.
func (s *Server) forgetWithoutLeader(led bool) bool {
	if s.tracker.clients.Load() == 0 {
		return true
	}
	leader := s.node.Leader()
	leads := leader.Known && !leader.Removed
	if led && !leads {
		s.tracker.flushed()
	}
	return leads
}
