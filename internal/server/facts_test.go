package server

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/resp"
)

// A client may ask who has its write, by WAIT, as soon as it is answered: what the node then says of itself covers that
// write, although the loop has not heard yet that it was applied. Otherwise WAIT would ask for an older entry, and
// count nodes that do not have the write.
func TestFactsCoverEveryWriteThatWasAnswered(t *testing.T) {
	s := lonelyStore(t)
	waitServing(t, s)
	for range 50 {
		type picture struct{ applied, commit, index uint64 }
		answered := make(chan picture, 1)
		s.node.Submit(&consensus.Request{
			Body: argv.Append(nil, [][]byte{[]byte("INCR"), []byte("a")}),
			Done: func(*consensus.Request) {
				var m picture
				s.node.View(func(state consensus.StateMachine) { m.index = state.(*machine).Index() })
				m.applied, m.commit = s.Applied(), s.Raft().Commit
				answered <- m
			},
		})
		if m := <-answered; m.applied < m.index || m.commit < m.index {
			t.Fatalf("a write at or before %d is answered while INFO has applied %d and committed %d",
				m.index, m.applied, m.commit)
		}
	}
}

// The numbers of sessions, and whether a sequence was executed, are known when a client has its answer.
func TestSessionsAreKnownWithTheAnswer(t *testing.T) {
	s := lonelyStore(t)
	waitServing(t, s)
	apply := func(line string) string {
		t.Helper()
		args := bytes.Fields([]byte(line))
		spec, _ := commands.Find(args)
		sub := &submission{request: &resp.Request{}}
		sub.request.Run = command.Run{Protocol: 2, Calls: []command.Call{{Spec: spec, Args: args}}}
		answered := make(chan error, 1)
		sub.Body, sub.Local = sub.request.Run.Body(nil, argv.Append), sub
		sub.Done = func(r *consensus.Request) { answered <- r.Err }
		s.node.Submit(&sub.Request)
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(strings.TrimPrefix(string(sub.request.Run.Reply), ":"))
	}
	if count, bytes := s.Sessions(); count != 0 || bytes != 0 || s.Settled(1<<40, 1) {
		t.Errorf("%d sessions of %d bytes, and none was opened", count, bytes)
	}
	name := apply("RAFT.SESSION OPEN")
	id, err := strconv.ParseUint(name, 10, 64)
	count, empty := s.Sessions()
	if err != nil || count != 1 || empty == 0 || s.Settled(id, 1) {
		t.Errorf("%d sessions of %d bytes", count, empty)
	}
	apply("RAFT.ONCE " + name + " 1 INCR a")
	if count, bytes := s.Sessions(); count != 1 || bytes <= empty || !s.Settled(id, 1) || s.Settled(id, 2) {
		t.Errorf("%d sessions of %d bytes behind a command", count, bytes)
	}
	apply("RAFT.SESSION CLOSE " + name)
	if count, bytes := s.Sessions(); count != 0 || bytes != 0 || !s.Settled(id, 2) {
		t.Errorf("%d sessions of %d bytes behind the end", count, bytes)
	}
}

// waitServing waits until the node leads.
func waitServing(t *testing.T, s *store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.node.library.Load().WaitServing(ctx); err != nil {
		t.Fatal(err)
	}
}
