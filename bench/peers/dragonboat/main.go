// Dragonboat is lni/dragonboat v4 behind the protocol of Redis, with Tan, the log of its own that is the fastest there.
//
// It has no snapshots: the log only grows.
package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/lni/dragonboat/v4"
	"github.com/lni/dragonboat/v4/client"
	"github.com/lni/dragonboat/v4/config"
	"github.com/lni/dragonboat/v4/logger"
	"github.com/lni/dragonboat/v4/plugin/tan"
	"github.com/lni/dragonboat/v4/statemachine"

	"github.com/raftredis/raftredis/bench/peers/front"
)

const guarantee = "SET: synced (fsync) by a majority of three. GET: linearizable, SyncRead confirmed by a majority"

const (
	// shard is the number of the one group that there is.
	shard = 1
	// heartbeats come each roundTrip; an election begins after electionRoundTrips without one.
	electionRoundTrips = 10
	// patience is how long a SET and the confirmation of a GET may take.
	patience = 5 * time.Second
)

func main() {
	roundTrip := flag.Duration("round-trip", 50*time.Millisecond, "the library's unit of time, and its heartbeat")
	pebble := flag.Bool("pebble", false, "keep the log in Pebble, as the library does by default, instead of Tan")
	o := front.Parse()
	store := front.NewStore()
	n, err := open(o, store, *roundTrip, *pebble)
	if err != nil {
		front.Fail(err)
	}
	front.Fail(front.Serve(o, guarantee, store, n))
}

// node is the library's host of groups, with one group.
type node struct {
	host    *dragonboat.NodeHost
	session *client.Session
	id      uint64
}

func open(o front.Options, store *front.Store, roundTrip time.Duration, pebble bool) (*node, error) {
	// The loggers of the library's packages; it panics for a name that is none of theirs.
	for _, name := range []string{"raft", "rsm", "transport", "dragonboat", "logdb", "tan", "config"} {
		logger.GetLogger(name).SetLevel(logger.WARNING)
	}
	members := map[uint64]dragonboat.Target{}
	for id := 1; id <= front.Members; id++ {
		members[uint64(id)] = o.PeerAddress(id)
	}
	c := config.NodeHostConfig{
		NodeHostDir: o.Directory, RaftAddress: o.PeerAddress(o.ID), RTTMillisecond: uint64(roundTrip.Milliseconds()),
	}
	if !pebble {
		c.Expert.LogDBFactory = tan.Factory
	}
	host, err := dragonboat.NewNodeHost(c)
	if err != nil {
		return nil, err
	}
	create := func(_, _ uint64) statemachine.IConcurrentStateMachine { return machine{store} }
	err = host.StartConcurrentReplica(members, false, create, config.Config{
		ReplicaID: uint64(o.ID), ShardID: shard, ElectionRTT: electionRoundTrips, HeartbeatRTT: 1, CheckQuorum: true,
	})
	return &node{host, host.GetNoOPSession(shard), uint64(o.ID)}, err
}

// Set proposes an entry.
func (n *node) Set(entry []byte) front.Pending {
	state, err := n.host.Propose(n.session, entry, patience)
	if err != nil {
		return failed{err}
	}
	return (*pending)(state)
}

type failed struct{ err error }

func (f failed) Error() error { return f.err }

// pending is the library's request.
type pending dragonboat.RequestState

var errUnknown = errors.New("the request was dropped, refused, or took too long: it may not have been done")

// Error waits for the end.
func (p *pending) Error() error {
	state := (*dragonboat.RequestState)(p)
	result := <-state.ResultC()
	state.Release()
	if !result.Completed() {
		return errUnknown
	}
	return nil
}

// Confirm reads nothing, linearizably.
func (n *node) Confirm() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := n.host.SyncRead(ctx, shard, nil)
	return err
}

// Leads reports whether this node leads.
func (n *node) Leads() bool {
	leader, _, known, err := n.host.GetLeaderID(shard)
	return err == nil && known && leader == n.id
}
