package hostile_test

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// fewDescriptors are what each node may have, and crowdSize is how many clients come to each.
	fewDescriptors = 400
	crowdSize      = 500
	// fewMaxClients is what such a node makes of maxclients: 32 descriptors are for files, and 50 for nodes.
	fewMaxClients = fewDescriptors - 32 - 50
	turnedAway    = "-ERR max number of clients reached"
	// alreadyAnswered is how long the test waits for bytes that should be here already.
	alreadyAnswered = time.Millisecond
)

// limited is a cluster whose nodes have few descriptors and take snapshots often.
func limited(t *testing.T, nodes int) *blackbox.Cluster {
	t.Helper()
	c := blackbox.NewCluster(t, nodes, "--snapshot-log-bytes", strconv.Itoa(256<<10), "--repl-backlog-size",
		strconv.Itoa(256<<10))
	c.Wrap = []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, fewDescriptors)}
	c.StartAll()
	return c
}

// fact reads one field of INFO over a connection that was there before the crowd.
func fact(t *testing.T, c *blackbox.Client, section, field string) string {
	t.Helper()
	for line := range strings.Lines(c.Must(t, "INFO", section).Text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			return value
		}
	}
	t.Fatalf("INFO %s has no %s", section, field)
	return ""
}

// crowd connects more clients to a node than it can take. Those that it takes stay until the test ends. The rest must
// be turned away in Redis's words. control is the only connection to the node before that.
func crowd(t *testing.T, n *blackbox.Node, control *blackbox.Client) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, "the node is alone with one client", func() bool {
		return fact(t, control, "clients", "connected_clients") == "1"
	})
	var sockets []net.Conn
	for range crowdSize {
		socket, err := net.Dial("tcp", blackbox.Address(n.Port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { socket.Close() })
		sockets = append(sockets, socket)
	}
	const refused = crowdSize - (fewMaxClients - 1)
	blackbox.Eventually(t, blackbox.EffectLimit, "some clients are turned away", func() bool {
		return fact(t, control, "stats", "rejected_connections") == strconv.Itoa(refused)
	})
	away := 0
	for _, socket := range sockets {
		reader := bufio.NewReader(socket)
		_ = socket.SetReadDeadline(time.Now().Add(alreadyAnswered))
		line, err := reader.ReadString('\n')
		if err != nil { // it is welcome, or the answer is late
			_ = socket.SetReadDeadline(time.Now().Add(blackbox.ReplyLimit))
			if _, err := socket.Write([]byte("PING\r\n")); err != nil {
				t.Fatal(err)
			}
			if line, err = reader.ReadString('\n'); err != nil {
				t.Fatalf("a client of node %d has no answer: %v", n.Number, err)
			}
		}
		switch strings.TrimSpace(line) {
		case turnedAway:
			away++
		case "+PONG":
		default:
			t.Fatalf("a client of node %d is answered %q", n.Number, line)
		}
	}
	if away != refused {
		t.Errorf("node %d turned %d clients away, not %d", n.Number, away, refused)
	}
}

// writeMuch writes enough for some snapshots.
func writeMuch(t *testing.T, c *blackbox.Client, round int) {
	t.Helper()
	var commands [][]string
	for i := range 1000 {
		commands = append(commands, []string{"SET", "key" + strconv.Itoa(i), fmt.Sprintf("%d.%01000d", round, i)})
	}
	replies, err := c.Pipeline(commands)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replies {
		blackbox.Expect(t, r, "+OK")
	}
}

// G7: more clients than descriptors come to each node of a cluster that writes, takes snapshots, and is
// restarted node by node. No node ends by itself, and none has to wait for a descriptor.
func TestDescriptors_ClientsCannotTakeThemAll(t *testing.T) {
	c := limited(t, 3)
	controls := map[*blackbox.Node]*blackbox.Client{}
	for _, n := range c.Nodes {
		controls[n] = n.Connect(t)
		if got := fact(t, controls[n], "clients", "maxclients"); got != strconv.Itoa(fewMaxClients) {
			t.Errorf("node %d has maxclients %s, want %d", n.Number, got, fewMaxClients)
		}
		if !strings.Contains(n.Process.Err(), fmt.Sprintf("limit=%d files=32 nodes=50 maxclients=%d", fewDescriptors,
			fewMaxClients)) {
			t.Errorf("node %d does not say what it made of its descriptors", n.Number)
		}
		crowd(t, n, controls[n])
	}
	writeMuch(t, controls[c.Nodes[0]], 0)
	for i, n := range c.Nodes {
		n.Process.Signal(syscall.SIGTERM)
		if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
			t.Fatalf("node %d was told to stop and ended with %d", n.Number, code)
		}
		c.Start(n)
		n.Process.AwaitReady(blackbox.ReadyLimit)
		controls[n] = n.Connect(t)
		crowd(t, n, controls[n])
		writeMuch(t, controls[n], i+1)
	}
	for _, n := range c.Nodes {
		blackbox.Eventually(t, blackbox.EffectLimit, "a snapshot is taken", func() bool {
			return fact(t, controls[n], "raft", "raft_snapshot_last_idx") != "0"
		})
		blackbox.Expect(t, controls[n].Must(t, "GET", "key7"), strconv.Quote(fmt.Sprintf("%d.%01000d", len(c.Nodes), 7)))
		if n.Process.Ended() {
			t.Errorf("node %d has ended", n.Number)
		}
		if began := fact(t, controls[n], "raft", "raft_shortages_total"); began != "0" {
			t.Errorf("work of node %d had to wait %s times: the reserve is too small", n.Number, began)
		}
	}
}

// G7: a node whose descriptors are gone all the same waits: it says so, and goes on when there are some again.
func TestDescriptors_AShortageIsAState(t *testing.T) {
	c := limited(t, 1)
	n := c.Nodes[0]
	control := n.Connect(t)
	limit := func(soft uint64) {
		t.Helper()
		wanted := unix.Rlimit{Cur: soft, Max: fewDescriptors}
		if err := unix.Prlimit(n.Process.Pid(), unix.RLIMIT_NOFILE, &wanted, nil); err != nil {
			t.Fatal(err)
		}
	}
	writeMuch(t, control, 0)
	limit(3) // less than are open: none can be opened, and none is closed
	socket, err := net.Dial("tcp", blackbox.Address(n.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for round := range 2 {
		writeMuch(t, control, round+1)
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "the node says what it is short of", func() bool {
		return strings.Contains(fact(t, control, "raft", "raft_shortages"), "too many open files") &&
			strings.Contains(fact(t, control, "stats", "accept_waits_for"), "too many open files")
	})
	limit(fewDescriptors)
	blackbox.Eventually(t, blackbox.EffectLimit, "nothing waits any more", func() bool {
		return fact(t, control, "raft", "raft_shortages") == "" && fact(t, control, "stats", "accept_waits_for") == ""
	})
	writeMuch(t, control, 3)
	before := fact(t, control, "raft", "raft_snapshots_created")
	blackbox.Eventually(t, blackbox.EffectLimit, "a snapshot is taken", func() bool {
		blackbox.Expect(t, control.Must(t, "SET", "another", "change"), "+OK")
		control.Must(t, "BGSAVE")
		return fact(t, control, "raft", "raft_snapshots_created") != before
	})
	for _, line := range []string{"the system is short of something", "the shortage is over"} {
		if count := strings.Count(n.Process.Err(), line); count == 0 || count > 8 {
			t.Errorf("the log says %d times that %s", count, line)
		}
	}
	n.Process.Kill()
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, n.Connect(t).Must(t, "GET", "key7"), strconv.Quote(fmt.Sprintf("%d.%01000d", 3, 7)))
}
