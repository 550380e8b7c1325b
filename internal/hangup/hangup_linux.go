package hangup

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Seen reports, without waiting and without reading anything, whether the other side has closed its sending half or
// the whole connection. POLLRDHUP shows that even behind bytes that were not read yet.
func Seen(socket net.Conn) bool {
	raw := rawSocket(socket)
	if raw == nil {
		return false
	}
	gone := false
	err := raw.Control(func(fd uintptr) {
		gone = SeenAt(int(fd))
	})
	return gone || err != nil // an error means that this side has closed it
}

// SeenAt is Seen for the system's number of a socket.
func SeenAt(socket int) bool {
	poll := []unix.PollFd{{Fd: int32(socket), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}

// rawSocket returns the system's socket below a connection, nil if there is none (a pipe in a test).
func rawSocket(socket net.Conn) syscall.RawConn {
	if layered, ok := socket.(interface{ NetConn() net.Conn }); ok { // TLS
		socket = layered.NetConn()
	}
	system, ok := socket.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
