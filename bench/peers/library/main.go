package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"sync"

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
type node struct {
	node     *consensus.Node
	requests sync.Pool
}

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
	return &node{node: opened}, err
}

// request is a command or a confirmation under way. It is used again, as the peers' are.
type request struct {
	consensus.Request
	ended chan struct{}
}

// submit gives a request for a command, or for a confirmation, to the node.
func (n *node) submit(command []byte) *request {
	r, used := n.requests.Get().(*request)
	if !used {
		r = &request{ended: make(chan struct{}, 1)}
		r.Done = func(*consensus.Request) { r.ended <- struct{}{} }
	}
	r.Body, r.Read = command, command == nil
	n.node.Submit(&r.Request)
	return r
}

// pending is a command under way.
type pending struct {
	node    *node
	request *request
}

// Error waits for the end.
func (p pending) Error() error {
	<-p.request.ended
	err := p.request.Err
	p.node.requests.Put(p.request)
	return err
}

// Set proposes an entry.
func (n *node) Set(entry []byte) front.Pending { return pending{n, n.submit(entry)} }

// Confirm asks for a time at which the store has all that was acknowledged.
func (n *node) Confirm() error { return pending{n, n.submit(nil)}.Error() }

// Leads reports whether this node leads, and answers.
func (n *node) Leads() bool {
	s := n.node.Status()
	return s.Leader != 0 && s.Leader == s.ID && n.node.WaitServing(context.Background()) == nil
}
