package consensus

import (
	"maps"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
)

func TestNoticesAreKeptAndForgotten(t *testing.T) {
	n := openBlank(t, Options{}) // a member would forget by itself those that are none
	n.Notify([]byte("own"))
	if got := n.Status().Notices; len(got) != 0 {
		t.Errorf("a blank node has the notices %v", got)
	}
	heartbeat := engine.Message{Message: raft.Message{Kind: raft.Heartbeat, From: 2}}
	notice := func(text string) engine.Message {
		return engine.Message{Own: engine.Notice, Message: raft.Message{From: 2}, Notice: []byte(text)}
	}
	rest := n.takeNotices(2, []engine.Message{heartbeat, notice("old"), heartbeat, notice("new")})
	if len(rest) != 2 || rest[0].Own != 0 || rest[1].Own != 0 {
		t.Errorf("the engine gets %v", rest)
	}
	before := n.Status()
	if got := string(before.Notices[2]); got != "new" {
		t.Errorf("the notice of node 2 is %q", got)
	}
	if n.takeNotices(2, []engine.Message{notice("new")}); n.Status() != before {
		t.Error("the same notice is news")
	}
	n.takeNotices(3, []engine.Message{notice("of node 3")})
	n.forgetNotices(func(id NodeID) bool { return id == 2 })
	if got := n.Status().Notices; len(got) != 1 || string(got[3]) != "of node 3" {
		t.Errorf("when node 2 is gone there are %v", maps.Clone(got))
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a notice of any length is taken")
		}
	}()
	n.Notify([]byte(strings.Repeat("x", maxNoticeBytes+1)))
}
