package worlds

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/command"
)

// transactionShare is the share of requests that are transactions, or that watch keys for the next one.
const transactionShare = 0.08

// moversTransactedShare is the share of them that is on movers.
const moversTransactedShare = 0.3

// nullTransaction is the reply to a transaction that came too late.
const nullTransaction = "*-1\r\n"

// transact makes up a transaction on a pair of keys or on a mover, which depends on them if the client has watched
// them, or a request to watch them. The model knows both kinds, so it knows what transactions on them do.
func (c *client) transact(now time.Duration, readsOnly bool) workload.Request {
	key := fmt.Sprintf("%c%d.%d", pairs, c.chance.IntN(c.mix.Keys), int(now/c.mix.KeyLife))
	database := c.database()
	if c.hits(moversTransactedShare) {
		key, database = c.mover(now), c.moverDatabase()
	}
	if c.watched == nil && c.hits(0.7) {
		r := &Request{calls: []call{{"GET", key}, {"WATCH", key}}, database: database, protocol: 2, watching: c}
		if !isMover(key) {
			r.calls = []call{{"MGET", key, twinOf(key)}, {"WATCH", key, twinOf(key)}}
		}
		return r
	}
	if c.watched != nil {
		key, database = familyOf(string(c.watched[0].Key)), c.watched[0].Database
	}
	r := &Request{head: command.TransactionHead(c.watched), database: c.database(), protocol: 2}
	if c.watched = nil; r.database != database {
		r.calls = append(r.calls, call{"SELECT", strconv.Itoa(database)})
	}
	for range 1 + c.chance.IntN(3) {
		r.calls = append(r.calls, c.transacted(key, database, readsOnly))
	}
	return r
}

// transacted is a call of a transaction.
func (c *client) transacted(key string, database int, readsOnly bool) call {
	if !isMover(key) && c.hits(0.5) {
		key = twinOf(key)
	}
	switch reads := readsOnly || c.hits(0.4); {
	case reads:
		return c.read(key)
	case isMover(key):
		return c.moverWrite(key, database)
	}
	return c.write(key)
}

// watch keeps what a request has found that watches keys.
func (c *client) watch(found []command.Watched) {
	c.watched = nil
	for _, w := range found {
		c.watched = append(c.watched, w.Own())
	}
}

// answeredTransaction is Answered for a transaction: null, or an array with one reply for each command.
func (r *Run) answeredTransaction() error {
	r.run.Join()
	if r.executed = string(r.run.Reply) != nullTransaction; !r.executed {
		r.replies = []string{}
		return nil
	}
	rest, isArray := bytes.CutPrefix(r.run.Reply, fmt.Appendf(nil, "*%d\r\n", len(r.run.Calls)))
	replies, whole := splitReplies(rest)
	if !isArray || !whole || len(replies) != len(r.run.Calls) {
		return fmt.Errorf("answer %q to a transaction", r.run.Reply)
	}
	r.replies = replies[:len(r.calls)]
	return nil
}

// lastChanges are the entries that changed keys last.
type lastChanges map[string]uint64

// note notes what a call of an entry has changed in a family: what is not as before, and what got a value that it may
// have had already: by a RENAME, by a COPY that replaces, or by databases that changed places.
func (l lastChanges) note(name string, c call, before, after family, reply string, index uint64) {
	renamed := c[0] == "RENAME" && reply == okReply
	for _, key := range []string{name, name + twinMark} {
		is := *after.of(key)
		replaced := c.replaces() && key == c[2] && reply == integer(1) || c[0] == "SWAPDB" && is != ""
		if renamed || replaced || is != *before.of(key) {
			l[key] = index
		}
	}
}

// check compares what became of a transaction at its place in the log with what its client had watched.
func (l lastChanges) check(h workload.Operation, states states) error {
	r := h.Run.(*Run)
	changed, absent := false, false
	for rest := r.head[1:]; len(rest) > 0; {
		w, following, _ := command.NextWatched(rest)
		rest = following
		name := nameOf(w.Database, string(w.Key))
		now := states[familyOf(name)]
		if now == nil {
			now = &family{}
		}
		changed = changed || l[name] > w.Index || (*now.of(name) != "") != w.Present
		absent = absent || !w.Present
	}
	switch {
	case r.executed && changed:
		return violation("watch", "at %d run %d was executed, although what it watched had changed: %v", h.Index, h.Number, r)
	case !r.executed && !changed && !absent: // one on an absent key may be refused for nothing: see keyspace.removals
		return violation("watch", "at %d run %d was refused, although nothing that it watched had changed: %v", h.Index,
			h.Number, r)
	}
	return nil
}
