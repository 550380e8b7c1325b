package members_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// oneLine gives all nodes of a cluster the same command line, but for port and directory.
func oneLine(c *blackbox.Cluster) {
	flags := []string{"--bootstrap", "--expect", strconv.Itoa(len(c.Nodes))}
	for _, n := range c.Nodes {
		flags = append(flags, "--join", blackbox.Address(n.Port))
	}
	for _, n := range c.Nodes {
		n.FirstFlags = flags
	}
}

// expectAside says that a node takes no part: it is in a state, does nothing for clients and tells them why, and is not
// ready. It returns what it tells.
func expectAside(t *testing.T, n *blackbox.Node, state string, words ...string) (text string) {
	t.Helper()
	blackbox.AwaitFact(t, n, "raft_state", state)
	facts, err := blackbox.Info(n.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	text = facts["raft_obstacle_text"]
	client := n.Connect(t)
	if r := client.Must(t, "SET", "a", "beside"); r.Fate() != blackbox.NotDone {
		t.Errorf("SET on a node that is %s was answered %v", state, r)
	}
	r := client.Must(t, "DBSIZE") // it has no key, by which the node could send the client elsewhere
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("INFO of a node that is %s says %q, and not %q", state, text, word)
		}
		if !strings.Contains(r.Text, word) {
			t.Errorf("DBSIZE on a node that is %s was answered %v, without %q", state, r, word)
		}
		blackbox.AwaitLog(t, n, word)
	}
	if state != "joining" {
		blackbox.ExpectHealth(t, n, []string{"--ready"}, 1, "not ready: "+state+": ")
	}
	if n.Process.Ready() {
		t.Errorf("a node that is %s says that it is ready", state)
	}
	return text
}

func TestFounding_OneCommandLineServesInEveryOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			c := blackbox.NewCluster(t, 3, blackbox.HastyElections...)
			oneLine(c)
			for position, i := range order {
				c.Start(c.Nodes[i])
				if position < 2 { // the next one starts only when this one waits, and names whom it does not reach
					blackbox.AwaitLog(t, c.Nodes[i], blackbox.Address(c.Nodes[order[2]].Port+blackbox.PeerDistance))
				}
			}
			c.AwaitReady()
			blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
			blackbox.Expect(t, c.Nodes[1].Connect(t).Must(t, "SET", "a", "1"), "+OK")
			c.KillAll()
			c.StartAll()
			blackbox.Expect(t, c.Nodes[2].Connect(t).Must(t, "GET", "a"), `"1"`)
			blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
		})
	}
}

// D10: The directory of the node that made the cluster is lost, and the same command line starts it again. It never
// makes a second cluster beside the living one, whichever line that is and whatever else joins it; and the command that
// it prints puts it into its place.
func TestFounding_AWipedFounderMakesNoSecondCluster(t *testing.T) {
	for name, line := range map[string]func(c *blackbox.Cluster){
		"alone":    func(c *blackbox.Cluster) { c.Nodes[0].FirstFlags = []string{"--bootstrap"} },
		"expect":   func(*blackbox.Cluster) {},
		"one line": oneLine,
	} {
		t.Run(name, func(t *testing.T) {
			c := blackbox.NewClusterAndSpares(t, 3, 2, blackbox.HastyElections...)
			line(c)
			c.StartAll()
			blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
			blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
			wiped := c.Nodes[0]
			wiped.Process.Kill()
			wipe(t, c, wiped)
			c.Start(wiped)
			c.AwaitListening(wiped)
			for range 2 { // blank nodes that join it are sent to the cluster
				blank := c.StartSpare("--join", blackbox.Address(wiped.Port))
				blank.Process.AwaitReady(blackbox.ReadyLimit)
				blackbox.Expect(t, blank.Connect(t).Must(t, "GET", "a"), `"1"`)
			}
			expectAside(t, wiped, "wiped", "CLUSTER REPLACENODE")
			replaceAsPrinted(t, wiped)
			wiped.Process.AwaitReady(blackbox.ReadyLimit)
			blackbox.Expect(t, wiped.Connect(t).Must(t, "GET", "a"), `"1"`)
		})
	}
}

// replaceAsPrinted runs the command that a wiped node prints.
func replaceAsPrinted(t *testing.T, wiped *blackbox.Node) {
	t.Helper()
	facts, err := blackbox.Info(wiped.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	text := facts["raft_obstacle_text"]
	command := regexp.MustCompile(`redis-cli -h \S+ -p \d+ CLUSTER REPLACENODE [0-9a-f]{40} [0-9.:]+`).FindString(text)
	if command == "" {
		t.Fatalf("no command in %q", text)
	}
	words := strings.Fields(command)
	output, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil || !strings.Contains(string(output), wiped.Name(t)) {
		t.Fatalf("%s: %v, %s", command, err, output)
	}
}

// D10: The wiped node starts while the members are down, and they come later. With the common line it waits for them.
// What it has learned stays when they go away again and it starts once more.
func TestFounding_AWipedFounderWaitsForItsFellows(t *testing.T) {
	c := blackbox.NewCluster(t, 3, blackbox.HastyElections...)
	oneLine(c)
	c.StartAll()
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
	blackbox.Expect(t, c.Nodes[0].Connect(t).Must(t, "SET", "a", "1"), "+OK")
	wiped, others := c.Nodes[0], c.Nodes[1:]
	c.KillAll()
	wipe(t, c, wiped)
	c.Start(wiped)
	for _, n := range others {
		blackbox.AwaitLog(t, wiped, blackbox.Address(n.Port+blackbox.PeerDistance)+": ")
	}
	for _, n := range others {
		c.Start(n)
	}
	for _, n := range others {
		n.Process.AwaitReady(blackbox.ReadyLimit)
	}
	expectAside(t, wiped, "wiped", "CLUSTER REPLACENODE")
	c.KillAll()
	wiped.FirstFlags = []string{"--bootstrap"}
	c.Start(wiped)
	c.AwaitListening(wiped)
	expectAside(t, wiped, "wiped", "CLUSTER REPLACENODE")
	for _, n := range others {
		c.Start(n)
	}
	for _, n := range others {
		n.Process.AwaitReady(blackbox.ReadyLimit)
	}
	replaceAsPrinted(t, wiped)
	wiped.Process.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, wiped.Connect(t).Must(t, "GET", "a"), `"1"`)
}

// Nodes that wait for each other say so, and what to type.
func TestFounding_NodesThatWaitForEachOtherSayHowToGoOn(t *testing.T) {
	c := blackbox.NewCluster(t, 3)
	for _, n := range c.Nodes {
		n.FirstFlags = []string{"--bootstrap", "--expect", "3"}
		c.Start(n)
	}
	for _, n := range c.Nodes {
		blackbox.AwaitLog(t, n, "waiting for 2 of 3 nodes to join (start them with --join "+blackbox.Address(n.Port))
		n.Process.Kill()
	}
	for _, n := range c.Nodes {
		n.FirstFlags = nil
		for _, other := range c.Nodes {
			n.FirstFlags = append(n.FirstFlags, "--join", blackbox.Address(other.Port))
		}
		c.Start(n)
	}
	var line string
	for _, n := range c.Nodes {
		blackbox.AwaitLog(t, n, "it belongs to no cluster either, and forms none")
		line = fmt.Sprintf("--bootstrap --expect 3 --join %s --join %s --join %s", blackbox.Address(c.Nodes[0].Port),
			blackbox.Address(c.Nodes[1].Port), blackbox.Address(c.Nodes[2].Port))
		blackbox.AwaitLog(t, n, "start all its nodes with "+line)
	}
	// It is as printed.
	for _, n := range c.Nodes {
		n.Process.Kill()
		n.FirstFlags = strings.Fields(line)
	}
	c.StartAll()
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
}

// A node names an address at which no other one finds it: a host's own name that means loopback there, a wrong
// announcement. A founder does not count it, and a member does not add it; it hears why, at once.
func TestFounding_ANodeThatCannotBeReachedHearsWhy(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 2, 2, blackbox.HastyElections...)
	lost := c.Spares[0]
	lost.FirstFlags = []string{"--announce-host", "127.0.0.99", "--join", blackbox.Address(c.Port)}
	const why = "it cannot be reached at the address that it names"
	c.Start(c.Nodes[0])
	c.AwaitListening(c.Nodes[0])
	c.Start(lost)
	blackbox.AwaitLog(t, lost, why)
	blackbox.AwaitFact(t, c.Nodes[0], "raft_state", "initializing")
	lost.Process.Kill()
	c.Start(c.Nodes[1])
	c.AwaitReady()
	c.Start(lost)
	blackbox.AwaitLog(t, lost, why)
	self := c.Spares[1] // it names the address of the one that it asks
	self.FirstFlags = []string{"--announce-peer", blackbox.Address(c.Port + blackbox.PeerDistance),
		"--join", blackbox.Address(c.Port)}
	c.Start(self)
	blackbox.AwaitLog(t, self, "is this node's own")
	blackbox.AwaitMembers(t, c.Nodes, blackbox.VotersOf(c.Nodes))
}
