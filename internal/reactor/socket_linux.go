package reactor

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNothing says that a socket has nothing to read, or no room to write, now.
var ErrNothing = errors.New("the socket is not ready")

// Take takes the socket below a TCP connection, or below one that Give returned, away from the runtime, which would be
// woken by all that comes there. The connection is closed, its socket lives and is the caller's. With an error nothing
// was done: there is no such socket (errors.ErrUnsupported), or the process has no descriptor left.
func Take(conn net.Conn) (socket int, err error) {
	var system syscall.Conn
	switch c := conn.(type) {
	case *net.TCPConn:
		system = c
	case *given:
		system = c
	default:
		return 0, errors.ErrUnsupported
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("take a socket: %w", err)
	}
	var failure error
	err = raw.Control(func(fd uintptr) { socket, failure = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, failure); err != nil {
		return 0, fmt.Errorf("take a socket: %w", err)
	}
	_ = conn.Close() // the other descriptor lives
	return socket, nil
}

// Give gives the socket that was below a connection back to the runtime, as the connection that it returns. It always
// succeeds, also where the process has no descriptor left, and changes nothing of the socket. (net.FileConn would need
// a descriptor, and begin to keep the connection alive in the way of package net.)
func Give(socket int, before net.Conn) net.Conn {
	return &given{os.NewFile(uintptr(socket), "socket"), before.LocalAddr(), before.RemoteAddr()}
}

// given is a TCP connection whose socket was with the reactor. The runtime waits for a file as it does for a connection
// of package net if the descriptor does not block.
type given struct {
	*os.File
	local, remote net.Addr
}

func (g *given) LocalAddr() net.Addr  { return g.local }
func (g *given) RemoteAddr() net.Addr { return g.remote }

// CloseWrite tells the other side that nothing more comes.
func (g *given) CloseWrite() error {
	raw, err := g.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) { failure = unix.Shutdown(int(fd), unix.SHUT_WR) })
	return os.NewSyscallError("shutdown", errors.Join(err, failure))
}

// quickBytes is up to which length bytes are taken or given without telling Go's scheduler. A call that does not wait
// is over in microseconds, and the scheduler is told of each for nothing: what it does about calls that last begins
// after 20 of them. A copy of more bytes takes as long, and holds up the collector.
const quickBytes = 64 << 10

// Read reads what is there, without waiting: ErrNothing if that is nothing yet, io.EOF at the end. b is not empty.
func Read(socket int, b []byte) (int, error) {
	for {
		n, err := receive(socket, b)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, ErrNothing
		case err != 0:
			return 0, os.NewSyscallError("recv", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// receive is one call of the system. It is recv and not read, which takes its way through the layer of files.
func receive(socket int, b []byte) (int, unix.Errno) {
	at, length := unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))
	if len(b) <= quickBytes {
		n, _, err := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(socket), uintptr(at), length, unix.MSG_DONTWAIT, 0, 0)
		return int(n), err
	}
	n, _, err := unix.Syscall6(unix.SYS_RECVFROM, uintptr(socket), uintptr(at), length, unix.MSG_DONTWAIT, 0, 0)
	return int(n), err
}

// Write writes as much as there is room for, without waiting: ErrNothing if it is not all.
func Write(socket int, b []byte) (written int, err error) {
	for written < len(b) {
		n, err := send(socket, b[written:])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return written, ErrNothing
		case err != 0:
			return written, os.NewSyscallError("send", err)
		}
		written += n
	}
	return written, nil
}

// send is one call of the system, as receive is.
func send(socket int, b []byte) (int, unix.Errno) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	at, length := unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))
	if len(b) <= quickBytes {
		n, _, err := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(socket), uintptr(at), length, flags, 0, 0)
		return int(n), err
	}
	n, _, err := unix.Syscall6(unix.SYS_SENDTO, uintptr(socket), uintptr(at), length, flags, 0, 0)
	return int(n), err
}

// maxVector is how many pieces the system takes in one call.
const maxVector = 1024

// WriteAll is Write for several pieces, in one call of the system where it takes them all. What was written is cut off
// from pieces.
func WriteAll(socket int, pieces *[][]byte) error {
	if len(*pieces) == 1 {
		n, err := Write(socket, (*pieces)[0])
		cutOff(pieces, n)
		return err
	}
	for len(*pieces) > 0 {
		n, err := unix.Writev(socket, (*pieces)[:min(len(*pieces), maxVector)])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return ErrNothing
		case err != nil:
			return os.NewSyscallError("writev", err)
		}
		cutOff(pieces, n)
	}
	return nil
}

// cutOff drops the first n bytes.
func cutOff(pieces *[][]byte, n int) {
	for len(*pieces) > 0 && n >= len((*pieces)[0]) {
		n -= len((*pieces)[0])
		(*pieces)[0] = nil
		*pieces = (*pieces)[1:]
	}
	if n > 0 {
		(*pieces)[0] = (*pieces)[0][n:]
	}
}

// Shut ends a connection in both directions: its watcher finds the end. It does not close the socket.
func Shut(socket int) { _ = unix.Shutdown(socket, unix.SHUT_RDWR) }

// Close closes a socket that is not watched any more.
func Close(socket int) { _ = unix.Close(socket) }
