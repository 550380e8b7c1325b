package members_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/torture"
)

// stopLimit is how long a node that does not serve yet may take to stop: a second, and slack for a busy machine. A node
// that serves may take longer.
const stopLimit = 4 * time.Second

// loading is what clients are told by a node that loads.
const loading = "-LOADING Redis is loading the dataset in memory"

// expectStop tells a node to stop, and demands that it does so at once and in order.
func expectStop(t *testing.T, state string, n *blackbox.Node) {
	t.Helper()
	n.Process.Signal(syscall.SIGTERM)
	if code := n.Process.ExitCode(stopLimit); code != 0 {
		t.Errorf("%s: the node ends with %d", state, code)
	}
}

// slowNode starts a node that takes minutes to open its directory: there is the beginning of a journal that a crash may
// have left, and the node looks at each of its pages before it writes it anew.
func slowNode(t *testing.T) *blackbox.Node {
	t.Helper()
	c := blackbox.NewCluster(t, 1)
	directory := filepath.Join(c.DirectoryOf(c.Nodes[0]), "journal")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(directory, "journal-a"))
	if err == nil {
		err = errors.Join(file.Truncate(1<<40), file.Close()) // it takes no space
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Start(c.Nodes[0])
	return c.Nodes[0]
}

// A node answers from its first moment, long before it can serve, and says that it loads; and it can be stopped.
func TestReadiness_ANodeThatLoadsSaysSoAndStops(t *testing.T) {
	n := slowNode(t)
	blackbox.AwaitHealth(t, n, "loading")
	blackbox.ExpectAnswers(t, "loading", n, blackbox.Answers{
		"PING": loading, "GET a": loading, "SET a 1": loading, "EXISTS a": loading, "DBSIZE": loading,
		"CLUSTER INFO": loading, "CLUSTER NODES": loading, "CLUSTER SLOTS": loading, "INFO persistence": `loading:1\r\n`,
		"INFO": "loading_start_time:", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH", "SELECT 0": "+OK", "ROLE": `"master"`,
		"RAFT.HEALTH": `"loading"`, "RAFT.HEALTH LIVE": "+live", "RAFT.HEALTH READY": "-NOTREADY loading: ",
	})
	blackbox.ExpectHealth(t, n, nil, 0, "live")
	blackbox.ExpectHealth(t, n, []string{"--ready"}, 1, "not ready: loading: opening the log")
	expectStop(t, "loading", n)
}

// The states of a node that is no member of a cluster that serves: each command is answered, and the probe says why.
func TestReadiness_EveryStateHasItsAnswers(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 3, 1, "--leader-wait-millis", "700")
	down := "-CLUSTERDOWN The command was not executed: "
	forming := c.Nodes[0]
	c.Start(forming)
	blackbox.AwaitHealth(t, forming, "forming")
	blackbox.ExpectAnswers(t, "forming", forming, blackbox.Answers{
		"PING": "+PONG", "GET a": down, "SET a 1": down, "EXISTS a": down, "INFO persistence": `loading:0\r\n`,
		"CLUSTER INFO": "cluster_state:fail", "CLUSTER NODES": "myself", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH",
		"RAFT.HEALTH": `"forming"`, "RAFT.HEALTH READY": "-NOTREADY forming: it waits for 2 of 3 nodes",
	})
	blackbox.ExpectHealth(t, forming, []string{"--ready"}, 1, "not ready: forming: ")

	blank := c.StartSpare()
	blackbox.ExpectAnswers(t, "blank", blank, blackbox.Answers{
		"PING": "+PONG", "GET a": down + "this node belongs to no cluster yet", "SET a 1": down, "EXISTS a": down,
		"INFO persistence": `loading:0\r\n`, "CLUSTER INFO": "cluster_state:fail", "CLUSTER NODES": "myself",
		"HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH", "RAFT.HEALTH": `"blank"`, "RAFT.HEALTH READY": "-NOTREADY blank: ",
	})
	blackbox.ExpectHealth(t, blank, nil, 0, "live")
	expectStop(t, "blank", blank)

	for _, n := range c.Nodes[1:] {
		c.Start(n)
	}
	c.AwaitReady()
	serving := c.Nodes[1]
	blackbox.ExpectAnswers(t, "ready", serving, blackbox.Answers{
		"PING": "+PONG", "SET a 1": "+OK", "INFO persistence": `loading:0\r\n`, "CLUSTER INFO": "cluster_state:ok",
		"CLUSTER NODES": "myself", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH", "RAFT.HEALTH": `"ready"`,
		"RAFT.HEALTH READY": "+ready", "RAFT.HEALTH LIVE": "+live",
	})
	blackbox.ExpectHealth(t, serving, []string{"--ready"}, 0, "ready")

	gone := c.Others(blackbox.Leader(t, c.Nodes))[0]
	c.Remove(gone, gone)
	expectRemoved(t, gone)
	blackbox.ExpectAnswers(t, "removed", gone, blackbox.Answers{
		"PING": "+PONG", "INFO persistence": `loading:0\r\n`, "CLUSTER INFO": "cluster_state:fail",
		"CLUSTER NODES": "myself", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH", "RAFT.HEALTH": `"removed"`,
		"RAFT.HEALTH READY": "-NOTREADY removed: ",
	})
	blackbox.ExpectHealth(t, gone, []string{"--ready"}, 1, "not ready: removed: ")

	c.Nodes[0].Process.Kill()
	alone := c.Nodes[1]
	noMajority := func(when string) {
		t.Helper()
		blackbox.AwaitHealth(t, alone, "no-leader")
		blackbox.ExpectAnswers(t, "no majority, "+when, alone, blackbox.Answers{
			"PING": "+PONG", "GET a": "-CLUSTERDOWN", "SET a 1": "-CLUSTERDOWN", "EXISTS a": "-CLUSTERDOWN",
			"DBSIZE": "-CLUSTERDOWN", "INFO persistence": `loading:0\r\n`, "CLUSTER INFO": "cluster_state:fail",
			"CLUSTER NODES": "myself", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH", "RAFT.HEALTH": `"no-leader"`,
			"RAFT.HEALTH READY": "-NOTREADY no-leader: ",
		})
		blackbox.ExpectHealth(t, alone, nil, 0, "live")
		blackbox.ExpectHealth(t, alone, []string{"--ready"}, 1, "not ready: no-leader: ")
	}
	noMajority("while it runs")
	alone.Process.Kill()
	c.Start(alone)
	noMajority("from its start on")
	expectStop(t, "no majority", alone)
	blackbox.ExpectHealth(t, alone, nil, 1, "not live: ")
}

// The probe knows passwords as redis-cli does. A node that refuses one runs, and does not say whether it serves.
func TestReadiness_TheProbeGivesAPassword(t *testing.T) {
	c := blackbox.StartCluster(t, 1, "--requirepass", "secret")
	n := c.Nodes[0]
	blackbox.ExpectHealth(t, n, nil, 0, "live")
	blackbox.ExpectHealth(t, n, []string{"--ready"}, 1, "not known: NOAUTH")
	blackbox.ExpectHealth(t, n, []string{"--ready", "-a", "wrong"}, 1, "not known: ")
	blackbox.ExpectHealth(t, n, []string{"-a", "wrong"}, 0, "live")
	blackbox.ExpectHealth(t, n, []string{"--ready", "-a", "secret"}, 0, "ready")
	blackbox.ExpectHealth(t, n, []string{"--ready", "--user", "default", "--pass", "secret"}, 0, "ready")
	t.Setenv("REDISCLI_AUTH", "secret")
	blackbox.ExpectHealth(t, n, []string{"--ready"}, 0, "ready")
	blackbox.ExpectHealth(t, n, []string{"--ready", "-h", "localhost", "--port", strconv.Itoa(n.Port)}, 0, "ready")
	blackbox.ExpectHealth(t, n, []string{"--timeout-millis", "0"}, 2, "--timeout-millis is 0")
}

// A follower that hears its leader and does not reach it knows of nothing wrong. The probe finds out.
func TestReadiness_AFollowerThatDoesNotReachItsLeader(t *testing.T) {
	c, network := blackbox.StartGatedCluster(t, 3)
	leader := blackbox.Leader(t, c.Nodes)
	deaf := c.Others(leader)[0]
	blackbox.ExpectHealth(t, deaf, []string{"--ready"}, 0, "ready")
	network.Cut(deaf.Number-1, leader.Number-1, torture.Hole)
	blackbox.ExpectHealth(t, deaf, []string{"--ready"}, 1, "not ready: unconfirmed: ")
	blackbox.ExpectHealth(t, deaf, nil, 0, "live")
	network.Cut(deaf.Number-1, leader.Number-1, torture.Open)
	blackbox.AwaitHealth(t, deaf, "ready")
}
