package blackbox

import (
	"net"
	"strconv"
	"sync"
	"testing"
)

// PeerDistance is how far a node's port for peers is above its port for clients.
const PeerDistance = 10000

// Ports lie below the range from which Linux takes ports for outgoing connections, peers' ports included, so that a
// port that was free stays free. They are given in blocks. A process of tests has a block as long as it listens on its
// first port, and gives each of the others once: a node that does not run yet, or not now, has its port for itself.
const (
	lowestPort  = 10_000
	highestPort = 20_000
	blockPorts  = 50
)

// block is what is left of the last block that this process took, and the listener by which it has the block: that is
// kept until the process ends.
var block struct {
	mu         sync.Mutex
	next, left int
	held       []net.Listener
}

// Ports returns the first of n neighbouring ports that are free, as are their ports for peers.
func Ports(t testing.TB, n int) int {
	t.Helper()
	block.mu.Lock()
	defer block.mu.Unlock()
	if n >= blockPorts {
		t.Fatalf("%d ports are wanted, a block has %d", n, blockPorts-1)
	}
	for begun := false; ; {
		for ; block.left >= n; block.next, block.left = block.next+1, block.left-1 {
			if first := block.next; allFree(first, n) && allFree(first+PeerDistance, n) {
				block.next, block.left = first+n, block.left-n
				return first
			}
		}
		if takeBlock(block.next + block.left) {
			continue
		}
		if begun || !giveBlocksBack() || !takeBlock(lowestPort) {
			t.Fatalf("no %d neighbouring ports are free between %d and %d", n, lowestPort, highestPort)
		}
		begun = true
	}
}

// takeBlock takes the next block from a port on that no process has. The caller holds the lock.
func takeBlock(from int) bool {
	for first := max(from, lowestPort); first+blockPorts <= highestPort; first += blockPorts {
		if listener, err := net.Listen("tcp", Address(first)); err == nil {
			block.next, block.left = first+1, blockPorts-1
			block.held = append(block.held, listener)
			return true
		}
	}
	return false
}

// giveBlocksBack is for a process that runs so many tests that it has been through all blocks: it begins anew. It
// reports whether there was any. The caller holds the lock.
func giveBlocksBack() bool {
	for _, listener := range block.held {
		listener.Close()
	}
	had := len(block.held) > 0
	block.held = nil
	return had
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
