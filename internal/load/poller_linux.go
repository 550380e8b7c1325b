package load

import (
	"errors"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for descriptors, or for a time, to the microsecond.
type poller struct {
	fd     int
	events []unix.EpollEvent
	// coarse is set on kernels that count in milliseconds (before 5.11).
	coarse bool
}

// newPoller makes a poller for the calling thread.
func newPoller() (p poller, err error) {
	// By default the kernel may be 50 microseconds late. A kernel that refuses is.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	p.events = make([]unix.EpollEvent, maxEvents)
	p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return p, err
}

func (p *poller) close() {
	if p.events != nil {
		_ = unix.Close(p.fd) // nothing waits in it
	}
}

// add has a descriptor be waited for; events name its index.
func (p *poller) add(fd, index int) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(index)})
}

// change sets whether a descriptor is also waited for until it can be written.
func (p *poller) change(fd, index int, writes bool) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(index)}
	if writes {
		event.Events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &event)
}

// wait returns what is ready, after a time at the latest. The events are valid until the next call.
func (p *poller) wait(limit time.Duration) ([]unix.EpollEvent, error) {
	limit = max(limit, 0)
	n, err := 0, unix.ENOSYS
	if !p.coarse {
		n, err = p.waitFine(limit)
	}
	if err == unix.ENOSYS {
		p.coarse = true
		var failed error
		if n, failed = unix.EpollWait(p.fd, p.events, int(limit.Milliseconds())); failed != nil {
			_ = errors.As(failed, &err)
		} else {
			err = 0
		}
	}
	if err == unix.EINTR {
		return nil, nil
	}
	if err != 0 {
		return nil, err
	}
	return p.events[:n], nil
}

// waitFine is epoll_pwait2, which takes nanoseconds.
func (p *poller) waitFine(limit time.Duration) (n int, err unix.Errno) {
	limits := struct{ seconds, nanoseconds int64 }{int64(limit / time.Second), int64(limit % time.Second)}
	first, _, err := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&limits)), 0, 0)
	return int(first), err
}

// threadClock tells how busy the calling thread was in the time that counts.
type threadClock struct {
	used    time.Duration
	started bool
}

func newThreadClock() threadClock { return threadClock{} }

// look notes the beginning of the time that counts.
func (c *threadClock) look(now, counts int64) {
	if !c.started && now >= counts {
		c.started, c.used = true, threadTime()
	}
}

// share is the part of the time since the beginning that the thread used a processor.
func (c *threadClock) share(now, counts int64) float64 {
	if !c.started || now <= counts {
		return 0
	}
	return float64(threadTime()-c.used) / float64(now-counts)
}

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
