package crash_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// SHUTDOWN ends a node as SIGTERM does: leadership is handed over, the exit code is 0, and the client sees its
// connection end with the process, without a reply.
func TestShutdown_EndsTheNodeAsSIGTERMDoes(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	for round, words := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE", "SHUTDOWN SAVE", "shutdown now force"} {
		lead := blackbox.Leader(t, c.Nodes)
		client := lead.Connect(t)
		blackbox.Expect(t, client.Must(t, "INCR", "rounds"), ":"+strconv.Itoa(round+1))
		if r, err := client.Do(strings.Fields(words)...); err == nil {
			t.Errorf("%s is answered %v, want the end of the connection", words, r)
		}
		if code := lead.Process.ExitCode(blackbox.StopLimit); code != 0 {
			t.Errorf("%s: exit code %d, want 0:\n%s", words, code, lead.Process.Err())
		}
		handed := !strings.Contains(lead.Process.Err(), "without having handed leadership over")
		if !handed || !strings.Contains(lead.Process.Err(), "a client said SHUTDOWN") {
			t.Errorf("%s: the log is\n%s", words, lead.Process.Err())
		}
		other := c.Others(lead)[0].Connect(t)
		blackbox.Expect(t, other.Must(t, "GET", "rounds"), strconv.Quote(strconv.Itoa(round+1)))
		c.Start(lead)
		lead.Process.AwaitReady(blackbox.ReadyLimit)
		if words == "SHUTDOWN SAVE" {
			facts, err := blackbox.Info(lead.Port, "raft")
			if index, _ := strconv.Atoi(facts["raft_snapshot_last_idx"]); err != nil || index == 0 {
				t.Errorf("after SHUTDOWN SAVE the snapshot is at %q (%v)", facts["raft_snapshot_last_idx"], err)
			}
		}
	}
}

func TestShutdown_RefusesWhatIsNoShutdown(t *testing.T) {
	c := blackbox.StartCluster(t, 1)
	client := c.Nodes[0].Connect(t)
	for words, want := range map[string]string{
		"SHUTDOWN x":           "-ERR syntax error",
		"SHUTDOWN SAVE NOSAVE": "-ERR syntax error",
		"SHUTDOWN ABORT NOW":   "-ERR syntax error",
		"SHUTDOWN ABORT":       "-ERR No shutdown in progress.",
	} {
		blackbox.Expect(t, client.Must(t, strings.Fields(words)...), want)
	}
	if output := blackbox.RedisCLI(t, "-p", strconv.Itoa(c.Nodes[0].Port), "SHUTDOWN"); output != "" {
		t.Errorf("redis-cli says %q", output)
	}
	if code := c.Nodes[0].Process.ExitCode(blackbox.StopLimit); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// FAILOVER has the node that leads give leadership away, and says of other nodes where to send it.
func TestFailover_TheLeaderGivesLeadershipAway(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	for _, n := range c.Others(lead) {
		r := n.Connect(t).Must(t, "FAILOVER")
		if r.Kind != '-' || !strings.Contains(r.Text, blackbox.Address(lead.Port)) {
			t.Errorf("node %d, which does not lead, answers FAILOVER by %v", n.Number, r)
		}
	}
	client := lead.Connect(t)
	blackbox.Expect(t, client.Must(t, "FAILOVER", "ABORT"), "-ERR No failover in progress.")
	blackbox.Expect(t, client.Must(t, "FAILOVER", "TIMEOUT", "5000"), "+OK")
	blackbox.Eventually(t, blackbox.EffectLimit, "another node leads", func() bool {
		facts, err := blackbox.Info(lead.Port, "raft")
		return err == nil && facts["raft_role"] == "follower" && facts["raft_leader_id"] != "0" &&
			facts["raft_leader_id"] != facts["raft_node_id"]
	})
	blackbox.Expect(t, client.Must(t, "SET", "k", "v"), "+OK")
}
