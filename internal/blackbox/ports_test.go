package blackbox

import (
	"net"
	"testing"
)

// A port is given once, whether its node runs or not.
func TestPortsAreGivenOnce(t *testing.T) {
	const neighbours, blocks = 3, 5
	given := map[int]bool{}
	for range blocks * blockPorts / neighbours {
		first := Ports(t, neighbours)
		for port := first; port < first+neighbours; port++ {
			if given[port] || port < lowestPort || port >= highestPort {
				t.Fatalf("port %d is given, of %d neighbours from %d on", port, neighbours, first)
			}
			given[port] = true
		}
	}
}

// A process that has been through all blocks begins anew.
func TestPortsDoNotRunOut(t *testing.T) {
	Ports(t, 1)
	for range 2 {
		block.next, block.left = highestPort-1, 1
		if first := Ports(t, blockPorts-1); first < lowestPort || first+blockPorts-1 > highestPort {
			t.Errorf("after the last block port %d is given", first)
		}
	}
}

// What another process listens on is no block, and no port of one: both are passed over.
func TestPortsAreFree(t *testing.T) {
	next := Ports(t, 1) + 1
	for _, taken := range []int{next, next + 1 + PeerDistance} {
		listener, err := net.Listen("tcp", Address(taken))
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
	if got := Ports(t, 2); got <= next+1 {
		t.Errorf("port %d is given, of ports up to %d not all are free", got, next+1)
	}
}
