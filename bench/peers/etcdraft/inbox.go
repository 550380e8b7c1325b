package main

import (
	"errors"
	"sync"

	"go.etcd.io/raft/v3/raftpb"
)

// inbox collects what the loop takes in one go.
type inbox struct {
	lock sync.Mutex
	arrivals
	// wake has a token if something arrived since the loop looked.
	wake chan struct{}
}

type arrivals struct {
	messages  []raftpb.Message
	proposals []*request
	reads     []*request
}

// request is a SET, or the confirmation of GETs, until the loop ends it.
type request struct {
	id   uint64
	data []byte
	done chan error
}

// Error waits for the end.
func (r *request) Error() error { return <-r.done }

var errNotLeader = errors.New("this node does not lead, or no longer: the SET may not have been done")

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (i *inbox) put(add func(*arrivals)) {
	i.lock.Lock()
	add(&i.arrivals)
	i.lock.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// take exchanges what arrived for empty lists.
func (i *inbox) take(empty arrivals) arrivals {
	i.lock.Lock()
	taken := i.arrivals
	i.arrivals = empty
	i.lock.Unlock()
	return taken
}
