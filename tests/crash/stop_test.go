package crash_test

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// All nodes are told to stop at once, in the middle of a load. They answer what they have read, so only what they had
// not read is unknown, and every acknowledged write is there afterwards.
func TestStop_SIGTERMInTheMiddleOfALoadLosesNothing(t *testing.T) {
	seed := blackbox.SeedOf(t)
	c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--uncertain-after-millis", "2000")...)
	var ports []int
	for _, n := range c.Nodes {
		ports = append(ports, n.Port)
	}
	l := blackbox.NewLoad(seed, ports, 6)
	for round := range 3 {
		l.Begin(1000)
		select {
		case <-l.Reached:
		case <-time.After(blackbox.ReadyLimit):
			t.Fatalf("round %d: the load makes no progress", round)
		}
		for _, n := range c.Nodes {
			n.Process.Signal(syscall.SIGTERM)
		}
		for _, n := range c.Nodes {
			if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
				t.Errorf("round %d: node %d ended with exit code %d, want 0", round, n.Number, code)
			}
		}
		if err := l.End(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.StartAll()
		l.Verify(t, c.Nodes[round].Port)
	}
}

// F5: The disk refuses the next write of the journal: here by a limit on the size of files, which the kernel checks as
// it does a full disk. The node must end at once, by its own decision, and must not have said OK.
func TestJournal_ANodeThatCannotWriteItEnds(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	n := c.Nodes[0]
	client := n.Connect(t)
	for i := range 10 {
		blackbox.Expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	limit := unix.Rlimit{Cur: 1, Max: 1}
	if err := unix.Prlimit(n.Process.Pid(), unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	if reply, err := client.Do("INCR", "count"); err == nil && reply.Fate() == blackbox.Done {
		t.Errorf("a write that the disk refused was answered %v", reply)
	} else if err != nil && errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("a write that the disk refused was not answered: %v", err)
	}
	if code := n.Process.ExitCode(blackbox.StopLimit); code != 70 {
		t.Errorf("the exit code is %d, want 70", code)
	}
	c.Start(n)
	n.Process.AwaitReady(blackbox.ReadyLimit)
	total, err := n.Connect(t).Must(t, "GET", "count").Int()
	if err != nil || total < 10 || total > 11 {
		t.Errorf("count is %d (%v), want 10, or 11 if the refused write reached the disk after all", total, err)
	}
}

// A client waits for a leader that will not come. One signal gives it some time; a second one gives none.
func TestStop_AWaitingClientDelaysItOnlySoLong(t *testing.T) {
	for signals, want := range map[int]int{1: 0, 2: 1} {
		t.Run(strconv.Itoa(signals)+" signals", func(t *testing.T) {
			c := blackbox.StartCluster(t, 3, append(blackbox.HastyElections, "--leader-wait-millis", "600000")...)
			n := c.Nodes[0]
			client := n.Connect(t)
			for _, other := range c.Others(n) {
				other.Process.Kill()
			}
			if err := client.Send([]string{"GET", "a"}); err != nil {
				t.Fatal(err)
			}
			blackbox.Eventually(t, blackbox.EffectLimit, "the client waits", func() bool {
				facts, err := blackbox.Info(n.Port, "raft")
				return err == nil && facts["raft_waiting_clients"] == "1"
			})
			n.Process.Signal(syscall.SIGTERM)
			blackbox.Eventually(t, blackbox.EffectLimit, "the node is stopping", func() bool {
				return strings.Contains(n.Process.Err(), "msg=stopping")
			})
			blackbox.Eventually(t, blackbox.EffectLimit, "the node takes a second signal for one", func() bool {
				if signals > 1 {
					n.Process.Signal(syscall.SIGTERM)
				}
				return signals == 1 || n.Process.Ended()
			})
			if code := n.Process.ExitCode(blackbox.StopLimit); code != want {
				t.Errorf("the exit code is %d, want %d", code, want)
			}
			if reply, err := client.Receive(); err == nil && reply.Fate() == blackbox.Done {
				t.Errorf("a read without a leader was answered %v", reply)
			}
		})
	}
}
