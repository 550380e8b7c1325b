package hostile_test

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// slowOutputBytes is the limit of this test for replies that wait for one client.
	slowOutputBytes = 8 << 20
	// slowClients ask for far more than that and never read.
	slowClients = 8
	// otherLatency is what another client's command may take meanwhile, as a median. It would be seconds if it waited for
	// a client: that is how long a flush may take before the client is closed.
	otherLatency = 200 * time.Millisecond
)

// G5, G17: Clients ask for more than the limit and never read.
func TestSlowClients_DoNotDelayOthers(t *testing.T) {
	n := blackbox.StartCluster(t, 1, "--client-output-buffer-bytes", strconv.Itoa(slowOutputBytes)).Nodes[0]
	client := n.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "large", strings.Repeat("x", 1<<19)), "+OK")
	before, _ := blackbox.MemoryBytes(t, n.Process.Pid())

	var request []byte
	for range 200 {
		request = blackbox.Encode(request, "GET", "large")
	}
	for range slowClients {
		conn, err := net.Dial("tcp", blackbox.Address(n.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
	}
	var times []time.Duration
	for i := range 200 {
		began := time.Now()
		blackbox.Expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
		blackbox.Expect(t, client.Must(t, "STRLEN", "large"), ":524288")
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	median := times[len(times)/2]
	t.Logf("another client's INCR and STRLEN: median %v, slowest %v", median, times[len(times)-1])
	if median > otherLatency {
		t.Errorf("another client's INCR and STRLEN took %v, more than %v", median, otherLatency)
	}
	if _, peak := blackbox.MemoryBytes(t, n.Process.Pid()); !blackbox.RaceDetector &&
		peak > before+2*slowClients*slowOutputBytes+floodMemoryBytes {
		t.Errorf("the node held %d MiB at most, and %d MiB before", peak>>20, before>>20)
	}
}
