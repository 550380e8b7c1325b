package consensus_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// logbook is the state machine of a program that wants only a log: it keeps nothing but the last index.
type logbook struct{ last uint64 }

func (l *logbook) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	l.last = index
	return nil
}

func (l *logbook) Query(stamp int64, local any) bool { return false }
func (l *logbook) Freeze() io.WriterTo               { return strings.NewReader(fmt.Sprint(l.last)) }

func (l *logbook) Restore(r io.Reader) error {
	if l.last = 0; r == nil {
		return nil
	}
	_, err := fmt.Fscan(r, &l.last)
	return err
}

// A replicated log with subscribers: three nodes append to one log, and each one is read by a subscriber, which gets
// all lines in the same order. One subscriber goes away, and goes on where it was at another node.
func ExampleNode_Subscribe() {
	directory, err := os.MkdirTemp("", "logbook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	var nodes []*consensus.Node
	var join []string
	for i := range 3 {
		node, err := consensus.Open(consensus.Options{
			Directory:  filepath.Join(directory, fmt.Sprint(i)),
			Machine:    &logbook{},
			PeerListen: "127.0.0.1:0",
			Bootstrap:  i == 0, Expect: 3, Join: join,
			JournalFileBytes: 16 << 20, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			panic(err)
		}
		defer node.Close()
		nodes = append(nodes, node)
		join = []string{nodes[0].Status().PeerAddress}
	}

	appended := func(by int, text string) {
		if err := nodes[by].WaitServing(ctx); err != nil {
			panic(err)
		}
		if _, err := nodes[by].Propose(ctx, []byte(text)); err != nil {
			panic(err) // consensus.ErrUnknown would mean: it may be in the log
		}
	}
	appended(0, "one")
	appended(1, "two")
	appended(2, "three")

	// A subscriber reads from the beginning, and remembers where it was.
	subscription, err := nodes[0].Subscribe(ctx, 0)
	if err != nil {
		panic(err)
	}
	for range 2 {
		entry, err := subscription.Next(ctx)
		if err != nil {
			panic(err) // a *consensus.CompactedError would say how to go on
		}
		fmt.Printf("at node 0: %s\n", entry.Command)
	}
	resume := subscription.Resume()
	subscription.Close()

	// It goes on at another node. The loop waits for what comes.
	subscription, err = nodes[1].Subscribe(ctx, resume)
	if err != nil {
		panic(err)
	}
	defer subscription.Close()
	appended(0, "four")
	for entry, err := range subscription.Entries() {
		if err != nil {
			panic(err)
		}
		fmt.Printf("at node 1: %s\n", entry.Command)
		if string(entry.Command) == "four" {
			break
		}
	}
	// Output:
	// at node 0: one
	// at node 0: two
	// at node 1: three
	// at node 1: four
}
