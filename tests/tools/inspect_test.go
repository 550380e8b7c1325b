package tools_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// writtenNode is a single node with some writes.
func writtenNode(t *testing.T) (c *blackbox.Cluster, n *blackbox.Node) {
	t.Helper()
	c = blackbox.StartCluster(t, 1)
	n = c.Nodes[0]
	client := n.Connect(t)
	for i := range 20 {
		blackbox.Expect(t, client.Must(t, "SET", fmt.Sprint("key", i), "spoken words"), "+OK")
	}
	blackbox.Expect(t, client.Must(t, "MSET", "a", "1", "large", strings.Repeat("z", 1000)), "+OK")
	return c, n
}

func TestInspect_ShowsTheSameOfARunningAndAStoppedNode(t *testing.T) {
	c, n := writtenNode(t)
	facts, err := blackbox.Info(n.Port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	inspect := []string{"inspect", "--dir", c.DirectoryOf(n), "--entries", "1-1000", "--records"}
	says := []string{
		"identity: node 1 of cluster " + facts["raft_dbid"],
		"name " + facts["raft_node_name"],
		"incarnation " + facts["raft_incarnation"],
		"promises: term " + facts["raft_current_term"] + ", vote for node 1",
		fmt.Sprintf("node 1, voter: clients on 127.0.0.1:%d", n.Port),
		`SET "key7" "spoken words"`,
		`MSET "a" "1" "large" "zzzz`,
		"(1000 bytes)",
		"start of term",
		"opening version 3 generation",
	}
	for _, state := range []string{"running", "stopped"} {
		code, output := blackbox.Run(t, inspect...)
		if code != 0 {
			t.Errorf("%s: the exit code is %d, want 0:\n%s", state, code, output)
		}
		for _, text := range says {
			if !strings.Contains(output, text) {
				t.Errorf("%s: the description does not say %q:\n%s", state, text, output)
			}
		}
		if state == "running" {
			n.Process.Signal(syscall.SIGTERM)
			n.Process.ExitCode(blackbox.StopLimit)
		}
	}
}

func TestInspect_SaysWhatIsWrongWithTheCommandLine(t *testing.T) {
	for args, want := range map[string]string{
		"inspect":                       "--dir is missing",
		"inspect --dir x --entries 5-3": `"5-3" is no range`,
		"inspect --dir x --entries 0":   `"0" is no range`,
	} {
		if code, output := blackbox.Run(t, strings.Fields(args)...); code != 2 || !strings.Contains(output, want) {
			t.Errorf("%s: exit code %d, want 2, and %q in:\n%s", args, code, want, output)
		}
	}
	if code, output := blackbox.Run(t, "inspect", "--dir", t.TempDir()); code != 1 || !strings.Contains(output,
		"identity") {
		t.Errorf("an empty directory: exit code %d, want 1:\n%s", code, output)
	}
}

// F2: A node must not continue with damage.
func TestInspect_NamesTheDamageThatEndsServe(t *testing.T) {
	c, n := writtenNode(t)
	n.Process.Signal(syscall.SIGTERM)
	n.Process.ExitCode(blackbox.StopLimit)
	_, output := blackbox.Run(t, "inspect", "--dir", c.DirectoryOf(n))
	inForce := regexp.MustCompile(`journal: (\S+) is in force`).FindStringSubmatch(output)
	if inForce == nil {
		t.Fatalf("inspect does not say which file is in force:\n%s", output)
	}
	// One bit of the first record, behind which others follow.
	blackbox.FlipBit(t, inForce[1], 40)
	damaged := regexp.MustCompile(regexp.QuoteMeta(filepath.Base(inForce[1])) + ` is corrupt at offset \d+`)
	for code, args := range map[int][]string{1: {"inspect", "--dir", c.DirectoryOf(n)}, 70: c.Arguments(n)} {
		got, output := blackbox.Run(t, args...)
		if got != code || !damaged.MatchString(output) {
			t.Errorf("%s: exit code %d, want %d, and the file and offset of the damage in:\n%s", args[0], got, code, output)
		}
	}
}
