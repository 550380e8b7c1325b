package blackbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

const (
	// filledBytes is the length of a filled value.
	filledBytes = 24
	// fillClients clients send pipelines of fillPipeline commands.
	fillPipeline = 1000
	fillClients  = 4
)

// EagerSnapshots makes nodes take snapshots and cut their logs all the time.
var EagerSnapshots = []string{"--snapshot-log-bytes", "1mb", "--repl-backlog-size", "1mb"}

func FilledKey(i int) string { return "filled" + strconv.Itoa(i) }

func FilledValue(i, round int) string { return fmt.Sprintf("%d.%0*d", round, filledBytes, i) }

// FillKeys writes many keys through some nodes. The values of two rounds differ.
func FillKeys(t testing.TB, nodes []*Node, keys, round int) {
	t.Helper()
	var running sync.WaitGroup
	failures := make([]error, fillClients)
	for id := range fillClients {
		port := nodes[id%len(nodes)].Port
		running.Go(func() { failures[id] = fillPart(port, id, keys, round) })
	}
	running.Wait()
	for id, err := range failures {
		if err != nil {
			t.Fatalf("client %d: %v", id, err)
		}
	}
}

// fillPart writes the keys of one client.
func fillPart(port, id, keys, round int) error {
	connection, err := Connect(port)
	if err != nil {
		return err
	}
	defer connection.Close()
	var commands [][]string
	for i := id; i < keys; i += fillClients {
		commands = append(commands, []string{"SET", FilledKey(i), FilledValue(i, round)})
		if len(commands) < fillPipeline && i+fillClients < keys {
			continue
		}
		replies, err := connection.Pipeline(commands)
		if err != nil {
			return err
		}
		for k, r := range replies {
			if r.Kind != '+' {
				return fmt.Errorf("%q was answered %v", commands[k], r)
			}
		}
		commands = commands[:0]
	}
	return nil
}

// VerifyFilled reads what FillKeys wrote through one node.
func VerifyFilled(t testing.TB, n *Node, keys, round int) {
	t.Helper()
	connection := n.Connect(t)
	defer connection.Close()
	for begin := 0; begin < keys; begin += fillPipeline {
		command := []string{"MGET"}
		for i := begin; i < min(begin+fillPipeline, keys); i++ {
			command = append(command, FilledKey(i))
		}
		for k, r := range connection.Must(t, command...).Items {
			if want := FilledValue(begin+k, round); r.Text != want {
				t.Fatalf("node %d: %s is %v, want %q", n.Number, FilledKey(begin+k), r, want)
			}
		}
	}
}

// RaftNumber reads a number from INFO raft.
func (n *Node) RaftNumber(t testing.TB, fact string) int {
	t.Helper()
	facts, err := Info(n.Port, "raft")
	if err != nil {
		t.Fatalf("node %d: INFO raft: %v", n.Number, err)
	}
	number, err := strconv.Atoi(facts[fact])
	if err != nil {
		t.Fatalf("node %d: %s is %q", n.Number, fact, facts[fact])
	}
	return number
}

// ExpectEqualStates waits until all nodes have applied the same entries, and compares their states.
func ExpectEqualStates(t testing.TB, nodes []*Node) {
	t.Helper()
	states := map[string]string{}
	Eventually(t, EffectLimit, "all nodes have applied the same entries", func() bool {
		clear(states)
		indexes := map[string]bool{}
		for _, n := range nodes {
			facts, err := Info(n.Port, "raft")
			if err != nil || facts["raft_state_index"] == "" || facts["raft_state_hash"] == "" {
				return false
			}
			indexes[facts["raft_state_index"]] = true
			states[fmt.Sprint("node ", n.Number)] = facts["raft_state_hash"]
		}
		return len(indexes) == 1
	})
	hashes := map[string]bool{}
	for _, hash := range states {
		hashes[hash] = true
	}
	if len(hashes) != 1 {
		t.Errorf("after the same entries the hashes of the states are %v", states)
	}
}

// AwaitCompacted waits until the nodes have cut the entry behind index off their logs.
func AwaitCompacted(t testing.TB, nodes []*Node, index int) {
	t.Helper()
	for _, n := range nodes {
		what := fmt.Sprintf("node %d has no log back to entry %d", n.Number, index+1)
		Eventually(t, ReadyLimit, what, func() bool {
			return n.RaftNumber(t, "raft_log_first_index") > index+1
		})
	}
}

// AwaitSnapshots makes nodes take snapshots until each has one of everything that it holds now.
func AwaitSnapshots(t testing.TB, nodes []*Node) {
	t.Helper()
	for _, n := range nodes {
		all, client := n.RaftNumber(t, "raft_current_index"), n.Connect(t)
		what := fmt.Sprintf("node %d has a snapshot up to entry %d", n.Number, all)
		Eventually(t, ReadyLimit, what, func() bool {
			if n.RaftNumber(t, "raft_snapshot_last_idx") >= all {
				return true
			}
			if _, err := client.Do("BGSAVE"); err != nil { // one may be under way already
				t.Fatal(err)
			}
			return false
		})
	}
}

// ReceivedBytes is how much of a snapshot a node has received so far, 0 if it receives none.
func (c *Cluster) ReceivedBytes(n *Node) (bytes int64) {
	paths, err := filepath.Glob(filepath.Join(c.DirectoryOf(n), "snapshots", "*.receiving"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, path := range paths {
		if file, err := os.Stat(path); err == nil { // it may have become a whole one meanwhile
			bytes += file.Size()
		}
	}
	return bytes
}
