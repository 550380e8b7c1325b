package clients_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// topicPatience lets commands wait for a leader, and for their fate, as long as an election takes on a busy machine.
var topicPatience = []string{"--leader-wait-millis", "60000", "--uncertain-after-millis", "600000"}

// What help log prints runs as printed: the lines of redis-cli one after the other, and the reader in Python behind the
// two that append.
func TestTopics_TheHelpRunsAsPrinted(t *testing.T) {
	c := blackbox.StartCluster(t, 2, topicPatience...)
	exit, text := blackbox.Run(t, "help", "log")
	if exit != 0 {
		t.Fatalf("help log ends with %d: %s", exit, text)
	}
	ports := strings.NewReplacer("6379", strconv.Itoa(c.Nodes[0].Port), "6380", strconv.Itoa(c.Nodes[1].Port))
	var replies []string
	var program strings.Builder
	for line := range strings.Lines(ports.Replace(text)) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "  redis-cli "):
			replies = append(replies, strings.Join(strings.Fields(blackbox.RedisCLI(t, words[1:]...)), " "))
		case strings.HasPrefix(line, "  import redis"), program.Len() > 0 && strings.HasPrefix(line, "  "):
			program.WriteString(line[2:])
		case program.Len() > 0 && len(replies) == 4:
			expectReader(t, program.String(), replies)
			program.Reset()
		}
	}
	if len(replies) < 2 || replies[0] == "" {
		t.Fatalf("the help has no two lines that append: %q", replies)
	}
	both := replies[0] + " first " + replies[1] + " second"
	want := []string{replies[0], replies[1], both, both, "0", "OK",
		"entries 2 bytes 11 first-index " + replies[0] + " last-index " + replies[1] + " trimmed 0"}
	for i, w := range want {
		if i >= len(replies) || !strings.HasPrefix(replies[i], w) {
			t.Errorf("reply %d of %q does not begin with %q", i, replies, w)
		}
	}
	if len(replies) != len(want) || program.Len() > 0 {
		t.Errorf("%d lines of redis-cli, want %d; of Python is left %q", len(replies), len(want), program.String())
	}
}

// expectReader runs the program, which prints both entries. indexes are the replies to what appended them.
func expectReader(t *testing.T, program string, indexes []string) {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "reader.py"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := blackbox.Python(t, directory, "reader.py").CombinedOutput()
	if err != nil || string(output) != indexes[0]+" first\n"+indexes[1]+" second\n" {
		t.Errorf("the reader of the help prints %q, %v:\n%s", output, err, program)
	}
}

// A reader that waits at one node is answered by what is appended at another, and waits on while the leader is lost: it
// gets every entry once and in order. It goes on at the node that was lost, from the index that it has.
func TestTopics_AReaderWaitsThroughAFailover(t *testing.T) {
	const entries = 20
	c := blackbox.StartCluster(t, 3, topicPatience...)
	leader := blackbox.Leader(t, c.Nodes)
	rest := c.Others(leader)
	reader, appender := rest[0].Connect(t), rest[1].Connect(t)
	first, last := 0, 0
	read := func(from *blackbox.Client, want int) {
		t.Helper()
		for last < want {
			reply, err := from.Receive()
			if err != nil || reply.Kind != '*' || len(reply.Items) == 0 {
				t.Fatalf("behind %d the reader gets %v, %v", last, reply, err)
			}
			for _, entry := range reply.Items {
				last = max(last+1, first)
				text := strconv.Quote("entry " + strconv.Itoa(last-first))
				blackbox.Expect(t, entry, "[:"+strconv.Itoa(last)+" "+text+"]")
			}
			if last < want {
				send(t, from, last)
			}
		}
	}
	send(t, reader, last)
	awaitBlocked(t, rest[0])
	leader.Process.Kill()
	appendEntry := func(i int) {
		t.Helper()
		index, err := appender.Must(t, "RAFT.LOG", "APPEND", "topic", "entry "+strconv.Itoa(i)).Int()
		if first = max(first, index-i); err != nil || index != first+i {
			t.Fatalf("entry %d has the index %d, %v; the first one has %d", i, index, err, first)
		}
	}
	for i := range entries {
		appendEntry(i)
	}
	read(reader, first+entries-1)
	c.Start(leader)
	leader.Process.AwaitReady(blackbox.ReadyLimit)
	again := leader.Connect(t)
	send(t, again, last)
	awaitBlocked(t, leader)
	appendEntry(entries)
	read(again, first+entries)
	send(t, again, last)
	awaitBlocked(t, leader)
	leader.Process.Signal(syscall.SIGTERM)
	if reply, err := again.Receive(); err != nil || !strings.HasPrefix(reply.Text, "CLUSTERDOWN ") {
		t.Errorf("of a node that stops the reader gets %v, %v", reply, err)
	}
}

// send asks for what follows an index, without waiting for the reply.
func send(t *testing.T, c *blackbox.Client, last int) {
	t.Helper()
	if err := c.Send([]string{"RAFT.LOG", "READ", "topic", strconv.Itoa(last), "COUNT", "7", "BLOCK", "0"}); err != nil {
		t.Fatal(err)
	}
}

func awaitBlocked(t *testing.T, n *blackbox.Node) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, "a client that waits", func() bool {
		facts, err := blackbox.Info(n.Port, "clients")
		return err == nil && facts["blocked_clients"] == "1"
	})
}
