package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// peerPortDistance is how far above the port for clients a node's port for other nodes is, unless it is said. It is the
// distance of Redis Cluster's bus.
const peerPortDistance = 10000

const maxPort = 65535

// checkPort refuses what cannot be a port, or would be one of the system's choice: a node is known by its address.
func checkPort(flag string, port int) error {
	if port < 1 || port > maxPort {
		return wrongUsage("serve", "--%s is %d; ports are 1 to %d", flag, port, maxPort)
	}
	return nil
}

// peerPortOf is the port for other nodes of a node whose clients use the given one.
func peerPortOf(clientPort int) (int, error) {
	if clientPort+peerPortDistance > maxPort {
		return 0, fmt.Errorf("nodes talk to each other on the port for clients plus %d, and %d is beyond the last port",
			peerPortDistance, clientPort+peerPortDistance)
	}
	return clientPort + peerPortDistance, nil
}

// joinAddress translates what --join takes, HOST:PORT or HOST:PORT@PEERPORT, into where the node listens for peers.
func joinAddress(text string) (string, error) {
	client, peer, given := strings.Cut(text, "@")
	host, portText, err := net.SplitHostPort(client)
	if err != nil || host == "" {
		return "", fmt.Errorf("%q is no address; it looks like 10.0.0.1:6379, or [fd00::1]:6379", text)
	}
	port, err := parsePort(portText)
	if err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	peerPort := 0
	if given {
		peerPort, err = parsePort(peer)
	} else {
		peerPort, err = peerPortOf(port)
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w; say it as %s@PEERPORT", text, err, client)
	}
	return joinHostPort(host, peerPort), nil
}

func parsePort(text string) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > maxPort {
		return 0, fmt.Errorf("%q is no port", text)
	}
	return port, nil
}

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// splitAddress is the inverse of joinHostPort for addresses that other nodes announced; what is none gives zeros.
func splitAddress(address string) (host string, port int) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0
	}
	port, err = strconv.Atoi(portText)
	if err != nil {
		return "", 0
	}
	return host, port
}

// wildcard reports whether an address to listen on means all addresses, and so none that others could dial.
func wildcard(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// loopback reports whether only this machine can reach a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
