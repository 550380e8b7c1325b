package blackbox

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// PeerDistance is how far a node's port for peers is above its port for clients.
const PeerDistance = 10000

// Ports are drawn below the range from which Linux takes ports for outgoing connections, peers' ports included, so that
// a port that was free stays free.
const (
	lowestPort  = 10_000
	highestPort = 22_000
	portTries   = 200
)

// Ports returns the first of n neighbouring ports that are free, as are their ports for peers.
func Ports(t testing.TB, n int) int {
	t.Helper()
	for range portTries {
		first := lowestPort + rand.IntN(highestPort-lowestPort-n)
		if allFree(first, n) && allFree(first+PeerDistance, n) {
			return first
		}
	}
	t.Fatalf("no %d neighbouring ports are free between %d and %d", n, lowestPort, highestPort)
	return 0
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		listener, err := net.Listen("tcp", Address(port))
		if err != nil {
			return false
		}
		listener.Close()
	}
	return true
}

// Address is a port on the loopback interface.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
