package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Check refuses a state from which this build cannot continue: one of a newer feature level, or with a configuration
// that no node wrote.
func (b *SnapshotState) Check() error {
	if b.Level > Level {
		return fmt.Errorf("the snapshot at %s needs feature level %d, this build knows %d: upgrade this node",
			b.Mark, b.Level, Level)
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
