package server

import (
	"net"

	"github.com/raftredis/raftredis/internal/address"
	"github.com/raftredis/raftredis/internal/exit"
)

// checkPort refuses what cannot be a port, or would be one of the system's choice: a node is known by its address.
func checkPort(flag string, port int) error {
	if port < 1 || port > address.MaxPort {
		return exit.WrongUsage("serve", "--%s is %d; ports are 1 to %d", flag, port, address.MaxPort)
	}
	return nil
}

// loopback reports whether only this machine can reach a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
