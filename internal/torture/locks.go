package torture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

const (
	lockContenders = 32
	lockNames      = 4
	// lockThink bounds the time between two commands of a client that has no lock, lockPoll that between two of one that
	// waits for a lock which must become free.
	lockThink = 200 * time.Millisecond
	lockPoll  = 50 * time.Millisecond
	// A lock is asked for a time between these two.
	shortestTTL = time.Second
	longestTTL  = 3 * time.Second
)

// Locks is a workload on locks (RAFT.LOCK): many clients want a few of them, each for a time. One that has a lock
// writes to a register, with its token as fence: a register that has seen a higher token takes no lower one. Some give
// the lock back, some let its time pass, some prolong it; some pause until long after its time and go on as if they had
// it. One of the locks is deleted now and then.
type Locks struct {
	locks [lockNames]*lock
}

// lock is a lock in use, with its register.
type lock struct {
	name, register string
	deleted        bool

	mu      sync.Mutex
	history lockHistory
}

// NewLocks makes a workload, for one run.
func NewLocks() *Locks {
	w := &Locks{}
	for i := range w.locks {
		l := &lock{name: fmt.Sprint("lock", i), register: fmt.Sprint("fenced", i), deleted: i == 0}
		l.history.name = l.name
		w.locks[i] = l
	}
	return w
}

// Keys are the locks and the registers.
func (w *Locks) Keys() (names []string) {
	for _, l := range w.locks {
		names = append(names, l.name, l.register)
	}
	return names
}

// Work takes locks and gives them back until the run is over.
func (w *Locks) Work(ctx context.Context, f *Field) error {
	var clients []func(context.Context) error
	for id := range lockContenders {
		clients = append(clients, (&contender{visitor: newVisitor(f, kindContender, id), lock: w.locks[id%lockNames]}).work)
	}
	return together(ctx, clients...)
}

// contender is a client that wants a lock.
type contender struct {
	*visitor
	lock  *lock
	tries int
}

func (c *contender) work(ctx context.Context) error {
	defer c.leave()
	for !c.field.Over() {
		err := c.try(ctx)
		if err == nil {
			err = c.pause(ctx, lockThink)
		}
		if err != nil {
			return fmt.Errorf("contender %d: %w", c.id, err)
		}
	}
	return nil
}

// try asks for the lock, and uses it if it is given.
func (c *contender) try(ctx context.Context) error {
	c.tries++
	a := lockAct{verb: acquires, holder: fmt.Sprintf("%d.%d", c.id, c.tries)}
	a.ttl = between(c.rng, shortestTTL, longestTTL)
	a, err := c.acquire(ctx, a)
	for err == nil && a.fate == client.Unknown && c.rng.IntN(4) > 0 {
		a, err = c.acquire(ctx, a) // it may have the lock already, and is told the same token then
	}
	if err != nil {
		return err
	}
	if !a.granted || a.fate != client.Done {
		if c.rng.IntN(4) == 0 {
			return c.look(ctx)
		}
		return nil
	}
	return c.hold(ctx, a)
}

// act sends a command, takes note of what came of it, and returns that.
func (c *contender) act(ctx context.Context, a lockAct, read func(*lockAct, client.Reply) error, command ...string,
) (lockAct, error) {
	o, err := c.do(ctx, command...)
	if err != nil {
		return a, err
	}
	a.call, a.end, a.fate = o.call, o.end, o.fate
	if o.fate == client.Done {
		if err := read(&a, o.reply); err != nil {
			return a, fmt.Errorf("%q was answered %v: %w", command, o.reply, err)
		}
	}
	c.lock.note(a)
	return a, nil
}

func (l *lock) note(a lockAct) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.history.acts = append(l.history.acts, a)
}

func (c *contender) acquire(ctx context.Context, a lockAct) (lockAct, error) {
	return c.act(ctx, a, func(a *lockAct, reply client.Reply) (err error) {
		if reply.Null {
			return nil
		}
		a.granted = true
		a.token, err = tokenIn(reply)
		return err
	}, "RAFT.LOCK", c.lock.name, a.holder, millis(a.ttl))
}

// tokenIn is a reply as a token.
func tokenIn(reply client.Reply) (uint64, error) {
	if reply.Kind != ':' {
		return 0, errors.New("it is no token")
	}
	return strconv.ParseUint(reply.Text, 10, 64)
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// look asks who has the lock.
func (c *contender) look(ctx context.Context) error {
	_, err := c.act(ctx, lockAct{verb: looks}, func(a *lockAct, reply client.Reply) (err error) {
		if reply.Null {
			return nil
		}
		if len(reply.Items) != 3 {
			return errors.New("it is no holder")
		}
		a.granted, a.holder = true, reply.Items[0].Text
		left, notNumber := strconv.ParseInt(reply.Items[2].Text, 10, 64)
		a.token, err = tokenIn(reply.Items[1])
		a.ttl = time.Duration(left) * time.Millisecond
		return errors.Join(err, notNumber)
	}, "RAFT.HOLDER", c.lock.name)
	return err
}

// use sends a command that needs the token, and is answered 1 or 0.
func (c *contender) use(ctx context.Context, a lockAct, command ...string) error {
	_, err := c.act(ctx, a, func(a *lockAct, reply client.Reply) error {
		if reply.Kind != ':' || reply.Text != "0" && reply.Text != "1" {
			return errors.New("it is neither 0 nor 1")
		}
		a.granted = reply.Text == "1"
		return nil
	}, append(command, c.lock.name, strconv.FormatUint(a.token, 10))...)
	return err
}

// hold does what a client does that has the lock.
func (c *contender) hold(ctx context.Context, a lockAct) error {
	if err := c.write(ctx, a.token); err != nil {
		return err
	}
	rest, prolongs := time.Duration(c.rng.Int64N(int64(a.ttl/2))), c.rng.IntN(3) == 0
	if c.rng.IntN(4) == 0 { // it is paused, and does not know it
		rest = a.ttl + between(c.rng, lockSlack, longestTTL)
	}
	if err := c.rest(ctx, rest); err != nil {
		return err
	}
	if prolongs {
		if err := c.prolong(ctx, a); err != nil {
			return err
		}
	}
	if err := c.write(ctx, a.token); err != nil {
		return err
	}
	switch c.rng.IntN(8) {
	case 0:
		return nil // its time passes
	case 1:
		if c.lock.deleted {
			return c.drop(ctx)
		}
	}
	return c.use(ctx, lockAct{verb: releases, token: a.token}, "RAFT.UNLOCK")
}

// prolong prolongs a lock by its token, or by asking for it again.
func (c *contender) prolong(ctx context.Context, a lockAct) error {
	if c.rng.IntN(2) == 0 {
		again, err := c.acquire(ctx, lockAct{verb: acquires, holder: a.holder, ttl: a.ttl})
		if err == nil && again.granted && again.token != a.token {
			// Its time had passed, and it has the lock anew.
			return c.use(ctx, lockAct{verb: releases, token: again.token}, "RAFT.UNLOCK")
		}
		return err
	}
	_, err := c.act(ctx, lockAct{verb: renews, token: a.token, ttl: a.ttl}, func(a *lockAct, reply client.Reply) error {
		a.granted = reply.Text == "1"
		return nil
	}, "RAFT.RENEW", c.lock.name, strconv.FormatUint(a.token, 10), millis(a.ttl))
	return err
}

func (c *contender) drop(ctx context.Context) error {
	_, err := c.act(ctx, lockAct{verb: drops}, func(*lockAct, client.Reply) error { return nil }, "DEL", c.lock.name)
	return err
}

// write writes to the register what is next, unless it has seen a higher token. The register is TOKEN.NUMBER.
func (c *contender) write(ctx context.Context, token uint64) error {
	a := lockAct{verb: writes, token: token, call: c.field.Now(), fate: client.Unknown, end: math.MaxInt64}
	seen, err := c.do(ctx, "GET", c.lock.register)
	if err != nil || seen.fate != client.Done {
		return err
	}
	fence, number, err := parseFenced(seen.reply)
	switch {
	case err != nil:
		return err
	case fence > token:
		a.fate, a.end = client.Done, seen.end
		c.lock.note(a)
		return nil
	}
	a.place = number + 1
	command := []string{"SET", c.lock.register, fmt.Sprintf("%d.%d", token, a.place), "IFEQ", seen.reply.Text}
	if seen.reply.Null {
		command = append(command[:3], "NX")
	}
	o, err := c.do(ctx, command...)
	if err != nil {
		return err
	}
	if a.end, a.fate, a.granted = o.end, o.fate, o.reply.Text == "OK"; !a.granted && o.fate == client.Done {
		return c.write(ctx, token) // it changed in between
	}
	c.lock.note(a)
	return nil
}

// parseFenced takes the value of a register apart.
func parseFenced(reply client.Reply) (fence uint64, number int, err error) {
	if reply.Null {
		return 0, 0, nil
	}
	before, after, found := strings.Cut(reply.Text, ".")
	fence, err = strconv.ParseUint(before, 10, 64)
	if err == nil {
		number, err = strconv.Atoi(after)
	}
	if err != nil || !found {
		return 0, 0, fmt.Errorf("a register has %v", reply)
	}
	return fence, number, nil
}

// Verify takes every lock once more, for which the last holder's time must pass, and checks what clients saw.
func (w *Locks) Verify(ctx context.Context, f *Field) error {
	var problems []error
	var clients []func(context.Context) error
	for i, l := range w.locks {
		c := &contender{visitor: newVisitor(f, kindChecker, i), lock: l}
		clients = append(clients, func(ctx context.Context) error { return c.takeLast(ctx, longestTTL+f.Limit) })
	}
	problems = append(problems, together(ctx, clients...))
	for _, l := range w.locks {
		problems = append(problems, l.history.check())
	}
	return errors.Join(problems...)
}

// takeLast takes a lock as soon as it is free, which it must be within a time, and gives it back.
func (c *contender) takeLast(ctx context.Context, limit time.Duration) error {
	defer c.leave()
	for began := time.Now(); ; {
		c.tries++
		a, err := c.acquire(ctx, lockAct{verb: acquires, holder: fmt.Sprintf("last.%d", c.tries), ttl: longestTTL})
		switch {
		case err != nil:
			return err
		case a.granted:
			return c.use(ctx, lockAct{verb: releases, token: a.token}, "RAFT.UNLOCK")
		case time.Since(began) > limit:
			return fmt.Errorf("%s is not free %v after the last client had it", c.lock.name, limit)
		}
		if err := wait(ctx, lockPoll); err != nil {
			return err
		}
	}
}

// Refused is how often a register, or the lock itself, refused a token that was surpassed or whose time had passed.
func (w *Locks) Refused() int {
	return w.count(func(a lockAct) bool { return a.token != 0 && !a.granted })
}

func (w *Locks) count(which func(lockAct) bool) (count int) {
	for _, l := range w.locks {
		for _, a := range l.history.acts {
			if a.fate == client.Done && which(a) {
				count++
			}
		}
	}
	return count
}

// String says how often locks were taken and tokens refused.
func (w *Locks) String() string {
	of := func(verbs ...lockVerb) int {
		return w.count(func(a lockAct) bool { return a.granted && slices.Contains(verbs, a.verb) })
	}
	return fmt.Sprintf("locks: taken %d times, prolonged %d times, given back %d times; %d writes with a token; "+
		"%d tokens refused", of(acquires), of(renews), of(releases), of(writes), w.Refused())
}
