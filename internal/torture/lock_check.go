package torture

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// Bounds of what a lock may end early by, from docs/decisions/0034: the time that nodes agree on runs at most one part
// in a hundred faster than ours while one node of a majority runs on, and goes by the clocks across a stop of all
// nodes. The right clocks of a run are the same, but what nodes agree on may trail them by 20 ms, and by how long a
// message is on its way, which slow links make 100 ms each way, and a busy machine longer; lockSlack has room for all.
const (
	lockRatePart = 100
	lockSlack    = 500 * time.Millisecond
)

// lockVerb is what a client does to a lock, or in its name.
type lockVerb uint8

const (
	acquires lockVerb = iota
	renews
	releases
	// drops deletes the key.
	drops
	// looks asks who holds it.
	looks
	// writes writes to the register that the lock guards, with its token as fence.
	writes
)

// String names what the client did.
func (v lockVerb) String() string {
	return [...]string{"LOCK", "RENEW", "UNLOCK", "DEL", "HOLDER", "a write"}[v]
}

// lockAct is something that a client did, and what it was answered.
type lockAct struct {
	verb   lockVerb
	holder string
	// token is what it was given, saw, or did it with.
	token uint64
	// ttl is the time asked for, or seen to be left.
	ttl       time.Duration
	call, end int64
	fate      client.Fate
	// granted says that the answer was a token, a holder, or yes.
	granted bool
	// place is the number of a granted write in the order of the register.
	place int
}

// lockHistory is all that clients did to one lock, in any order.
type lockHistory struct {
	name string
	acts []lockAct
}

// tenure is the time in which a token was held.
type tenure struct {
	token  uint64
	holder string
	// call is when it was asked for, known when a client knew that it was given.
	call, known int64
	// until is the end of the time for which it was certainly held, if it was not given back: from is when a client may
	// have begun to do that, or to delete the lock.
	until, from int64
	ttl         time.Duration
}

// sure is the end of the time in which no other client could have the lock.
func (t *tenure) sure() int64 { return min(t.until, t.from) }

// lockCheck is a walk through a history.
type lockCheck struct {
	*lockHistory
	tenures map[uint64]*tenure
	// lost are those that asked for the lock and were not answered, by holder.
	lost     map[string]lockAct
	problems []error
}

func (c *lockCheck) complain(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Errorf(c.name+": "+format, args...))
	}
}

// check says whether tokens grow, no two clients had the lock at a time, as far as can be known, no holder was refused
// in its time, and no other client had its way with a token that was surpassed.
func (h *lockHistory) check() error {
	c := &lockCheck{lockHistory: h, tenures: map[uint64]*tenure{}, lost: map[string]lockAct{}}
	slices.SortStableFunc(h.acts, func(a, b lockAct) int { return cmp.Compare(a.call, b.call) })
	c.collect()
	c.prolong()
	c.checkGrowth()
	c.checkOverlap()
	for _, a := range c.acts {
		if a.fate != client.Done {
			continue
		}
		switch a.verb {
		case looks:
			c.checkLook(a)
		case renews, releases, writes:
			c.checkUse(a)
		}
	}
	c.checkRegister()
	return errors.Join(c.problems...)
}

// endsEarliest is when a lock ends at the earliest that was asked for at some time.
func endsEarliest(call int64, ttl time.Duration) int64 {
	return call + int64(ttl-ttl/lockRatePart-lockSlack)
}

// collect finds the tenures: of tokens that clients were given, and of those that were seen and whose clients were not
// answered.
func (c *lockCheck) collect() {
	for _, a := range c.acts {
		switch {
		case a.verb != acquires || a.fate == client.NotDone:
		case a.fate == client.Unknown:
			if _, before := c.lost[a.holder]; !before { // any of its attempts may be the one
				c.lost[a.holder] = a
			}
		case a.granted:
			c.add(a, a.token, a.end)
		}
	}
	for _, a := range c.acts {
		if a.verb != looks || a.fate != client.Done || !a.granted {
			continue
		}
		known := c.tenures[a.token]
		asked, open := c.lost[a.holder]
		switch {
		case known != nil && known.holder != a.holder:
			c.complain("%s has token %d, and was seen to be %s", known.holder, a.token, a.holder)
		case known != nil:
			known.known = min(known.known, a.end)
		case !open:
			c.complain("%s is seen to hold it with token %d, and was given none", a.holder, a.token)
		default:
			c.add(asked, a.token, a.end)
		}
	}
}

func (c *lockCheck) add(a lockAct, token uint64, known int64) {
	if other := c.tenures[token]; other != nil {
		if other.holder != a.holder {
			c.complain("%s and %s both have token %d", other.holder, a.holder, token)
			return
		}
		// It asked again for what it had: that prolongs it.
		other.until, other.ttl = max(other.until, endsEarliest(a.call, a.ttl)), max(other.ttl, a.ttl)
		return
	}
	c.tenures[token] = &tenure{
		token: token, holder: a.holder, call: a.call, known: known, ttl: a.ttl,
		until: endsEarliest(a.call, a.ttl), from: math.MaxInt64,
	}
}

// prolong finds out until when each tenure lasted at least.
func (c *lockCheck) prolong() {
	for _, a := range c.acts {
		t := c.tenures[a.token]
		switch {
		case a.fate == client.NotDone:
		case a.verb == drops:
			for _, t := range c.tenures {
				if end := endOf(a); end >= t.call {
					t.from = min(t.from, max(a.call, t.call))
				}
			}
		case t == nil:
		case a.verb == releases:
			t.from = min(t.from, a.call)
		case a.verb == renews:
			t.ttl = max(t.ttl, a.ttl)
			if a.fate == client.Done && a.granted {
				t.until = max(t.until, endsEarliest(a.call, a.ttl))
			}
		}
	}
}

// endOf is when an act had taken effect, if it ever did.
func endOf(a lockAct) int64 {
	if a.fate == client.Unknown {
		return math.MaxInt64
	}
	return a.end
}

// inOrder are the tenures by token.
func (c *lockCheck) inOrder() (all []*tenure) {
	for _, t := range c.tenures {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *tenure) int { return cmp.Compare(a.token, b.token) })
	return all
}

// checkGrowth demands that a token is higher than any that was known before it was asked for.
func (c *lockCheck) checkGrowth() {
	all := c.inOrder()
	for i, later := range all {
		for _, earlier := range all[:i] {
			if later.known < earlier.call {
				c.complain("token %d was given, and after that %s asked and was given %d", later.token, earlier.holder,
					earlier.token)
			}
		}
	}
}

// checkOverlap demands that a token was given when the ones before it could have ended.
func (c *lockCheck) checkOverlap() {
	all := c.inOrder()
	for i, later := range all {
		for _, earlier := range all[:i] {
			if later.known < earlier.sure() {
				c.complain("%s had it with token %d until %v at least, and %s with token %d at %v", earlier.holder,
					earlier.token, time.Duration(earlier.sure()), later.holder, later.token, time.Duration(later.known))
			}
		}
	}
}

// checkLook checks who was seen to hold the lock.
func (c *lockCheck) checkLook(a lockAct) {
	for _, t := range c.tenures {
		switch {
		case !a.granted && t.known < a.call && a.end < t.sure():
			c.complain("it was seen to be free while %s had it with token %d", t.holder, t.token)
		case a.granted && t.token > a.token && t.known < a.call:
			c.complain("%s was seen to have it with token %d after %s had got token %d", a.holder, a.token, t.holder, t.token)
		case a.granted && t.token == a.token && a.ttl > t.ttl:
			c.complain("%s was seen to have it for %v more, and asked for %v", a.holder, a.ttl, t.ttl)
		}
	}
	if a.granted && slices.ContainsFunc(c.acts, func(b lockAct) bool {
		return b.verb == releases && b.token == a.token && b.fate == client.Done && b.granted && b.end < a.call
	}) {
		c.complain("%s was seen to have it with token %d, which had been given back", a.holder, a.token)
	}
}

// checkUse checks what came of the use of a token: it succeeds while it is certainly held, and not after a higher one
// was given. (A register refuses only when it has seen the higher one: see checkRegister.)
func (c *lockCheck) checkUse(a lockAct) {
	own := c.tenures[a.token]
	if own == nil {
		c.complain("%v with token %d, which no client was given", a.verb, a.token)
		return
	}
	held := a.end < own.until
	if a.verb == releases {
		held = held && own.from == a.call
	} else {
		held = held && a.end < own.from
	}
	if !a.granted && held {
		c.complain("%s had it with token %d, and %v was refused", own.holder, own.token, a.verb)
	}
	if !a.granted || a.verb == writes {
		return
	}
	for _, t := range c.tenures {
		if t.token > own.token && t.known < a.call {
			c.complain("%s had got token %d, and %v with token %d was done", t.holder, t.token, a.verb, own.token)
		}
	}
}

// checkRegister demands that no write with a token came behind one with a higher one, in the order of the register.
func (c *lockCheck) checkRegister() {
	var done []lockAct
	for _, a := range c.acts {
		if a.verb == writes && a.fate == client.Done && a.granted {
			done = append(done, a)
		}
	}
	slices.SortFunc(done, func(a, b lockAct) int { return cmp.Compare(a.place, b.place) })
	for i := 1; i < len(done); i++ {
		switch a, b := done[i-1], done[i]; {
		case a.place == b.place:
			c.complain("tokens %d and %d both made write %d of the register", a.token, b.token, a.place)
		case a.token > b.token:
			c.complain("write %d of the register has token %d, and write %d token %d", a.place, a.token, b.place, b.token)
		case b.end < a.call:
			c.complain("write %d of the register was done before write %d was asked for", b.place, a.place)
		}
	}
}
