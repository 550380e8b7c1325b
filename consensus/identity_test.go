package consensus_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// journalist keeps what nodes tell their operators.
type journalist struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journalist) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// wrote reports whether one line has all the words.
func (j *journalist) wrote(words ...string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}

// await waits for a line with all the words.
func (j *journalist) await(t *testing.T, words ...string) {
	t.Helper()
	until(t, "the operator to read: "+strings.Join(words, " … "), func() bool { return j.wrote(words...) })
}

// replaceAtItsAddress is the way out that the refusals name: an empty directory takes the member's place.
func (c *trio) replaceAtItsAddress(i int) {
	c.t.Helper()
	id := raftlog.NodeID(0)
	address := c.options[i].PeerListen
	for _, m := range c.nodes[(i+1)%3].Status().Configuration.Members {
		if m.Address == address {
			id = m.ID
		}
	}
	ids, err := c.nodes[(i+1)%3].ChangeMembers(within(c.t), consensus.MemberChange{
		Add: []string{address}, Remove: []raftlog.NodeID{id},
	})
	if err != nil || len(ids) != 1 || ids[0] == id {
		c.t.Fatalf("node %d is replaced by %d, %v", id, ids, err)
	}
}

// restart opens a stopped node with what change makes of its options.
func (c *trio) restart(i int, change func(*consensus.Options)) *consensus.Node {
	c.t.Helper()
	o := c.options[i]
	o.Machine, o.Join = &counter{}, nil
	change(&o)
	return open(c.t, o)
}

func (c *trio) stop(i int) {
	c.t.Helper()
	if err := c.nodes[i].Close(); err != nil {
		c.t.Fatal(err)
	}
}

// follower is a node that does not lead.
func (c *trio) follower() int { return (c.leader() + 1) % 3 }

// The disk of a node is lost. Its successor at the same address is refused, with the way out; and that is one.
func TestS29_AWipedNodeIsRefusedAndCanBeReplacedAtItsAddress(t *testing.T) {
	c := newTrio(t)
	add(t, c.nodes[0], 5)
	i := c.follower()
	c.stop(i)
	leader := c.leader()
	c.stop(leader) // it is refused by the configuration, not by anyone's memory
	var log journalist
	c.options[leader].Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.start(leader)
	wiped := c.restart(i, func(o *consensus.Options) { o.Directory = filepath.Join(c.t.TempDir(), "wiped") })
	log.await(t, "data directory is another one", "replace the member")
	if !wiped.Status().Blank {
		t.Fatal("it took part")
	}
	c.nodes[i] = wiped
	c.replaceAtItsAddress(i)
	expectTotal(t, wiped, 5)
}

// A node's disk is set back to an older image.
func TestANodeThatWasRolledBackIsRefusedAndCanBeReplaced(t *testing.T) {
	c := newTrio(t)
	i := c.follower()
	c.stop(i)
	image := filepath.Join(t.TempDir(), "image")
	if err := os.CopyFS(image, os.DirFS(c.options[i].Directory)); err != nil {
		t.Fatal(err)
	}
	c.start(i)
	leader := c.leader()
	for range 10 {
		add(t, c.nodes[leader], 1)
	}
	id := c.nodes[i].Status().ID
	until(t, "the node to have confirmed everything", func() bool {
		s := c.nodes[leader].Status()
		return s.Match[id] == s.LastIndex
	})
	c.stop(i)
	var log journalist
	back := c.restart(i, func(o *consensus.Options) {
		o.Directory, o.Logger = image, slog.New(slog.NewTextHandler(&log, nil))
	})
	log.await(t, "rolled back", "empty data directory")
	if c.leader() != leader {
		t.Fatal("the leader changed: what it knew is forgotten, and this test says nothing")
	}
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
	c.nodes[i] = c.restart(i, func(o *consensus.Options) { o.Directory = filepath.Join(c.t.TempDir(), "empty") })
	c.replaceAtItsAddress(i)
	expectTotal(t, c.nodes[i], 10)
}

// F22: a node's disk is set back to an older image, and all nodes are started again: no leader remembers anything. What
// the others have on their disks is enough.
func TestARolledBackNodeIsRefusedAfterAllWereStarted(t *testing.T) {
	c := newTrio(t)
	i := c.follower()
	c.stop(i)
	image := filepath.Join(t.TempDir(), "image")
	if err := os.CopyFS(image, os.DirFS(c.options[i].Directory)); err != nil {
		t.Fatal(err)
	}
	c.start(i)
	id := c.nodes[i].Status().ID
	for range 10 {
		add(t, c.nodes[i], 1)
	}
	others := []int{(i + 1) % 3, (i + 2) % 3}
	for _, other := range others {
		until(t, "the others to have heard what the node confirmed", func() bool {
			s := c.nodes[other].Status()
			return s.Confirmed[id] > 0 && s.Confirmed[id] == s.CommitIndex
		})
	}
	for i := range c.nodes {
		c.stop(i)
	}
	c.start(others[0]) // it hears of no leader
	var log journalist
	back := c.restart(i, func(o *consensus.Options) {
		o.Directory, o.Logger = image, slog.New(slog.NewTextHandler(&log, nil))
	})
	log.await(t, "rolled back", "which is committed", "empty data directory")
	if back.Status().Leader != 0 {
		t.Fatal("the two have elected a leader")
	}
	c.start(others[1])
	expectTotal(t, c.nodes[others[0]], 10)
}

func TestD12_ACopyOfADirectoryIsRefused(t *testing.T) {
	c := newTrio(t)
	i := c.follower()
	c.stop(i)
	image := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(image, os.DirFS(c.options[i].Directory)); err != nil {
		t.Fatal(err)
	}
	c.start(i)
	add(t, c.nodes[i], 1)
	until(t, "the original to be connected", func() bool { return len(c.nodes[i].Status().Linked) == 2 })
	var log journalist
	c.restart(i, func(o *consensus.Options) {
		o.Directory, o.PeerListen, o.Logger = image, "127.0.0.1:0", slog.New(slog.NewTextHandler(&log, nil))
	})
	log.await(t, "may be a copy", "stop one of the two")
	add(t, c.nodes[i], 1) // the original is not disturbed
}

// A node joins under an address that is a member's, whose disk may be lost or not.
func TestD14_ANodeWithAnothersAddressDoesNotJoin(t *testing.T) {
	c := newTrio(t)
	i := c.follower()
	c.stop(i)
	o := smallOptions(filepath.Join(t.TempDir(), "second"))
	o.PeerListen, o.Join = c.options[i].PeerListen, []string{c.options[c.leader()].PeerListen}
	second := open(t, o)
	until(t, "the second node to be told what to do", func() bool {
		waiting := second.Status().Waiting
		return strings.Contains(waiting, "in use by another member") && strings.Contains(waiting, "replace node")
	})
	if !second.Status().Blank {
		t.Fatal("it joined")
	}
}

func TestARemovedNodeThatComesBackIsTold(t *testing.T) {
	c := newTrio(t)
	i := c.follower()
	id := c.nodes[i].Status().ID
	c.stop(i)
	by := c.nodes[c.leader()]
	if _, err := by.ChangeMembers(within(t), consensus.MemberChange{Remove: []raftlog.NodeID{id}}); err != nil {
		t.Fatal(err)
	}
	var log journalist
	c.restart(i, func(o *consensus.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	log.await(t, "was removed from the cluster") // by the log, while it is still served, or by a refusal
}
