package reactor

import (
	"fmt"
	"net"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readEvents are those that each socket is watched for: once per change.
const readEvents = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// maxReady is how many ready sockets one wait reports; the others come with the next.
const maxReady = 512

// poller is the system's list of sockets (epoll), each reported once per change.
//
// Tried, measured, rejected: to let the runtime's own poller wait for this one, as for any file. It wakes another
// thread for what comes in while the loop is busy: 0.78 voluntary switches a SET instead of 0.37 with 50 clients.
type poller struct {
	epoll, event int
	events       [maxReady]unix.EpollEvent

	mu sync.Mutex
	// watchers are by the number of their socket, which the system keeps small.
	watchers []Watcher
	closed   bool
}

func newPoller() (*poller, error) {
	p := &poller{}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if p.event, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		unix.Close(p.epoll)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	add := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(p.event)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, p.event, &add); err != nil {
		p.close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return p, nil
}

func (p *poller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	unix.Close(p.event)
	unix.Close(p.epoll)
}

// wake ends a wait, unless the poller was closed: its numbers are others' then. What it writes is never read, each
// write is a change.
func (p *poller) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	one := [8]byte{1}
	_, _ = unix.Write(p.event, one[:]) // it fails only when 2^64-1 wakes have not been seen
}

func (p *poller) watch(socket int, w Watcher) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	add := unix.EpollEvent{Events: readEvents, Fd: int32(socket)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, socket, &add); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	for len(p.watchers) <= socket {
		p.watchers = append(p.watchers, nil)
	}
	p.watchers[socket] = w // wait looks for it under the lock
	return nil
}

// writable reports when the socket has room, or no more. It is asked for while bytes wait, and no longer: every
// acknowledgement of the other side makes room, and would end a wait.
func (p *poller) writable(socket int, wanted bool) error {
	change := unix.EpollEvent{Events: readEvents, Fd: int32(socket)}
	if wanted {
		change.Events |= unix.EPOLLOUT
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_MOD, socket, &change); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

func (p *poller) forget(socket int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if socket >= 0 && socket < len(p.watchers) {
		p.watchers[socket] = nil
	}
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, socket, nil) // it is not there, or it goes
}

// wait appends the sockets that are ready, and waits for the first one; a negative time never ends.
func (p *poller) wait(dst []readySocket, atMost time.Duration) []readySocket {
	millis := -1
	if atMost >= 0 {
		millis = int((atMost + time.Millisecond - 1) / time.Millisecond)
	}
	n, err := p.epollWait(millis)
	if err != nil {
		return dst // a signal: the next round waits again
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range n {
		e := &p.events[i]
		if int(e.Fd) >= len(p.watchers) || p.watchers[e.Fd] == nil {
			continue
		}
		dst = append(dst, readySocket{int(e.Fd), p.watchers[e.Fd], readiness(e.Events)})
	}
	return dst
}

// epollWait is one call of the system. Go's scheduler is told only where the call may wait: see quickBytes.
func (p *poller) epollWait(millis int) (int, error) {
	if millis != 0 {
		return unix.EpollWait(p.epoll, p.events[:], millis)
	}
	events := unsafe.Pointer(&p.events)
	n, _, err := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(events), maxReady, 0, 0, 0)
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}

func readiness(events uint32) Readiness {
	const ended = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
	return Readiness{
		Readable: events&(unix.EPOLLIN|ended) != 0, Writable: events&(unix.EPOLLOUT|ended) != 0,
		Ended: events&ended != 0,
	}
}
