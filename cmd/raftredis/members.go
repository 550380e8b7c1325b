package main

import (
	"errors"

	"github.com/raftredis/raftredis/resp"
)

// Change refuses: the members are those that the cluster was made with.
func (s *store) Change(r *resp.ChangeRequest) {
	r.Complete(resp.ChangeResult{Outcome: resp.NotDone, Reason: "the members of this cluster cannot be changed yet"})
}

// AbandonChange has nothing to do: no change is ever under way.
func (s *store) AbandonChange(*resp.ChangeRequest) {}

// Join refuses.
func (s *store) Join(string) error { return errors.New("start this node with --join instead") }
