package consensus

import (
	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/pump"
)

// Change says which facts about a node have changed. See Options.Changed.
type Change = pump.Change

// What may have changed.
const (
	// ProgressChanged: how far the log is durable, applied or held by others, who leads, or who is a member.
	ProgressChanged = pump.Progress
	// SnapshotsChanged: a snapshot was begun, written or installed, or failed.
	SnapshotsChanged = pump.Snapshots
)

// Latest returns the node's state as of its last turn, nil on a blank node. It takes no lock and allocates nothing, so
// it may be asked before every command. It must not be changed.
func (n *Node) Latest() *engine.Status {
	if r := n.runner.Load(); r != nil {
		return r.Status()
	}
	return nil
}
