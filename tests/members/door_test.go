package members_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Beyond loopback a node does not start without a secret, unless it is told to by name. The refusal says how to make
// one, and leaves no directory behind.
func TestDoor_BeyondLoopbackPeersNeedASecret(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	port := strconv.Itoa(blackbox.Ports(t, 1))
	open := []string{"serve", "--bind", "0.0.0.0", "--announce-host", "127.0.0.1", "--dir", directory, "--port", port,
		"--bootstrap", "--requirepass", "x"}
	code, output := blackbox.Run(t, open...)
	if code != 2 || !strings.Contains(output, "--cluster-secret-file") || !strings.Contains(output, "--insecure-peers") {
		t.Errorf("exit code %d, want 2, and the two ways in:\n%s", code, output)
	}
	if _, err := os.Stat(directory); err == nil {
		t.Error("the refused node has made its directory")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("open sesame, 7f3a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]string{{"--insecure-peers"}, {"--cluster-secret-file", secret}} {
		args := append(append(append([]string{}, open...), blackbox.SmallJournal...), key...)
		p := blackbox.Start(t, "a node with "+key[0], exec.Command(blackbox.Binary(t), args...))
		p.AwaitReady(blackbox.ReadyLimit)
		p.Kill()
	}
}

// Where there is no secret, the password of clients guards joining as it guards CLUSTER ADDNODE: also the password that
// was set a moment ago.
func TestDoor_WithoutAPasswordNoStrangerJoins(t *testing.T) {
	c := blackbox.NewClusterAndSpares(t, 1, 4, blackbox.HastyElections...)
	member := c.Nodes[0]
	member.Flags = []string{"--requirepass", "sesame"}
	c.StartAll()
	join := []string{"--join", blackbox.Address(member.Port)}
	start := func(flags ...string) *blackbox.Node {
		n := c.Spares[0]
		c.Spares = c.Spares[1:]
		n.FirstFlags = append(append([]string{}, join...), flags...)
		c.Start(n)
		return n
	}
	for _, flags := range [][]string{nil, {"--requirepass", "wrong"}} {
		stranger := start(flags...)
		blackbox.AwaitLog(t, stranger, "the cluster secret does not match")
		blackbox.AwaitLog(t, stranger, "password")
		if stranger.Process.Ready() {
			t.Error("a stranger is ready")
		}
		stranger.Process.Kill()
	}
	friend := start("--requirepass", "sesame")
	friend.Process.AwaitReady(blackbox.ReadyLimit)
	client := member.Connect(t)
	blackbox.Expect(t, client.Must(t, "AUTH", "sesame"), "+OK")
	blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "requirepass", "changed"), "+OK")
	late := start("--requirepass", "sesame")
	blackbox.AwaitLog(t, late, "the cluster secret does not match")
	blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "requirepass", ""), "+OK")
}
