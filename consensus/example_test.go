package consensus_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// counter is the whole state machine of an embedder: it adds up numbers.
type counter struct{ total uint64 }

// Apply adds the number in data. Entries without data (the start of a term, a configuration) change nothing.
func (c *counter) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(data) == 8 {
		c.total += binary.LittleEndian.Uint64(data)
	}
	return binary.LittleEndian.AppendUint64(nil, c.total)
}

// Query writes the total where the caller wants it.
func (c *counter) Query(stamp int64, local any) bool {
	*local.(*uint64) = c.total
	return false
}

// Freeze copies the state, which is small: a machine with more shares what it has with the image.
func (c *counter) Freeze() io.WriterTo { return frozen(*c) }

// Restore reads an image, or begins at zero.
func (c *counter) Restore(r io.Reader) error {
	c.total = 0
	if r == nil {
		return nil
	}
	return binary.Read(r, binary.LittleEndian, &c.total)
}

type frozen counter

func (f frozen) WriteTo(w io.Writer) (int64, error) {
	return 8, binary.Write(w, binary.LittleEndian, f.total)
}

// Three nodes in one process: each would normally be on a machine of its own. Any of them takes commands and answers
// reads.
func Example() {
	directory, err := os.MkdirTemp("", "counter")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)

	var nodes []*consensus.Node
	var join []string
	for i := range 3 {
		node, err := consensus.Open(consensus.Options{
			Directory:  filepath.Join(directory, fmt.Sprint(i)),
			Machine:    &counter{},
			PeerListen: "127.0.0.1:0",
			// The first node makes the cluster when two others have joined it.
			Bootstrap: i == 0, Expect: 3, Join: join,
			JournalFileBytes: 16 << 20, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			panic(err)
		}
		defer node.Close()
		nodes = append(nodes, node)
		join = []string{nodes[0].Status().PeerAddress}
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, node := range nodes {
		if err := node.WaitServing(ctx); err != nil {
			panic(err)
		}
	}
	for i, node := range nodes {
		if _, err := node.Propose(ctx, binary.LittleEndian.AppendUint64(nil, uint64(i+1))); err != nil {
			panic(err) // consensus.ErrUnknown would mean: it may have been added
		}
	}
	var total uint64
	if err := nodes[0].Query(ctx, &total); err != nil {
		panic(err)
	}
	fmt.Println("total:", total)
	// Output: total: 6
}
