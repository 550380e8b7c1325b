//go:build !linux

package reactor

import (
	"errors"
	"net"
)

// ErrNothing says that a socket has nothing to read, or no room to write, now.
var ErrNothing = errors.New("the socket is not ready")

// Where there is no loop nothing is taken, and the rest is never called.

func Take(net.Conn) (int, error)     { return 0, errors.ErrUnsupported }
func Give(int, net.Conn) net.Conn    { return nil }
func Read(int, []byte) (int, error)  { return 0, errors.ErrUnsupported }
func Write(int, []byte) (int, error) { return 0, errors.ErrUnsupported }
func WriteAll(int, *[][]byte) error  { return errors.ErrUnsupported }
func Shut(int)                       {}
func Close(int)                      {}
