// Package address translates the addresses of nodes between the forms that people, Redis and nodes use.
//
// A node has two addresses: one for clients, by which people name it, and one for other nodes. The port of the second
// is 10000 above that of the first, as for the bus of Redis Cluster. HOST:PORT@PEERPORT names another one, as in Redis.
//
// Invariant: Join makes the same text again of what Split returned.
//
// Rejected: resolving names here (each dial resolves, and identity is never the address); service names for ports (the
// address of a node must be the same everywhere).
package address

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// PeerPortDistance is how far the default port for other nodes is above the port for clients.
const PeerPortDistance = 10000

// MaxPort is the last port there is.
const MaxPort = 65535

// PeerPort is the default port for other nodes. The error is for people, and names the distance.
func PeerPort(clientPort int) (int, error) {
	if clientPort+PeerPortDistance > MaxPort {
		return 0, fmt.Errorf("nodes talk to each other on the port for clients plus %d, and %d is beyond the last port",
			PeerPortDistance, clientPort+PeerPortDistance)
	}
	return clientPort + PeerPortDistance, nil
}

// Peer is the address for other nodes of the node that people call HOST:PORT or HOST:PORT@PEERPORT.
func Peer(text string) (string, error) {
	client, peer, given := strings.Cut(text, "@")
	host, port, err := Parse(client)
	if err != nil {
		return "", err
	}
	peerPort := 0
	if given {
		peerPort, err = ParsePort(peer)
	} else {
		peerPort, err = PeerPort(port)
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w; say it as %s@PEERPORT", text, err, client)
	}
	return Join(host, peerPort), nil
}

// Parse takes an address apart that a person wrote. The error is for people.
func Parse(text string) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("%q is no address; it looks like 10.0.0.1:6379, or [fd00::1]:6379", text)
	}
	if Wildcard(host) {
		return "", 0, fmt.Errorf("%q is every address of a machine, and none that others could dial", text)
	}
	if port, err = ParsePort(portText); err != nil {
		return "", 0, fmt.Errorf("%q: %w", text, err)
	}
	return host, port, nil
}

// Wildcard reports whether an address to listen on means all addresses, and so none that others could dial.
func Wildcard(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// MaxHostnameBytes is how long a host name may be, as in DNS.
const MaxHostnameBytes = 253

// ValidHostname reports whether a text may be a host name: letters, digits, hyphens and dots.
func ValidHostname(text string) bool {
	for _, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if digit := r >= '0' && r <= '9'; !letter && !digit && r != '-' && r != '.' {
			return false
		}
	}
	return text != "" && len(text) <= MaxHostnameBytes
}

// ParsePort takes the number of a port, in digits.
func ParsePort(text string) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > MaxPort {
		return 0, fmt.Errorf("%q is no port", text)
	}
	return port, nil
}

// Join makes an address of host and port; a host with colons is put into brackets.
func Join(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// Split is the inverse of Join, for addresses that other nodes announced; what is none gives zeros.
func Split(address string) (host string, port int) {
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
