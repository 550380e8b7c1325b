package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Check refuses a state from which a node that knows a feature level cannot continue: one of a higher level, or with a
// configuration that no node wrote.
func (b *SnapshotState) Check(known uint8) error {
	if b.Level > known {
		return raftlog.LevelError(fmt.Sprintf("the snapshot at %s", b.Mark), b.Level, known)
	}
	if _, err := membership.Decode(b.Configuration); err != nil {
		return fmt.Errorf("the snapshot at %s: %w", b.Mark, err)
	}
	return nil
}

// leavesOut reports whether a node was removed before the mark.
func (b *SnapshotState) leavesOut(id raftlog.NodeID) bool {
	if len(b.Configuration) == 0 {
		return false // the beginning of time
	}
	c, err := membership.Decode(b.Configuration)
	if err != nil {
		panic(fmt.Sprintf("engine: the snapshot at %s has no configuration: %v", b.Mark, err)) // it was checked
	}
	return membership.LeftOut(c, id)
}
