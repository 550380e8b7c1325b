// Etcdraft is the library go.etcd.io/raft/v3 behind the protocol of Redis: what a program reaches that writes the rest
// of a node, its log, its connections and its keys, around that library.
//
//	one goroutine steps a RawNode: takes all that arrived ──► Ready ──► messages of a leader leave
//	                                                               ──► one write, one fdatasync
//	                                                               ──► messages of a follower leave
//	                                                               ──► committed entries are applied, clients are told
//
// It has no snapshots: a node that was away for long cannot come back, and the log only grows.
package main

import (
	"flag"

	"github.com/raftredis/raftredis/bench/peers/front"
)

const guarantee = "SET: synced (fdatasync) by a majority of three. GET: linearizable, ReadIndex confirmed by a majority"

func main() {
	prepared := flag.Bool("prepared", false, "write the log into parts of its file that were written out before")
	o := front.Parse()
	store := front.NewStore()
	n, err := open(o, store, *prepared)
	if err != nil {
		front.Fail(err)
	}
	go n.run()
	front.Fail(front.Serve(o, guarantee, store, n))
}
