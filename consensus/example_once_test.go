package consensus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/raftredis/raftredis/consensus"
)

// addUntilKnown adds to the counter once, however often it has to ask: the pattern for any command in a session.
func addUntilKnown(ctx context.Context, nodes []*consensus.Node, session, sequence, number uint64) (uint64, error) {
	command := binary.LittleEndian.AppendUint64(nil, number)
	for attempt := 0; ; attempt++ {
		node := nodes[attempt%len(nodes)] // any node: each knows what was executed
		total, err := node.ProposeOnce(ctx, session, sequence, command)
		switch {
		case err == nil:
			return binary.LittleEndian.Uint64(total), nil
		case errors.Is(err, consensus.ErrReplyGone):
			return 0, err // it was added, and the total is no longer known
		case errors.Is(err, consensus.ErrNoSession), errors.Is(err, consensus.ErrSequenceTooOld),
			errors.Is(err, consensus.ErrRefused), ctx.Err() != nil:
			return 0, err // asking again does not help
		case errors.Is(err, consensus.ErrClosed):
			return 0, err // this process stops; it may ask again with the same numbers when it has started again
		}
		select { // a node that is blank or overloaded answers at once: leave it some time
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A client numbers its commands in a session, and asks again until it knows. Each command is executed once.
func ExampleNode_ProposeOnce() {
	directory, err := os.MkdirTemp("", "once")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	node, err := consensus.Open(consensus.Options{
		Directory: directory, Machine: &counter{}, PeerListen: "127.0.0.1:0", Bootstrap: true,
		JournalFileBytes: 16 << 20, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer node.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := node.WaitServing(ctx); err != nil {
		panic(err)
	}
	session, err := node.OpenSession(ctx, time.Hour) // longer than any client of ours retries
	if err != nil {
		panic(err)
	}
	nodes := []*consensus.Node{node}
	for range 3 { // as if the first answers had been lost
		total, err := addUntilKnown(ctx, nodes, session, 1, 5)
		fmt.Println("total:", total, err)
	}
	total, err := addUntilKnown(ctx, nodes, session, 2, 2)
	fmt.Println("total:", total, err)
	if err := node.CloseSession(ctx, session); err != nil {
		panic(err)
	}
	_, err = addUntilKnown(ctx, nodes, session, 3, 1)
	fmt.Println("after the end of the session:", errors.Is(err, consensus.ErrNoSession))
	// Output:
	// total: 5 <nil>
	// total: 5 <nil>
	// total: 5 <nil>
	// total: 7 <nil>
	// after the end of the session: true
}
