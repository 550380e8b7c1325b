//go:build !linux

package transport

import (
	"net"
	"time"
)

// setUserTimeout does nothing where there is no TCP_USER_TIMEOUT: there keepalive and the write deadline have to do.
func setUserTimeout(*net.TCPConn, time.Duration) error { return nil }
