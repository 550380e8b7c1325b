package reactor

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/internal/tcppair"
)

// soon bounds what happens at once on a machine that is not busy.
const soon = 20 * time.Second

func started(t *testing.T) *Reactor {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(soon):
		t.Fatalf("no %s", what)
	}
}

// pair is two ends of a TCP connection; the first one is taken from the runtime.
func pair(t *testing.T) (socket int, other net.Conn) {
	t.Helper()
	other, accepted := tcppair.New(t)
	socket, err := Take(accepted)
	if err != nil {
		t.Fatal(err)
	}
	return socket, other
}

type watcherFunc func(Readiness)

func (f watcherFunc) Ready(is Readiness) { f(is) }

// echo answers what comes, until the end.
type echo struct {
	r      *Reactor
	socket int
	ended  chan struct{}
	rest   []byte
}

func (e *echo) Ready(Readiness) {
	buffer := make([]byte, 1000)
	for {
		if n, err := Write(e.socket, e.rest); err != nil {
			e.rest = e.rest[n:]
			_ = e.r.AwaitRoom(e.socket, true)
			return
		}
		e.rest = nil
		n, err := Read(e.socket, buffer)
		switch {
		case err == ErrNothing:
			return
		case err != nil:
			e.r.Forget(e.socket)
			Close(e.socket)
			close(e.ended)
			return
		}
		e.rest = append(e.rest, buffer[:n]...)
	}
}

// What was there before Watch, what comes later, more than a socket holds in both directions, and the end.
func TestAWatcherSeesAllThatComes(t *testing.T) {
	r := started(t)
	socket, other := pair(t)
	if _, err := other.Write([]byte("before")); err != nil {
		t.Fatal(err)
	}
	e := &echo{r: r, socket: socket, ended: make(chan struct{})}
	if err := r.Watch(socket, e); err != nil {
		t.Fatal(err)
	}
	const more = 16 << 20
	go func() {
		_, _ = other.Write(make([]byte, more))
		_ = other.(*net.TCPConn).CloseWrite()
	}()
	if n, err := io.Copy(io.Discard, other); err != nil || n != more+6 {
		t.Fatalf("%d bytes came back: %v", n, err)
	}
	await(t, "end", e.ended)
}

// A forgotten watcher is not called any more, not even for what the same wait reported.
func TestAForgottenWatcherIsNotCalled(t *testing.T) {
	r := started(t)
	var sockets [2]int
	var others [2]net.Conn
	var calls atomic.Int32
	done := make(chan struct{})
	for i := range sockets {
		sockets[i], others[i] = pair(t)
	}
	r.Do(func() { // both are ready when the loop waits next
		for i := range sockets {
			if err := r.Watch(sockets[i], watcherFunc(func(Readiness) {
				if calls.Add(1) == 1 {
					r.Forget(sockets[1-i])
					close(done)
				}
			})); err != nil {
				t.Error(err)
			}
			if _, err := others[i].Write([]byte("x")); err != nil {
				t.Error(err)
			}
		}
	})
	await(t, "call", done)
	for range 3 {
		r.Do(func() {})
	}
	if n := calls.Load(); n != 1 {
		t.Fatalf("%d calls", n)
	}
	for _, s := range sockets {
		Close(s)
	}
}

// Tasks are done in order, by one goroutine at a time, also those that tasks post; and none after Close.
func TestTasksAreDoneInOrder(t *testing.T) {
	r := started(t)
	const each = 1000
	var next [4]int
	var posters sync.WaitGroup
	for p := range next {
		posters.Go(func() {
			for i := range each {
				r.Post(function(func() {
					if next[p] != i {
						t.Errorf("task %d of %d came when %d was due", i, p, next[p])
					}
					next[p]++
				}))
			}
		})
	}
	posters.Wait()
	done := make(chan struct{})
	r.Post(function(func() { r.Post(function(func() { close(done) })) }))
	await(t, "task of a task", done)
	r.Do(func() {
		for p, n := range next {
			if n != each {
				t.Errorf("%d tasks of %d", n, p)
			}
		}
	})
	r.Close()
	if r.Post(function(func() { t.Error("done after Close") })) {
		t.Error("Post says that a closed loop will")
	}
	r.Do(func() { t.Error("done after Close") })
}

// turns counts rounds, and checks their order.
type turns struct {
	turned, settled int
	atMost          time.Duration
	each            chan struct{}
	// awaited is called by Awaits; nil: nothing is awaited.
	awaited func() bool
}

func (t *turns) Turn() { t.turned++ }

func (t *turns) Awaits() bool { return t.awaited != nil && t.awaited() }

func (t *turns) Settle() time.Duration {
	t.settled++
	select {
	case t.each <- struct{}{}:
	default:
	}
	return t.atMost
}

// What comes while a turner awaits more is there before its turn. When nothing comes the turn begins.
func TestATurnTakesWhatItAwaits(t *testing.T) {
	r := started(t)
	socket, other := pair(t)
	var read, looks, before int
	watcher := watcherFunc(func(Readiness) {
		n, _ := Read(socket, make([]byte, 10))
		read += n
	})
	if err := r.Watch(socket, watcher); err != nil {
		t.Fatal(err)
	}
	counted := &turns{atMost: time.Hour, each: make(chan struct{}, 1)}
	r.Attach(counted)
	await(t, "turn", counted.each)
	r.Do(func() {
		before = counted.turned
		counted.awaited = func() bool {
			if looks++; looks <= 3 {
				_, _ = other.Write([]byte{1})
			}
			if looks <= 4 && (read != looks-1 || counted.turned != before) {
				t.Errorf("look %d: %d bytes were read, %d turns were had", looks, read, counted.turned-before)
			}
			return true
		}
	})
	r.Do(func() {
		if looks < 4 || counted.turned == before {
			t.Errorf("%d looks and %d turns where something comes at three looks", looks, counted.turned-before)
		}
		counted.awaited = nil
		r.Forget(socket)
		Close(socket)
	})
}

// The turner is called by wakes, and by its own time.
func TestATurnComesByWakesAndByTime(t *testing.T) {
	r := started(t)
	counted := &turns{atMost: time.Hour, each: make(chan struct{}, 1)}
	r.Attach(counted)
	await(t, "turn", counted.each)
	for range 100 {
		r.Wake()
		await(t, "turn by a wake", counted.each)
	}
	r.Do(func() { counted.atMost = time.Millisecond })
	for range 100 {
		await(t, "turn by time", counted.each)
	}
	r.Do(func() {
		if counted.turned != counted.settled+1 { // this task stands between the two
			t.Errorf("%d turns, %d settled", counted.turned, counted.settled)
		}
	})
	r.Detach()
	turned := counted.turned
	if r.Do(func() {}); counted.turned != turned {
		t.Error("a turner that was detached has a turn")
	}
}

// A wake that comes at any moment brings a turn: none is lost between the look and the sleep.
func TestNoWakeIsLost(t *testing.T) {
	r := started(t)
	for range 5000 {
		r.Do(func() {})
	}
}

// What enters and stays loses the loop, which goes on with what stood behind it; it is told so when it leaves. What
// leaves in time keeps the loop.
func TestTheLoopGoesOnWithoutWhatStays(t *testing.T) {
	r := started(t)
	for range 3 { // also when the guard dozes
		awaitQuick(t, r)
		release, left := make(chan struct{}), make(chan bool, 1)
		var order []int
		r.Do(func() {
			r.Post(function(func() {
				entry := r.Enter()
				<-release
				left <- r.Leave(entry)
			}))
			for i := range 10 {
				r.Post(function(func() { order = append(order, i) }))
			}
		})
		r.Do(func() { // the loop is here, though the first task stays
			for i, n := range order {
				if i != n {
					t.Errorf("the order is %v", order)
				}
			}
			if len(order) != 10 {
				t.Errorf("%d tasks behind the one that stays", len(order))
			}
		})
		awaitQuick(t, r) // another entry does not lose the loop for the first
		close(release)
		if <-left {
			t.Error("what stayed was told that it kept the loop")
		}
	}
}

// awaitQuick waits until an entry keeps the loop: the system may stop a thread for longer than the guard waits.
func awaitQuick(t *testing.T, r *Reactor) {
	t.Helper()
	kept := false
	for deadline := time.Now().Add(soon); !kept; {
		if r.Do(func() { kept = r.Leave(r.Enter()) }); time.Now().After(deadline) {
			t.Fatal("the loop is taken away at once, always")
		}
	}
}

// The loop is taken from a watcher: the other sockets that were ready are handled.
func TestTheLoopGoesOnBehindAWatcherThatStays(t *testing.T) {
	r := started(t)
	release := make(chan struct{})
	var first atomic.Bool
	var seen sync.WaitGroup
	const sockets = 8
	seen.Add(sockets - 1)
	r.Do(func() {
		for range sockets {
			socket, other := pair(t)
			once := false
			if err := r.Watch(socket, watcherFunc(func(Readiness) {
				if once {
					return
				}
				if once = true; first.CompareAndSwap(false, true) {
					entry := r.Enter()
					<-release
					r.Leave(entry)
					return
				}
				seen.Done()
			})); err != nil {
				t.Error(err)
			}
			if _, err := other.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			t.Cleanup(func() { Close(socket) })
		}
	})
	done := make(chan struct{})
	go func() { seen.Wait(); close(done) }()
	await(t, "call of the others", done)
	close(release)
}

// A goroutine leaves while the loop is taken away: exactly one goroutine goes on as the loop.
func TestOneGoroutineIsTheLoop(t *testing.T) {
	r := started(t)
	var inside, kept, lost atomic.Int32
	const rounds = 1000
	var thieves sync.WaitGroup
	for range rounds {
		r.Do(func() {
			if inside.Add(1) != 1 {
				t.Error("two goroutines are the loop")
			}
			entry := r.Enter()
			inside.Add(-1)
			thieves.Go(func() { r.GiveAway(entry) })
			if r.Leave(entry) {
				kept.Add(1)
			} else {
				lost.Add(1)
			}
		})
		r.Do(func() {
			if inside.Add(1) != 1 {
				t.Error("two goroutines are the loop")
			}
			inside.Add(-1)
		})
	}
	thieves.Wait()
	if kept.Load()+lost.Load() != rounds || int64(lost.Load()) != r.TakenAway() {
		t.Errorf("%d kept the loop, %d lost it, which was taken away %d times", kept.Load(), lost.Load(), r.TakenAway())
	}
}

// A turn that is overdue comes between two of many sockets that are ready, and between two of many tasks, and so do the
// sockets without which it has nothing to do.
func TestACrowdDoesNotPutOffTheTurn(t *testing.T) {
	r := started(t)
	counted := &turns{atMost: time.Hour, each: make(chan struct{}, 1)}
	r.Attach(counted)
	favoured, others := 0, make(chan string, 2)
	r.Do(func() { r.Favour(-1, watcherFunc(func(Readiness) { favoured++ })) })
	// toil is quick as far as the guard can see, and goes on until a turn is overdue.
	toil := func() {
		for deadline := time.Now().Add(soon); !r.overdue.Load(); runtime.Gosched() {
			if r.Leave(r.Enter()); time.Now().After(deadline) {
				t.Error("no turn is ever overdue")
				return
			}
		}
	}
	watch := func(what string) {
		turned, heard, first := 0, 0, true
		after := func() {
			if first {
				toil()
				turned, heard, first = counted.turned, favoured, false
			} else if counted.turned == turned || favoured == heard {
				others <- what + ": no turn, or not the favoured socket"
			} else {
				others <- ""
			}
		}
		r.Do(func() {
			for range 2 {
				if what == "tasks" {
					r.Post(function(after))
					continue
				}
				socket, other := pair(t)
				if err := r.Watch(socket, watcherFunc(func(Readiness) { after() })); err != nil {
					t.Error(err)
				}
				if _, err := other.Write([]byte("x")); err != nil {
					t.Error(err)
				}
				t.Cleanup(func() { r.Do(func() { r.Forget(socket) }); Close(socket) })
			}
		})
		select {
		case fault := <-others:
			if fault != "" {
				t.Error(fault)
			}
		case <-time.After(soon):
			t.Errorf("%s: the second is not served", what)
		}
	}
	watch("tasks")
	watch("sockets")
	r.Do(func() {
		if r.Forget(-1); len(r.favoured) != 0 {
			t.Error("a forgotten socket is favoured")
		}
	})
}

// What was posted before Close is done, whenever that comes.
func TestCloseDoesWhatWasPosted(t *testing.T) {
	for range 50 {
		r := started(t)
		var posted, done atomic.Int32
		var poster sync.WaitGroup
		poster.Go(func() {
			for r.Post(function(func() { done.Add(1) })) {
				posted.Add(1)
			}
		})
		for posted.Load() < 10 {
			runtime.Gosched()
		}
		r.Close()
		poster.Wait()
		if posted.Load() != done.Load() {
			t.Fatalf("%d tasks of %d were done", done.Load(), posted.Load())
		}
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	r, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	r.Do(func() {
		for b.Loop() {
			r.Leave(r.Enter())
		}
	})
}

// tcp-keepalive: a socket that the runtime gets back is as it was before, and served as any connection.
func TestGiveChangesNothingOfASocket(t *testing.T) {
	for _, want := range []net.KeepAliveConfig{{}, {Enable: true, Idle: 77 * time.Second, Interval: 7 * time.Second}} {
		other, before := tcppair.New(t)
		local := before.LocalAddr().String()
		if err := before.(*net.TCPConn).SetKeepAliveConfig(want); err != nil {
			t.Fatal(err)
		}
		for range 2 { // what was given can be taken again
			socket, err := Take(before)
			if err != nil {
				t.Fatal(err)
			}
			before = Give(socket, before)
			keeps, _ := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
			idle, err := unix.GetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
			if err != nil || (keeps != 0) != want.Enable || want.Enable && idle != 77 {
				t.Errorf("keep-alive %d, %d s, %v; want %+v", keeps, idle, err, want)
			}
		}
		if before.RemoteAddr().String() != other.LocalAddr().String() || before.LocalAddr().String() != local {
			t.Errorf("from %v to %v", before.RemoteAddr(), before.LocalAddr())
		}
		b := make([]byte, 5)
		_ = before.SetReadDeadline(time.Unix(1, 0))
		if _, err := before.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read behind a deadline: %v", err)
		}
		_ = before.SetReadDeadline(time.Time{})
		if _, err := before.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		if err := before.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(other); err != nil || string(got) != "hello" {
			t.Errorf("read %q, %v", got, err)
		}
		_ = other.Close()
		if n, err := before.Read(b); n != 0 || err != io.EOF {
			t.Errorf("read %d bytes, %v at the end", n, err)
		}
		_ = before.Close()
	}
}

// A wake that is late, behind Close, writes nothing into what has got the number since.
func TestAWakeBehindCloseWritesNowhere(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	pipe := make([]int, 2)
	if err := unix.Pipe2(pipe, unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	r.poller.event = pipe[1] // as if the system had given it the number
	r.poller.wake()
	if n, _ := unix.Read(pipe[0], make([]byte, 8)); n > 0 {
		t.Errorf("%d bytes were written", n)
	}
}

// A socket that is watched keeps its watcher when another one is refused.
func TestASecondWatcherIsRefusedAndTheFirstStays(t *testing.T) {
	r := started(t)
	socket, other := pair(t)
	seen := make(chan struct{})
	first := watcherFunc(func(Readiness) {
		if _, err := Read(socket, make([]byte, 8)); err == nil {
			close(seen)
		}
	})
	if err := r.Watch(socket, first); err != nil {
		t.Fatal(err)
	}
	if err := r.Watch(socket, watcherFunc(func(Readiness) {})); err == nil {
		t.Error("there are two watchers")
	}
	if _, err := other.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	await(t, "call of the first watcher", seen)
	r.Do(func() { r.Forget(socket) })
	Close(socket)
}
