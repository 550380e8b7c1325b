package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// writtenNode is a single node with some writes.
func writtenNode(t *testing.T) (c *cluster, n *node) {
	t.Helper()
	c = startCluster(t, 1)
	n = c.nodes[0]
	client := n.connect(t)
	for i := range 20 {
		expect(t, client.Must(t, "SET", fmt.Sprint("key", i), "spoken words"), "+OK")
	}
	expect(t, client.Must(t, "MSET", "a", "1", "large", strings.Repeat("z", 1000)), "+OK")
	return c, n
}

func TestInspect_ShowsANodeThatRunsAndTheSameWhenItIsStopped(t *testing.T) {
	c, n := writtenNode(t)
	facts, err := info(n.port, "raft")
	if err != nil {
		t.Fatal(err)
	}
	inspect := []string{"inspect", "--dir", c.nodeDirectory(n), "--entries", "1-1000", "--records"}
	says := []string{
		"identity: node 1 of cluster " + facts["raft_dbid"],
		"name " + facts["raft_node_name"],
		"incarnation " + facts["raft_incarnation"],
		"promises: term " + facts["raft_current_term"] + ", vote for node 1",
		fmt.Sprintf("node 1, voter: clients on 127.0.0.1:%d", n.port),
		`SET "key7" "spoken words"`,
		`MSET "a" "1" "large" "zzzz`,
		"(1000 bytes)",
		"start of term",
		"opening version 1 generation",
	}
	for _, state := range []string{"running", "stopped"} {
		code, output := runs(t, inspect...)
		if code != 0 {
			t.Errorf("%s: the exit code is %d, want 0:\n%s", state, code, output)
		}
		for _, text := range says {
			if !strings.Contains(output, text) {
				t.Errorf("%s: the description does not say %q:\n%s", state, text, output)
			}
		}
		if state == "running" {
			n.process.Signal(syscall.SIGTERM)
			n.process.ExitCode(stopLimit)
		}
	}
}

func TestInspect_SaysWhatIsWrongWithTheCommandLine(t *testing.T) {
	for args, want := range map[string]string{
		"inspect":                       "--dir is missing",
		"inspect --dir x --entries 5-3": `"5-3" is no range`,
		"inspect --dir x --entries 0":   `"0" is no range`,
	} {
		if code, output := runs(t, strings.Fields(args)...); code != 2 || !strings.Contains(output, want) {
			t.Errorf("%s: exit code %d, want 2, and %q in:\n%s", args, code, want, output)
		}
	}
	if code, output := runs(t, "inspect", "--dir", t.TempDir()); code != 1 || !strings.Contains(output, "identity") {
		t.Errorf("an empty directory: exit code %d, want 1:\n%s", code, output)
	}
}

// The last thing that a node may do with damage is to go on.
func TestF2_DamageIsNamedByInspectAndEndsServeForGood(t *testing.T) {
	c, n := writtenNode(t)
	n.process.Signal(syscall.SIGTERM)
	n.process.ExitCode(stopLimit)
	_, output := runs(t, "inspect", "--dir", c.nodeDirectory(n))
	inForce := regexp.MustCompile(`journal: (\S+) is in force`).FindStringSubmatch(output)
	if inForce == nil {
		t.Fatalf("inspect does not say which file is in force:\n%s", output)
	}
	// One bit of the first record, behind which others follow.
	flip(t, inForce[1], 40)
	damaged := regexp.MustCompile(regexp.QuoteMeta(filepath.Base(inForce[1])) + ` is corrupt at offset \d+`)
	for code, args := range map[int][]string{1: {"inspect", "--dir", c.nodeDirectory(n)}, 70: c.arguments(n)} {
		got, output := runs(t, args...)
		if got != code || !damaged.MatchString(output) {
			t.Errorf("%s: exit code %d, want %d, and the file and offset of the damage in:\n%s", args[0], got, code, output)
		}
	}
}

func flip(t *testing.T, path string, offset int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[offset] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
