package hostile_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// packets are requests that have killed or frozen servers: lengths that overflow, counts that cost nothing to claim,
// lines without an end, strangers' protocols. The node must end the connection of each by itself.
var packets = map[string]string{
	"bulk length beyond 63 bits":     "*1\r\n$9223372036854775807\r\nx",
	"bulk length that wraps to 3":    "*1\r\n$18446744073709551619\r\nGET\r\n",
	"negative bulk length":           "*1\r\n$-9223372036854775808\r\n",
	"count of 2^31":                  "*2147483648\r\n",
	"count beyond 63 bits":           "*9223372036854775807\r\n",
	"bulk above proto-max-bulk-len":  "*2\r\n$3\r\nGET\r\n$536870913\r\n",
	"an endless inline request":      strings.Repeat("x", 1<<20),
	"an endless header":              "*" + strings.Repeat("1", 1<<20),
	"a number where a bulk is due":   "*2\r\n$3\r\nGET\r\n:1\r\n",
	"quotes that do not end":         "SET a \"b\r\n",
	"a greeting of TLS, and nothing": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\nQUIT\r\n",
}

// claims are requests that claim much and bring nothing. The node waits for what is claimed and holds nothing for it.
var claims = map[string]string{
	"count of 200 million":  "*200000000\r\n",
	"count of 2 billion":    "*2000000000\r\n$3\r\nGET\r\n",
	"bulk of 512 MiB":       "*2\r\n$3\r\nGET\r\n$536870912\r\n",
	"a million of 512 MiB ": "*1048576\r\n$536870912\r\n",
}

// throw sends bytes and reads until the node closes the connection, which it must do. With hangUp the client closes its
// own direction first, as one does that has said all it wanted to.
func throw(t testing.TB, port int, bytes []byte, hangUp bool) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", blackbox.Address(port), blackbox.EffectLimit)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(blackbox.EffectLimit)); err != nil {
		t.Fatal(err)
	}
	// The node may well close before it has read everything; that it closes is what counts.
	if _, err := conn.Write(bytes); err == nil && hangUp {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the node keeps the connection after %.40q", bytes)
	}
}

// What a node may hold and use after a flood, beyond what it did before. The buffers of connections that are gone wait
// for the collector, so memory is bounded by a part of what was sent.
const (
	floodMemoryBytes = 96 << 20
	// quietPeriod is how long the processor time of a node is watched that has nothing to do, quietTime what it may use
	// meanwhile: heartbeats, its ticker, and a collection.
	quietPeriod = time.Second
	quietTime   = 250 * time.Millisecond
)

// awaitQuiet waits for a whole period in which the process hardly runs.
func awaitQuiet(t testing.TB, pid int) {
	t.Helper()
	used, since := blackbox.CPU(t, pid), time.Now()
	blackbox.Eventually(t, blackbox.EffectLimit, "the node rests when nothing is asked of it", func() bool {
		if time.Since(since) < quietPeriod {
			return false
		}
		now := blackbox.CPU(t, pid)
		quiet := now-used <= quietTime
		used, since = now, time.Now()
		return quiet
	})
}

// checkUnharmed is what a node must be after anything a client sent: the same process, serving, small and at rest.
func checkUnharmed(t *testing.T, n *blackbox.Node, before int) {
	t.Helper()
	if n.Process.Ended() {
		t.Fatal("the node has ended")
	}
	blackbox.Expect(t, n.Connect(t).Must(t, "SET", "unharmed", "yes"), "+OK")
	blackbox.Expect(t, n.Connect(t).Must(t, "GET", "unharmed"), `"yes"`)
	if _, peak := blackbox.MemoryBytes(t, n.Process.Pid()); !blackbox.RaceDetector && peak > before+floodMemoryBytes {
		t.Errorf("the node held %d MiB at most, and %d MiB before", peak>>20, before>>20)
	}
	awaitQuiet(t, n.Process.Pid())
}

// G1, G2, G3, G6: Each packet costs its sender the connection and nothing else.
func TestPackets_ThatKilledServersAreRefused(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	before, _ := blackbox.MemoryBytes(t, n.Process.Pid())
	for name, packet := range packets {
		t.Run(name, func(t *testing.T) { throw(t, n.Port, []byte(packet), false) })
	}
	for name, packet := range claims {
		t.Run(name, func(t *testing.T) { throw(t, n.Port, []byte(packet), true) })
	}
	t.Run("a request in crumbs", func(t *testing.T) { crumbs(t, n.Port) })
	checkUnharmed(t, n, before)
}

// crumbs sends one request byte by byte, so that each arrives alone, and expects its reply.
func crumbs(t *testing.T, port int) {
	conn, err := net.Dial("tcp", blackbox.Address(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(blackbox.EffectLimit)); err != nil {
		t.Fatal(err)
	}
	value := strings.Repeat("v", 4<<10)
	for _, b := range blackbox.Encode(nil, "ECHO", value) {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	want := fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("ECHO in crumbs answered %d bytes and %v", len(got), err)
	}
}

// G16.
func TestRandomBytes_OfAThousandClientsDoNoHarm(t *testing.T) {
	seed := blackbox.SeedOf(t)
	n := blackbox.StartCluster(t, 1).Nodes[0]
	before, _ := blackbox.MemoryBytes(t, n.Process.Pid())
	rng := rand.New(rand.NewPCG(seed, 0))
	const clients, size = 1000, 100_000
	garbage := make([]byte, size)
	for i := range clients {
		for j := range garbage {
			garbage[j] = byte(rng.Uint32())
		}
		if i%2 == 0 {
			garbage[0] = '*' // a request of which only the beginning makes sense
			copy(garbage[1:], strconv.Itoa(rng.IntN(10))+"\r\n$3\r\n")
		}
		throw(t, n.Port, garbage, true)
	}
	checkUnharmed(t, n, before)
}

// G16.
func TestPeerPort_OtherProtocolsDoNoHarm(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	before, _ := blackbox.MemoryBytes(t, n.Process.Pid())
	for _, packet := range packets {
		throw(t, n.Port+blackbox.PeerDistance, []byte(packet), true)
	}
	throw(t, n.Port+blackbox.PeerDistance, []byte("raftrd\x01m"+strings.Repeat("\xff", 100_000)), true)
	throw(t, n.Port+blackbox.PeerDistance, []byte("raftrd\x01j"+strings.Repeat("\x00", 100_000)), true)
	checkUnharmed(t, n, before)
}
