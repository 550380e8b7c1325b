package consensus_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// collector is a machine that counts the commands that it was given, and keeps a checksum over their bytes.
type collector struct {
	Count    uint64
	Checksum uint32
}

func (c *collector) Apply(_ uint64, _ int64, data []byte, _ any) []byte {
	if len(data) == 0 {
		return nil
	}
	c.Count++
	c.Checksum = crc32.Update(c.Checksum, crc32.IEEETable, data)
	return binary.LittleEndian.AppendUint32(nil, c.Checksum)
}

func (c *collector) Query(_ int64, local any) bool {
	*local.(*collector) = *c
	return false
}

func (c *collector) Freeze() io.WriterTo { return collected(*c) }

func (c *collector) Restore(r io.Reader) error {
	*c = collector{}
	if r == nil {
		return nil
	}
	return binary.Read(r, binary.LittleEndian, c)
}

type collected collector

func (c collected) WriteTo(w io.Writer) (int64, error) {
	return 12, binary.Write(w, binary.LittleEndian, c)
}

func newCollectors(t *testing.T) *trio {
	return newTrioOf(t, func() consensus.StateMachine { return &collector{} })
}

// command makes a command of a size whose bytes differ from place to place.
func command(bytes int, seed uint32) []byte {
	b := make([]byte, bytes)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

// aMiB is the largest command that is one entry.
const aMiB = 1 << 20

// Commands around the size of an entry, and of several, are done once and whole through leader and follower, and are
// there after a restart of all nodes.
func TestCommandsOfAnySizeAreDoneWhole(t *testing.T) {
	c := newCollectors(t)
	want := collector{}
	propose := func(n *consensus.Node, size int) {
		t.Helper()
		b := command(size, uint32(size))
		want.Count++
		want.Checksum = crc32.Update(want.Checksum, crc32.IEEETable, b)
		result, err := n.Propose(within(t), b)
		if err != nil || binary.LittleEndian.Uint32(result) != want.Checksum {
			t.Fatalf("%d bytes: %x, %v; want the checksum %08x", size, result, err, want.Checksum)
		}
	}
	leader := c.leader()
	for _, n := range []*consensus.Node{c.nodes[leader], c.nodes[(leader+1)%3]} {
		for _, size := range []int{1, aMiB - 1, aMiB, aMiB + 1, 2*aMiB - 1, 2 * aMiB, 2*aMiB + 1, 9*aMiB + 7} {
			propose(n, size)
		}
	}
	expectCollected(t, c, &want)
	for i, n := range c.nodes {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		c.start(i)
	}
	for _, n := range c.nodes {
		if err := n.WaitServing(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	expectCollected(t, c, &want)
}

func expectCollected(t *testing.T, c *trio, want *collector) {
	t.Helper()
	for i, n := range c.nodes {
		var got collector
		if err := n.Query(within(t), &got); err != nil || got != *want {
			t.Fatalf("node %d has %+v, %v; want %+v", i, got, err, *want)
		}
	}
}

// A command above MaxEntryBytes is refused by name, and one of exactly that size is done.
func TestTheLargestCommandIsThatOfTheOptions(t *testing.T) {
	const limit = 3*aMiB + 5
	o := smallOptions(t.TempDir())
	o.Machine, o.Bootstrap, o.MaxEntryBytes = &collector{}, true, limit
	n := open(t, o)
	if err := n.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{limit - 1, limit} {
		if _, err := n.Propose(within(t), command(size, 1)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := n.Propose(within(t), command(limit+1, 1)); !errors.Is(err, consensus.ErrRefused) ||
		err.Error() != fmt.Sprintf("not done: the command has %d bytes, and MaxEntryBytes allows %d", limit+1, limit) {
		t.Errorf("%d bytes: %v", limit+1, err)
	}
}

// Small commands of the same node and of others go on beside large ones.
func TestSmallCommandsGoOnBesideLargeOnes(t *testing.T) {
	c := newCollectors(t)
	ctx, cancel := context.WithCancel(t.Context())
	var small sync.WaitGroup
	counts := make([]int, len(c.nodes))
	for i, n := range c.nodes {
		small.Go(func() {
			for ctx.Err() == nil {
				if _, err := n.Propose(within(t), []byte("small")); err != nil {
					t.Errorf("node %d: %v", i, err)
					return
				}
				counts[i]++
			}
		})
	}
	var large sync.WaitGroup
	for i, n := range c.nodes {
		large.Go(func() {
			if _, err := n.Propose(within(t), command(16*aMiB, uint32(i))); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	large.Wait()
	cancel()
	small.Wait()
	for i, count := range counts {
		if count < 10 { // three bodies of 16 pieces, each a commit
			t.Errorf("node %d did %d small commands beside the large ones", i, count)
		}
	}
}

// The leader stops in the middle of a large command of another node: the command is done once, in the next term.
func TestALeaderStopsInTheMiddleOfALargeCommand(t *testing.T) {
	c := newCollectors(t)
	leader := c.leader()
	origin := c.nodes[(leader+1)%3]
	b := command(24*aMiB, 1)
	before := origin.Status().AppliedIndex
	ended := submit(origin, &consensus.Request{Body: b})
	until(t, "some pieces to be applied", func() bool { return origin.Status().AppliedIndex >= before+5 })
	if err := c.nodes[leader].Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-ended:
		if r.Err != nil || !bytes.Equal(r.Result, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))) {
			t.Fatalf("%x, %v", r.Result, r.Err)
		}
	case <-time.After(patience):
		t.Fatal("the command does not end")
	}
	var got collector
	if err := origin.Query(within(t), &got); err != nil || got.Count != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
}
