package snapshots_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// stopLimit is how long a node that fetches a snapshot may take to stop: a second, and slack for a busy machine.
const stopLimit = 4 * time.Second

// A node that takes over the data of others has nothing to answer from: it says so to clients and to probes, shows the
// cluster, and can be stopped at once. Afterwards it serves as before.
func TestReadiness_ANodeThatFetchesASnapshotSaysSo(t *testing.T) {
	const keys, loading = blackbox.FilledKeys * 2 / 5, "-LOADING Redis is loading the dataset in memory"
	c := blackbox.StartCluster(t, 3, append(blackbox.EagerSnapshots, "--snapshot-bytes-per-second", "1mb")...)
	away := c.Others(blackbox.Leader(t, c.Nodes))[0]
	blackbox.FillKeys(t, c.Nodes, keys/100, 1)
	knows := away.RaftNumber(t, "raft_current_index")
	away.Process.Kill()
	blackbox.FillKeys(t, c.Others(away), keys, 2)
	blackbox.AwaitCompacted(t, c.Others(away), knows)
	blackbox.AwaitSnapshots(t, c.Others(away))
	c.Start(away)
	blackbox.AwaitHealth(t, away, "fetching")
	blackbox.ExpectAnswers(t, "fetching", away, blackbox.Answers{
		"PING": loading, "GET a": loading, "SET a 1": loading, "EXISTS a": loading, "DBSIZE": loading, "KEYS *": loading,
		"INFO persistence": `loading:1\r\n`, "INFO": "loading_total_bytes:", "CLUSTER INFO": "cluster_state:fail",
		"CLUSTER NODES": "myself", "CLUSTER SLOTS": "[", "HELLO 2": `"redis"`, "AUTH x": "-ERR AUTH",
		"RAFT.READ STALE": loading, "RAFT.HEALTH": `"fetching"`, "RAFT.HEALTH LIVE": "+live",
		"RAFT.HEALTH READY": "-NOTREADY fetching: fetching a snapshot: ",
	})
	blackbox.ExpectHealth(t, away, nil, 0, "live")
	blackbox.ExpectHealth(t, away, []string{"--ready"}, 1, "not ready: fetching: ")
	away.Process.Signal(syscall.SIGTERM)
	if code := away.Process.ExitCode(stopLimit); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	c.Start(away)
	away.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.ExpectEqualStates(t, c.Nodes)
	blackbox.VerifyFilled(t, away, keys, 2)
	blackbox.ExpectHealth(t, away, []string{"--ready"}, 0, "ready")
}
