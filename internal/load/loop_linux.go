package load

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxEvents is how many connections a turn looks at.
	maxEvents = 256
	// arrivalPeriod is how often a loop looks for connections that were dialled again, while one is missing.
	arrivalPeriod = 2 * time.Millisecond
)

// drive is a driver: one thread waits for all connections, and reads and writes them itself.
func drive(ctx context.Context, p *plan, rec *recorder, members []member) (busy float64, err error) {
	// The thread gets a timer of its own precision, and ends with this goroutine.
	runtime.LockOSThread()
	ctx, cancel := context.WithCancel(ctx)
	l := &loop{plan: p, rec: rec, buffer: make([]byte, readBytes), ctx: ctx, busy: newThreadClock()}
	defer func() {
		cancel()
		l.close()
	}()
	if err := l.open(members); err != nil {
		return -1, err
	}
	err = l.run()
	return l.busy.share(p.now(), p.counts), err
}

// loop is the state of a driver.
type loop struct {
	*plan
	ctx    context.Context
	rec    *recorder
	poll   poller
	wires  []*wire
	order  order // in an open loop
	buffer []byte
	busy   threadClock
	// live is how many wires are not idle for ever, down how many have no connection; up is when one had one last.
	live, down int
	up         int64
	// tick is when to look at all of them; stop is when the loop saw that the run is stopped.
	tick, stop int64

	dialling sync.WaitGroup
	mu       sync.Mutex
	arrived  []arrival
}

// wire is a link with its connection.
type wire struct {
	member
	index   int
	fd      int // -1 if there is none
	written int // of out
	full    bool
	done    bool
	wake    int64
	place   int // in the order
}

// arrival is a connection that was dialled again.
type arrival struct {
	*wire
	conn *net.TCPConn
}

// open takes over the connections of all links.
func (l *loop) open(members []member) (err error) {
	for i, m := range members {
		w := &wire{member: m, index: i, fd: -1, wake: never}
		l.wires = append(l.wires, w)
	}
	l.live = len(l.wires)
	if l.poll, err = newPoller(); err != nil {
		return err
	}
	for _, w := range l.wires {
		if err := l.attach(w, w.conn); err != nil {
			return err
		}
		if l.Rate > 0 {
			heap.Push(&l.order, w)
		}
	}
	return nil
}

// attach gives a connection to a wire. Its descriptor is taken out of Go's poller, which would wake a thread for each
// reply.
func (l *loop) attach(w *wire, conn *net.TCPConn) error {
	w.conn = nil
	fd, err := duplicate(conn)
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	w.fd, w.written, w.full = fd, 0, false
	return l.poll.add(fd, w.index)
}

// duplicate returns a descriptor of a connection's socket.
func duplicate(conn *net.TCPConn) (fd int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	failed := raw.Control(func(original uintptr) {
		fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	return fd, errors.Join(failed, err)
}

// close gives everything back.
func (l *loop) close() {
	l.dialling.Wait()
	l.rec.mu.Lock()
	defer l.rec.mu.Unlock()
	for _, a := range l.arrived {
		_ = a.conn.Close() // it was not used
	}
	for _, w := range l.wires {
		if w.conn != nil {
			_ = w.conn.Close() // it was not used
		}
		l.detach(w)
	}
	l.poll.close()
}

func (l *loop) detach(w *wire) {
	if w.fd >= 0 {
		_ = unix.Close(w.fd) // what counts was read
		w.fd = -1
	}
}

// run works until all wires are idle. The error is that no server can be reached, or that the system is out of order.
func (l *loop) run() error {
	l.rec.mu.Lock()
	for _, w := range l.wires {
		l.send(w, l.now())
	}
	l.rec.mu.Unlock()
	for l.live > 0 {
		events, err := l.poll.wait(time.Duration(l.wakeAt() - l.now()))
		if err != nil {
			return fmt.Errorf("waiting for connections: %w", err)
		}
		l.rec.mu.Lock()
		err = l.turn(events)
		l.rec.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// wakeAt is when the loop has something to do, if nothing comes before.
func (l *loop) wakeAt() int64 {
	wake := l.tick
	if l.down > 0 {
		wake = min(wake, l.now()+int64(arrivalPeriod))
	}
	if len(l.order) > 0 {
		wake = min(wake, l.order[0].wake)
	}
	return wake
}

// turn handles what is ready and what is due.
func (l *loop) turn(events []unix.EpollEvent) error {
	for i := range events {
		w := l.wires[events[i].Fd]
		if events[i].Events&unix.EPOLLOUT != 0 {
			l.write(w)
		}
		if events[i].Events&^unix.EPOLLOUT != 0 && w.fd >= 0 {
			l.read(w)
		}
	}
	now := l.now()
	for len(l.order) > 0 && l.order[0].wake <= now {
		l.send(l.order[0], now)
	}
	l.busy.look(now, l.counts)
	if l.down > 0 {
		if err := l.takeArrivals(now); err != nil {
			return err
		}
	}
	if now >= l.tick {
		l.tick = now + int64(tickPeriod)
		return l.look(now)
	}
	return nil
}

// read takes what has come, and sends the next requests.
func (l *loop) read(w *wire) {
	n, err := unix.Read(w.fd, l.buffer)
	now := l.now()
	switch {
	case err == unix.EAGAIN || err == unix.EINTR: // the poller says so again
	case err != nil:
		l.broken(w, KindBroken, os.NewSyscallError("read", err).Error(), now)
	case n == 0:
		l.broken(w, KindBroken, "the server closed the connection", now)
	case w.feed(l.buffer[:n], now) != nil:
		l.broken(w, KindProtocol, "", now)
	default:
		l.send(w, now)
	}
}

// send sends what is to be sent at a time.
func (l *loop) send(w *wire, now int64) {
	if w.fd >= 0 {
		w.fill(now)
		if len(w.out) > 0 && !w.full {
			l.write(w)
		}
	}
	l.settle(w)
}

// write writes as much as the socket takes.
func (l *loop) write(w *wire) {
	n, err := unix.Write(w.fd, w.out[w.written:])
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		l.broken(w, KindBroken, os.NewSyscallError("write", err).Error(), l.now())
		return
	}
	w.written += max(n, 0)
	full := w.written < len(w.out)
	if !full {
		w.out, w.written = w.out[:0], 0
	}
	if full != w.full {
		w.full = full
		if err := l.poll.change(w.fd, w.index, full); err != nil {
			l.broken(w, KindBroken, err.Error(), l.now())
		}
	}
}

// settle notes when a wire has to do something, and whether it ever has again.
func (l *loop) settle(w *wire) {
	if !w.done && w.idle() {
		w.done = true
		l.live--
	}
	if l.Rate == 0 {
		return
	}
	w.wake = never
	if w.fd >= 0 {
		w.wake = w.next()
	}
	heap.Fix(&l.order, w.place)
}

// broken ends a connection, and dials again if there is more to send.
func (l *loop) broken(w *wire, kind, text string, now int64) {
	l.detach(w)
	l.rec.broken++
	l.down++
	w.fail(kind, text, now)
	w.look(now)
	l.settle(w)
	if w.done {
		return
	}
	number := w.number + 1
	w.number++
	l.dialling.Go(func() {
		conn := l.redial(l.ctx, number, func(failure error) {
			l.rec.mu.Lock()
			defer l.rec.mu.Unlock()
			l.rec.undialled++
			l.rec.dialError = failure.Error()
		})
		if conn != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.arrived = append(l.arrived, arrival{w, conn})
		}
	})
}

// takeArrivals gives new connections to their wires.
func (l *loop) takeArrivals(now int64) error {
	l.mu.Lock()
	arrived := l.arrived
	l.arrived = nil
	l.mu.Unlock()
	for _, a := range arrived {
		if err := l.attach(a.wire, a.conn); err != nil {
			return err
		}
		l.down--
		a.renew(now)
		l.send(a.wire, now)
	}
	return nil
}

// look finds requests that have waited too long, and ends what is to end.
func (l *loop) look(now int64) error {
	if l.down < len(l.wires) {
		l.up = now
	}
	var err error
	if now-l.up > int64(l.Timeout) {
		err = l.unreachable(l.rec.dialError)
	}
	if l.stop == 0 && l.stopped.Load() {
		l.stop = now
	}
	for _, w := range l.wires {
		w.look(now)
		switch {
		case l.stop > 0 && now-l.stop > int64(stopGrace):
			w.drop()
		case err != nil || now >= l.dead:
			w.giveUp(now)
		}
		if w.overdue(now) {
			l.broken(w, KindTimeout, "no reply within "+l.Timeout.String(), now)
		}
		l.settle(w)
	}
	return err
}

// order is a heap of wires by when they have something to do.
type order []*wire

func (o order) Len() int           { return len(o) }
func (o order) Less(i, j int) bool { return o[i].wake < o[j].wake }

func (o order) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].place, o[j].place = i, j
}

// Push is for heap.
func (o *order) Push(w any) {
	added := w.(*wire)
	added.place = len(*o)
	*o = append(*o, added)
}

// Pop is for heap; no wire ever leaves.
func (o *order) Pop() any { panic("load: a wire leaves the order") }
