package main_test

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

// Nodes are told to stop in the middle of a load, all at once. What they took they answer, so no more is unknown than
// what they had not read; and all of it is there afterwards.
func TestStop_SIGTERMInTheMiddleOfALoadLosesNothing(t *testing.T) {
	seed := seedOf(t)
	c := startCluster(t, 3, append(hastyElections, "--uncertain-after-millis", "2000")...)
	var ports []int
	for _, n := range c.nodes {
		ports = append(ports, n.port)
	}
	l := newLoad(seed, ports, 6)
	for round := range 3 {
		l.begin(1000)
		select {
		case <-l.reached:
		case <-time.After(readyLimit):
			t.Fatalf("round %d: the load makes no progress", round)
		}
		for _, n := range c.nodes {
			n.process.Signal(syscall.SIGTERM)
		}
		for _, n := range c.nodes {
			if code := n.process.ExitCode(stopLimit); code != 0 {
				t.Errorf("round %d: node %d ended with exit code %d, want 0", round, n.number, code)
			}
		}
		if err := l.end(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		c.startAll()
		l.verify(t, c.nodes[round].port)
	}
}

// The disk refuses the next write of the journal: here by a limit on the size of files, which the kernel checks as it
// does a full disk. The node must end at once, by its own decision, and must not have said OK.
func TestF5_ANodeWhoseJournalCannotBeWrittenEndsForGood(t *testing.T) {
	c := startCluster(t, 1)
	n := c.nodes[0]
	client := n.connect(t)
	for i := range 10 {
		expect(t, client.Must(t, "INCR", "count"), ":"+strconv.Itoa(i+1))
	}
	limit := unix.Rlimit{Cur: 1, Max: 1}
	if err := unix.Prlimit(n.process.Pid(), unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
	if reply, err := client.Do("INCR", "count"); err == nil && reply.Fate() == blackbox.Done {
		t.Errorf("a write that the disk refused was answered %v", reply)
	} else if err != nil && errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("a write that the disk refused was not answered: %v", err)
	}
	if code := n.process.ExitCode(stopLimit); code != 70 {
		t.Errorf("the exit code is %d, want 70", code)
	}
	c.start(n)
	n.process.AwaitReady(readyLimit)
	total, err := n.connect(t).Must(t, "GET", "count").Int()
	if err != nil || total < 10 || total > 11 {
		t.Errorf("count is %d (%v), want 10, or 11 if the refused write reached the disk after all", total, err)
	}
}

// A client waits for a leader that will not come. One signal gives it some time; a second one gives none.
func TestStop_AWaitingClientDelaysItOnlySoLong(t *testing.T) {
	for signals, want := range map[int]int{1: 0, 2: 1} {
		t.Run(strconv.Itoa(signals)+" signals", func(t *testing.T) {
			c := startCluster(t, 3, append(hastyElections, "--leader-wait-millis", "600000")...)
			n := c.nodes[0]
			client := n.connect(t)
			for _, other := range c.others(n) {
				other.process.Kill()
			}
			if err := client.Send([]string{"GET", "a"}); err != nil {
				t.Fatal(err)
			}
			blackbox.Eventually(t, effectLimit, "the client waits", func() bool {
				facts, err := info(n.port, "raft")
				return err == nil && facts["raft_waiting_clients"] == "1"
			})
			n.process.Signal(syscall.SIGTERM)
			blackbox.Eventually(t, effectLimit, "the node is stopping", func() bool {
				return strings.Contains(n.process.Err(), "msg=stopping")
			})
			blackbox.Eventually(t, effectLimit, "the node takes a second signal for one", func() bool {
				if signals > 1 {
					n.process.Signal(syscall.SIGTERM)
				}
				return signals == 1 || n.process.Ended()
			})
			if code := n.process.ExitCode(stopLimit); code != want {
				t.Errorf("the exit code is %d, want %d", code, want)
			}
			if reply, err := client.Receive(); err == nil && reply.Fate() == blackbox.Done {
				t.Errorf("a read without a leader was answered %v", reply)
			}
		})
	}
}
