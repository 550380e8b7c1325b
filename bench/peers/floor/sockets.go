package main

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// poller waits for several sockets.
type poller struct {
	descriptor int
	events     [512]unix.EpollEvent
}

func newPoller() (*poller, error) {
	descriptor, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &poller{descriptor: descriptor}, err
}

func (p *poller) add(socket int) error {
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(socket)}
	return unix.EpollCtl(p.descriptor, unix.EPOLL_CTL_ADD, socket, &event)
}

// wait returns sockets that have something to read.
func (p *poller) wait() ([]unix.EpollEvent, error) {
	for {
		n, err := unix.EpollWait(p.descriptor, p.events[:], -1)
		if !retried(err) {
			return p.events[:max(n, 0)], err
		}
	}
}

func loopback(port int) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

func stream() (int, error) { return unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0) }

// listen opens a port; waiting is how many connections may wait for an accept.
func listen(port int) (socket int, err error) {
	const waiting = 1024
	if socket, err = stream(); err != nil {
		return 0, err
	}
	return socket, errors.Join(
		unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(socket, loopback(port)), unix.Listen(socket, waiting))
}

func accept(listener int) (socket int, err error) {
	if socket, _, err = unix.Accept(listener); err != nil {
		return 0, err
	}
	return socket, unix.SetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

// dial connects to a port, for as long as nothing listens there.
func dial(port int) (socket int, err error) {
	const redial = 50 * time.Millisecond
	for {
		if socket, err = stream(); err != nil {
			return 0, err
		}
		if err = unix.Connect(socket, loopback(port)); err == nil {
			return socket, unix.SetsockoptInt(socket, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		}
		_ = unix.Close(socket)
		time.Sleep(redial)
	}
}

// read reads once. The end of a stream is an error.
func read(socket int, space []byte) (int, error) {
	for {
		n, err := unix.Read(socket, space)
		switch {
		case retried(err):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// write writes everything, and waits for the other side if it must.
func write(socket int, all []byte) error {
	for len(all) > 0 {
		n, err := unix.Write(socket, all)
		if err != nil && !retried(err) {
			return err
		}
		all = all[max(n, 0):]
	}
	return nil
}
