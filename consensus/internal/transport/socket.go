package transport

import (
	"errors"
	"net"
	"time"
)

// Keepalive finds peers that are gone without a word while nothing is written; see setUserTimeout for the rest.
const (
	keepaliveIdle     = 5 * time.Second
	keepaliveInterval = 2 * time.Second
	keepaliveCount    = 3
)

// tune sets the options of a peer's connection. Only TCP connections have any.
//
// A frame is written whole, so there is nothing to wait for: no delay. Bytes that the other side's kernel does not
// acknowledge mean that it is gone; without a limit the kernel would try for a quarter of an hour. A stuck writer gives
// up within two write timeouts of the last byte that moved; the limit is three, so that the writer comes first and can
// say why the link ended.
func tune(conn net.Conn, writeTimeout time.Duration) error {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	return errors.Join(
		tcp.SetNoDelay(true),
		tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: keepaliveIdle, Interval: keepaliveInterval, Count: keepaliveCount,
		}),
		setUserTimeout(tcp, 3*writeTimeout),
	)
}
