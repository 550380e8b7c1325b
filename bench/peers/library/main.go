package main

import (
	"context"
	"flag"
	"log/slog"
	"os"

	"github.com/raftredis/raftredis/consensus"

	"github.com/raftredis/raftredis/bench/peers/front"
)

const guarantee = "SET: synced (fdatasync) by a majority of three. GET: linearizable, confirmed by a majority"

func main() {
	loop := flag.Bool("loop", false, "run the node on an event loop of its own")
	o := front.Parse()
	store := front.NewStore()
	n, err := open(o, store, *loop)
	if err != nil {
		front.Fail(err)
	}
	go func() {
		<-n.node.Done()
		front.Fail(n.node.Err())
	}()
	front.Fail(front.Serve(o, guarantee, store, n))
}

// node is the library's node.
type node struct{ node *consensus.Node }

func open(o front.Options, store *front.Store, loop bool) (*node, error) {
	options := consensus.Options{
		Directory: o.Directory, Machine: machine{store}, PeerListen: o.PeerAddress(o.ID),
		Bootstrap: true, Expect: front.Members, EventLoop: loop,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for id := 1; id <= front.Members; id++ {
		options.Join = append(options.Join, o.PeerAddress(id))
	}
	opened, err := consensus.Open(options)
	return &node{opened}, err
}

// request is a command or a confirmation under way.
type request struct {
	consensus.Request
	ended chan struct{}
}

// submit gives a request to the node.
func (n *node) submit(r *request) *request {
	r.ended = make(chan struct{})
	r.Done = func(*consensus.Request) { close(r.ended) }
	n.node.Submit(&r.Request)
	return r
}

// Error waits for the end.
func (r *request) Error() error {
	<-r.ended
	return r.Err
}

// Set proposes an entry.
func (n *node) Set(entry []byte) front.Pending {
	r := &request{}
	r.Body = entry
	return n.submit(r)
}

// Confirm asks for a time at which the store has all that was acknowledged.
func (n *node) Confirm() error {
	r := &request{}
	r.Read = true
	return n.submit(r).Error()
}

// Leads reports whether this node leads, and answers.
func (n *node) Leads() bool {
	s := n.node.Status()
	return s.Leader != 0 && s.Leader == s.ID && n.node.WaitServing(context.Background()) == nil
}
