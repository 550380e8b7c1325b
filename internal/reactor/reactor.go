package reactor

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// patience is the distance of the guard's looks. What is entered keeps the loop for one to two of them, and a turn
// comes at least as often, however much else there is to do.
const patience = 5 * time.Millisecond

// restless is after how many looks in a row at which nothing was entered the guard looks no more, until something is. A
// node at rest enters something ten times a second: with 20 looks the guard never rested.
const restless = 3

// yieldEvery is how often the loop lets Go's scheduler choose anew what its processor does. It is shorter than the
// 10 ms after which the scheduler takes the processor away from a goroutine.
//
//  1. The loop never waits for anything but the system, so to the scheduler it is one goroutine that runs for ever.
//  2. Its monitor (sysmon) finds it in a call of the system 10 ms after it began, and takes the processor away.
//  3. Because it found something to take, the monitor looks every 20 µs for some milliseconds. Then 2 follows again.
//
// A SET from one client cost 2.9 wake-ups of the monitor at the leader before, and costs 0.1 since: see decision 0070.
// A loop at rest yields as well, before each wait: without that, a node had 1,660 wake-ups of the monitor a second.
const yieldEvery = 8 * time.Millisecond

// Readiness says what a socket is ready for.
type Readiness struct {
	// Readable says that a read finds bytes, the end or an error; Writable that a write finds room.
	Readable, Writable bool
	// Ended says that the other side has closed its sending half, or that the connection broke.
	Ended bool
}

// Watcher is called by the loop when its socket becomes ready. It is told of each change once: it reads or writes until
// the socket has no more, or remembers that it did not.
type Watcher interface {
	Ready(Readiness)
}

// Turner has the turn of the loop, once in each round.
type Turner interface {
	// Turn handles what has come in.
	Turn()
	// Settle comes behind the tasks that the turn posted: for what takes longer than those should wait. It says in how
	// long the next turn is wanted at the latest; 0: at once. Each wake and each ready socket brings one before that.
	Settle() (atMost time.Duration)
	// Awaits says that a turn that is due would be better with what is about to come: the sockets are looked at once more
	// before it, without waiting, and again as long as something was there and it says so.
	Awaits() bool
}

// Task is what Post has the loop do.
type Task interface {
	Do()
}

// Reactor is a loop. Make one with New. Post, Wake, Watch and AwaitRoom may be called from any goroutine; Favour,
// Forget, Enter and Leave only by what the loop calls.
type Reactor struct {
	poller *poller
	// pending says that something wants a turn; asleep that the loop waits in the system, so that a wake costs a call.
	pending, asleep atomic.Bool

	mu     sync.Mutex
	posted []Task
	closed bool
	// tasked is how many tasks are in posted: a task is done without a turn, so it leaves pending alone.
	tasked atomic.Int32

	// whose says which goroutine is the loop: see whose.go.
	whose atomic.Uint64
	// taken counts how often the loop was taken away.
	taken atomic.Int64
	// turns counts the turns. overdue is set by the guard when there was none between two of its looks.
	turns   atomic.Uint64
	overdue atomic.Bool
	// dozing says that the guard looks no more; doze wakes it.
	dozing atomic.Bool
	doze   chan struct{}

	// What follows belongs to the loop, and goes with it from goroutine to goroutine.
	ready     []readySocket
	nextReady int
	tasks     []Task
	nextTask  int
	turner    Turner
	// turned says that the turner had a turn since it was attached.
	turned   bool
	favoured []readySocket

	stopping  chan struct{}
	goroutine sync.WaitGroup
}

// readySocket is one that the system named.
type readySocket struct {
	socket    int
	watcher   Watcher
	readiness Readiness
}

// New starts a loop. The error is errors.ErrUnsupported on a system that has no means for it.
func New() (*Reactor, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	r := &Reactor{poller: p, doze: make(chan struct{}, 1), stopping: make(chan struct{})}
	r.goroutine.Go(func() { r.run(0) })
	r.goroutine.Go(r.guard)
	return r, nil
}

// Close ends the loop, and waits until nothing of it runs any more. Sockets that are still watched are not closed.
// Tasks that were posted are done before, those that come later never.
func (r *Reactor) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	r.mu.Unlock()
	close(r.stopping)
	r.Wake()
	r.goroutine.Wait()
	r.poller.close()
}

// Post has the loop do a task soon, and reports whether it will: not after Close. It does not wait.
func (r *Reactor) Post(t Task) bool {
	r.mu.Lock()
	open := !r.closed
	if open {
		r.posted = append(r.posted, t)
		r.tasked.Store(int32(len(r.posted)))
	}
	r.mu.Unlock()
	r.rouse()
	return open
}

// Wake brings a turn soon. It does not wait, and costs a system call only while the loop sleeps.
func (r *Reactor) Wake() {
	if !r.pending.Load() { // to look costs less than to write
		r.pending.Store(true)
	}
	r.rouse()
}

// rouse has the loop look for what wants a turn, or for tasks.
//
//  1. The loop says that it is asleep, then looks whether there is something, then waits.
//  2. What comes before the look is seen by it. What comes later finds the loop asleep, and ends the wait.
func (r *Reactor) rouse() {
	if r.asleep.Load() && r.asleep.CompareAndSwap(true, false) {
		r.poller.wake()
	}
}

// Attach has a turner take the turns from soon on. It does not wait.
func (r *Reactor) Attach(t Turner) {
	r.Post(function(func() { r.turner, r.turned = t, false; r.Wake() }))
}

// Detach ends what Attach began. When it returns the turner is not called any more; but where Leave has told it that
// the loop went on without it, it may still be under way. The loop itself must not call it.
func (r *Reactor) Detach() { r.Do(func() { r.turner = nil }) }

// Do has the loop call a function, and waits until it did. The loop itself must not call it. It does nothing after
// Close.
func (r *Reactor) Do(f func()) {
	done := make(chan struct{})
	if r.Post(function(func() { f(); close(done) })) {
		<-done
	}
}

// function is a task.
type function func()

func (f function) Do() { f() }

// Watch has a watcher called for a socket, at once for what is there already. The socket must not block.
func (r *Reactor) Watch(socket int, w Watcher) error { return r.poller.watch(socket, w) }

// AwaitRoom has the watcher of a socket called when the socket has room for more bytes, or, if it is not wanted, no
// more.
func (r *Reactor) AwaitRoom(socket int, wanted bool) error { return r.poller.writable(socket, wanted) }

// Favour has the watcher of a socket called before a turn that is overdue, whether or not something has come: a crowd
// of others holds it up no longer than patience. It is for the few sockets without which the turn has nothing to do.
func (r *Reactor) Favour(socket int, w Watcher) {
	r.favoured = append(r.favoured, readySocket{socket, w, Readiness{Readable: true}})
}

// Forget ends what Watch and Favour began: the watcher is not called any more. It comes before the socket is closed.
func (r *Reactor) Forget(socket int) {
	r.poller.forget(socket)
	r.favoured = slices.DeleteFunc(r.favoured, func(f readySocket) bool { return f.socket == socket })
	for i := r.nextReady; i < len(r.ready); i++ {
		if r.ready[i].socket == socket {
			r.ready[i].watcher = nil
		}
	}
}

// TakenAway is how often the loop has gone on without what it had called, because that took long.
func (r *Reactor) TakenAway() int64 { return r.taken.Load() }

// run is the life of the loop on one goroutine, until it goes on on another one, or ends.
func (r *Reactor) run(generation uint64) {
	mine := func() bool { return generationOf(r.whose.Load()) == generation }
	yielded := time.Now()
	for r.pass(mine) && r.lookAgain(mine) && r.turn(mine) && r.doPosted(mine) {
		wait, on := r.settle(mine)
		switch {
		case !on:
			return
		case r.hasStopped():
			r.doPosted(mine) // the last ones: Post refuses more
			return
		}
		if now := time.Now(); now.Sub(yielded) >= yieldEvery {
			yielded = now
			runtime.Gosched()
		}
		r.await(wait)
	}
}

// turn has a turn, if there is a turner. False: the loop goes on elsewhere.
func (r *Reactor) turn(mine func() bool) bool {
	r.pending.Store(false)
	r.overdue.Store(false)
	r.turns.Add(1)
	if r.turner == nil {
		return true
	}
	r.turned = true
	r.turner.Turn()
	return mine()
}

// settle ends a turn.
func (r *Reactor) settle(mine func() bool) (wait time.Duration, on bool) {
	if r.turner == nil || !r.turned {
		return -1, true
	}
	wait = r.turner.Settle()
	return wait, mine()
}

// catchUp has a turn now if one is overdue: many sockets or tasks, each of them quick, must not put it off. False: the
// loop goes on elsewhere.
//
//  1. Five hundred clients have sent long pipelines, and each takes some milliseconds.
//  2. Without a turn in between, no heartbeat would leave and none would be heard for seconds.
func (r *Reactor) catchUp(mine func() bool) bool {
	if !r.overdue.Load() {
		return true
	}
	for i := 0; i < len(r.favoured); i++ {
		if r.favoured[i].watcher.Ready(r.favoured[i].readiness); !mine() {
			return false
		}
	}
	if !r.turn(mine) {
		return false
	}
	_, on := r.settle(mine)
	r.pending.Store(true) // the turn took it for its own, and tasks may have been posted since the loop looked at them
	return on
}

func (r *Reactor) hasStopped() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// pass calls the watchers whose sockets are ready. False: the loop goes on elsewhere.
func (r *Reactor) pass(mine func() bool) bool {
	for r.nextReady < len(r.ready) {
		next := r.ready[r.nextReady]
		r.nextReady++
		if next.watcher == nil {
			continue
		}
		if next.watcher.Ready(next.readiness); !mine() || !r.catchUp(mine) {
			return false
		}
	}
	clear(r.ready)
	r.ready, r.nextReady = r.ready[:0], 0
	return true
}

// lookAgain calls the watchers whose sockets have become ready meanwhile, as long as the turner awaits more and
// something came, and until a turn was overdue: tasks wait as well. False: the loop goes on elsewhere.
func (r *Reactor) lookAgain(mine func() bool) bool {
	turns := r.turns.Load()
	for r.turner != nil && r.turned && r.turns.Load() == turns && r.turner.Awaits() {
		if r.ready = r.poller.wait(r.ready, 0); len(r.ready) == 0 {
			break
		}
		if !r.pass(mine) {
			return false
		}
	}
	return true
}

// doPosted does what was posted until now; what that posts in turn waits for the next round. False: the loop goes on
// elsewhere.
//
// A goroutine that takes over in the middle does the rest, and then what was posted since.
func (r *Reactor) doPosted(mine func() bool) bool {
	if !r.doTasks(mine) {
		return false
	}
	clear(r.tasks)
	r.mu.Lock()
	r.tasks, r.posted = r.posted, r.tasks[:0]
	r.tasked.Store(0)
	r.mu.Unlock()
	r.nextTask = 0
	return r.doTasks(mine)
}

func (r *Reactor) doTasks(mine func() bool) bool {
	for r.nextTask < len(r.tasks) {
		next := r.tasks[r.nextTask]
		r.nextTask++
		if next.Do(); !mine() || !r.catchUp(mine) {
			return false
		}
	}
	return true
}

// await waits for something to do, or for the time; a negative one never comes.
func (r *Reactor) await(atMost time.Duration) {
	r.asleep.Store(true)
	if r.pending.Load() || r.tasked.Load() > 0 || atMost == 0 {
		r.asleep.Store(false)
		r.ready = r.poller.wait(r.ready, 0)
		return
	}
	r.ready = r.poller.wait(r.ready, atMost)
	r.asleep.Store(false)
}
