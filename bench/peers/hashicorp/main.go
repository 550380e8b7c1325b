// Hashicorp is hashicorp/raft with raft-wal behind the protocol of Redis, set up for speed as Consul and Nomad do it:
// entries go to the state machine in batches, messages carry up to 1,024 of them, and the newest are cached.
//
// It has no snapshots: the log only grows.
package main

import (
	"errors"
	"flag"
	"math"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"

	"github.com/raftredis/raftredis/bench/peers/front"
)

const guarantee = "SET: synced (fsync) by a majority of three. GET: linearizable, VerifyLeader by a majority"

const (
	// maxEntries is how many entries a message has at most; the library's own value is 64.
	maxEntries = 1024
	// pooled is how many connections to a node are kept.
	pooled = 3
	// patience is how long a SET waits for its turn, and a connection for its other side.
	patience = 10 * time.Second
	// look is the time between two looks at the applied index.
	look = 50 * time.Microsecond
)

func main() {
	cached := flag.Int("cache", 4096, "how many entries are kept in memory for followers; 0: none")
	o := front.Parse()
	store := front.NewStore()
	n, err := open(o, store, *cached)
	if err != nil {
		front.Fail(err)
	}
	go n.watch()
	front.Fail(front.Serve(o, guarantee, store, n))
}

// node is the library's node.
type node struct {
	raft *raft.Raft
	// begun is whether this leader has applied all that was acknowledged before it led.
	begun atomic.Bool
}

func open(o front.Options, store *front.Store, cached int) (*node, error) {
	disk, err := wal.Open(o.Directory)
	if err != nil {
		return nil, err
	}
	var logs raft.LogStore = disk
	if cached > 0 {
		if logs, err = raft.NewLogCache(cached, disk); err != nil {
			return nil, err
		}
	}
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(strconv.Itoa(o.ID))
	c.SnapshotThreshold, c.TrailingLogs = math.MaxInt64, math.MaxInt64
	c.BatchApplyCh, c.MaxAppendEntries = true, maxEntries
	c.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr})
	address, err := net.ResolveTCPAddr("tcp", o.PeerAddress(o.ID))
	if err != nil {
		return nil, err
	}
	transport, err := raft.NewTCPTransport(address.String(), address, pooled, patience, os.Stderr)
	if err != nil {
		return nil, err
	}
	r, err := raft.NewRaft(c, machine{store}, logs, disk, raft.NewInmemSnapshotStore(), transport)
	if err != nil {
		return nil, err
	}
	var all raft.Configuration
	for id := 1; id <= front.Members; id++ {
		all.Servers = append(all.Servers, raft.Server{
			ID: raft.ServerID(strconv.Itoa(id)), Address: raft.ServerAddress(o.PeerAddress(id)),
		})
	}
	if err := r.BootstrapCluster(all).Error(); err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
		return nil, err
	}
	return &node{raft: r}, nil
}

// watch applies all that came before whenever this node becomes leader: the commit index of a new leader is old until
// an entry of its own term is committed.
func (n *node) watch() {
	for leads := range n.raft.LeaderCh() {
		n.begun.Store(leads && n.raft.Barrier(patience).Error() == nil)
	}
}

// Set proposes an entry.
func (n *node) Set(entry []byte) front.Pending { return n.raft.Apply(entry, patience) }

var errNotLeader = errors.New("this node does not lead, or has only begun to")

// Confirm has a majority confirm that this node leads, and waits until what was committed before is applied.
func (n *node) Confirm() error {
	if !n.begun.Load() {
		return errNotLeader
	}
	commit := n.raft.CommitIndex()
	if err := n.raft.VerifyLeader().Error(); err != nil {
		return err
	}
	for n.raft.AppliedIndex() < commit {
		time.Sleep(look)
	}
	return nil
}

// Leads reports whether this node leads.
func (n *node) Leads() bool { return n.begun.Load() && n.raft.State() == raft.Leader }
