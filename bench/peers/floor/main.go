// Floor is no consensus at all: a fixed leader, two followers, one thread each. It shows what three nodes, their disks
// and the protocol of Redis cost on a machine before anything is decided, elected, recovered or bounded.
//
//	leader:   wait for clients and followers ──► read and parse all ──► one group to both followers
//	              ──► one write, one fdatasync ──► two of three have it: apply, all replies
//	follower: wait ──► read ──► one write, one fdatasync ──► acknowledge ──► apply
//
// One group is under way at a time; what arrives meanwhile is the next one. Several at a time, a thread for the disk,
// or one for the acknowledgements were slower on two cores at every number of clients.
//
// A node forgets everything when it ends, and the cluster ends with the first of its nodes.
package main

import (
	"runtime"
	"syscall"

	"github.com/raftredis/raftredis/bench/peers/front"
)

const guarantee = "SET: synced (fdatasync) by two of three, by no protocol: nothing survives an end. " +
	"GET: from the memory of the leader, unconfirmed"

func main() {
	o := front.Parse()
	runtime.LockOSThread()
	journal, err := newJournal(o.Directory)
	if err == nil {
		if o.ID == 1 {
			err = lead(o, journal)
		} else {
			err = follow(o, journal)
		}
	}
	front.Fail(err)
}

// retried reports whether a system call was only interrupted.
func retried(err error) bool { return err == syscall.EINTR || err == syscall.EAGAIN }
