package members_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestForming_TheOrderInWhichNodesStartIsIrrelevant(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			c := blackbox.NewCluster(t, 3, blackbox.HastyElections...)
			for position, i := range order {
				c.Start(c.Nodes[i])
				if position < 2 {
					// The next one starts only when this one is up and waits.
					client := c.Nodes[i].Process
					blackbox.Eventually(t, blackbox.EffectLimit, "the node says what it waits for", func() bool {
						return strings.Contains(client.Err(), "waiting")
					})
				}
			}
			c.AwaitReady()
			blackbox.Expect(t, c.Nodes[1].Connect(t).Must(t, "SET", "a", "1"), "+OK")
			blackbox.Expect(t, c.Nodes[2].Connect(t).Must(t, "GET", "a"), `"1"`)
		})
	}
}

func TestForming_ABlankNodeAnswersThatNothingIsDone(t *testing.T) {
	c := blackbox.NewCluster(t, 3)
	c.Start(c.Nodes[0])
	blackbox.Eventually(t, blackbox.EffectLimit, "the first node waits for two others", func() bool {
		return strings.Contains(c.Nodes[0].Process.Err(), "waiting for 2 of 3 nodes to join")
	})
	client := c.Nodes[0].Connect(t)
	for _, command := range [][]string{{"SET", "a", "1"}, {"GET", "a"}} {
		if r := client.Must(t, command...); r.Fate() != blackbox.NotDone || !strings.HasPrefix(r.Text, "CLUSTERDOWN") {
			t.Errorf("%q on a blank node was answered %v, want CLUSTERDOWN", command, r)
		}
	}
	blackbox.Expect(t, client.Must(t, "PING"), "+PONG")
	if facts, err := blackbox.Info(c.Nodes[0].Port, "raft"); err != nil || facts["raft_state"] != "initializing" {
		t.Errorf("raft_state is %q, %v; want initializing", facts["raft_state"], err)
	}
}

func TestForming_ABlankNodeWithoutOrdersSaysWhatItNeeds(t *testing.T) {
	port := blackbox.Ports(t, 1)
	p := blackbox.Start(t, "a blank node", exec.Command(blackbox.Binary(t),
		append([]string{"serve", "--dir", t.TempDir(), "--port", strconv.Itoa(port)}, blackbox.SmallJournal...)...))
	blackbox.Eventually(t, blackbox.EffectLimit, "the node says what it needs", func() bool {
		return strings.Contains(p.Err(), "CLUSTER ADDNODE on a member adds this node, --join asks for that, "+
			"--bootstrap makes a new cluster")
	})
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(blackbox.StopLimit); code != 0 || p.Ready() {
		t.Errorf("exit code %d, want 0; ready: %v, want never", code, p.Ready())
	}
}

func TestForming_TheSameCommandLineStartsANodeAgain(t *testing.T) {
	c := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
	before, err := blackbox.Info(c.Nodes[0].Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range c.Nodes {
		n.Process.Signal(syscall.SIGTERM)
	}
	for _, n := range c.Nodes {
		if code := n.Process.ExitCode(blackbox.StopLimit); code != 0 {
			t.Errorf("node %d ended with exit code %d, want 0", n.Number, code)
		}
	}
	c.StartAll()
	for _, n := range c.Nodes {
		blackbox.Expect(t, n.Connect(t).Must(t, "GET", "a"), `"1"`)
		after, err := blackbox.Info(n.Port, "raft")
		if err != nil || after["raft_dbid"] != before["raft_dbid"] || after["raft_num_nodes"] != "3" {
			t.Errorf("node %d is in cluster %q of %q nodes (%v), want %q of 3",
				n.Number, after["raft_dbid"], after["raft_num_nodes"], err, before["raft_dbid"])
		}
	}
}

func TestForming_EveryoneKnowsTheLeader(t *testing.T) {
	c := blackbox.StartCluster(t, 3, "--cluster-view", "leader")
	first := blackbox.Leader(t, c.Nodes)
	blackbox.Eventually(t, blackbox.EffectLimit, "INFO and ROLE of all nodes agree on the leader", func() bool {
		for _, n := range c.Nodes {
			facts, err := blackbox.Info(n.Port, "replication")
			if err != nil {
				return false
			}
			leads := facts["role"] == "master"
			follows := facts["role"] == "slave" && facts["master_host"] == "127.0.0.1" &&
				facts["master_port"] == strconv.Itoa(first.Port)
			if (n == first) != leads || (n != first) != follows {
				return false
			}
		}
		return true
	})
	for _, n := range c.Nodes {
		facts, err := blackbox.Info(n.Port, "server")
		if err != nil || facts["process_id"] != strconv.Itoa(n.Process.Pid()) || facts["raftredis_version"] == "" {
			t.Errorf("INFO server of node %d says process %q and version %q, %v",
				n.Number, facts["process_id"], facts["raftredis_version"], err)
		}
	}
}

func TestForming_INFOSaysWhoIsConnected(t *testing.T) {
	c := blackbox.StartCluster(t, 3, "--cluster-view", "leader")
	first := blackbox.Leader(t, c.Nodes)
	// connected counts the followers that the leader says are online, and the nodes that it says are connected.
	connected := func() (followers, nodes int) {
		replication, err1 := blackbox.Info(first.Port, "replication")
		members, err2 := blackbox.Info(first.Port, "raft")
		if err1 != nil || err2 != nil {
			t.Fatalf("INFO: %v, %v", err1, err2)
		}
		for i := range c.Nodes {
			followers += strings.Count(replication[fmt.Sprint("slave", i)], "state=online")
			nodes += strings.Count(members[fmt.Sprint("raft_node", i)], "state=connected")
		}
		return followers, nodes
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "the leader is connected to two followers", func() bool {
		followers, nodes := connected()
		return followers == 2 && nodes == 3
	})
	c.Others(first)[0].Process.Kill()
	blackbox.Eventually(t, blackbox.EffectLimit, "the leader is connected to one follower", func() bool {
		followers, nodes := connected()
		return followers == 1 && nodes == 2
	})
}

func TestForming_ASecretKeepsStrangersOut(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("open sesame, 7f3a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := blackbox.NewCluster(t, 2, append(blackbox.HastyElections, "--cluster-secret-file", secret)...)
	stranger := blackbox.Start(t, "a node without the secret", exec.Command(blackbox.Binary(t), "serve", "--dir",
		t.TempDir(),
		"--port", strconv.Itoa(blackbox.Ports(t, 1)), "--join", blackbox.Address(c.Port)))
	c.Start(c.Nodes[0])
	blackbox.Eventually(t, blackbox.EffectLimit, "the stranger is refused", func() bool {
		return strings.Contains(stranger.Err(), "secret")
	})
	c.Start(c.Nodes[1])
	c.AwaitReady()
	blackbox.Expect(t, c.Nodes[1].Connect(t).Must(t, "SET", "a", "1"), "+OK")
}

func TestForming_APasswordIsAskedFor(t *testing.T) {
	n := blackbox.StartCluster(t, 1, "--requirepass", "sesame").Nodes[0]
	client := n.Connect(t)
	if r := client.Must(t, "GET", "a"); !strings.HasPrefix(r.Text, "NOAUTH") {
		t.Errorf("without the password GET was answered %v", r)
	}
	if r := client.Must(t, "AUTH", "wrong"); !strings.HasPrefix(r.Text, "WRONGPASS") {
		t.Errorf("a wrong password was answered %v", r)
	}
	blackbox.Expect(t, client.Must(t, "AUTH", "sesame"), "+OK")
	blackbox.Expect(t, client.Must(t, "SET", "a", "1"), "+OK")
}
