package server

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// The same of a word that the directory is an older one: it may be, but nothing is to be moved away before that is
// known.
func TestAnUnprovenRollbackSaysWhoSaysSo(t *testing.T) {
	c := NewConfig()
	o := &consensus.Obstacle{Kind: "rolled-back", By: 2, ByAddress: "192.0.2.1:16379", Unproven: true}
	text := c.obstacleText(&consensus.Status{}, o)
	if !strings.HasPrefix(text, "one node says that ") || !strings.Contains(text, "from node 2, 192.0.2.1:16379") ||
		!strings.Contains(text, "not confirmed by a majority") || strings.Contains(text, " move ") {
		t.Errorf("one unproven word: %s", text)
	}
}

// Nobody is to move data away because one program says, without a proof, that the node was removed.
func TestAnUnprovenRemovalGivesNoAdvice(t *testing.T) {
	c := NewConfig()
	o := &consensus.Obstacle{Kind: obstacleRemoved, By: 2, ByAddress: "192.0.2.1:16379", Unproven: true}
	text := c.obstacleText(&consensus.Status{}, o)
	if !strings.HasPrefix(text, "one node says that ") || !strings.Contains(text, "from node 2, 192.0.2.1:16379") ||
		!strings.Contains(text, "not confirmed by a majority") || strings.Contains(text, " move ") {
		t.Errorf("one unproven word: %s", text)
	}
	o.Unproven = false
	if text = c.obstacleText(&consensus.Status{}, o); !strings.Contains(text, "To use it again, stop it, move ") {
		t.Errorf("a majority's word: %s", text)
	}
}
