package consensus

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/consensus/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal"
)

// replaceInterval is how often a node that could not use its newest snapshot asks for another one until it has it.
const replaceInterval = time.Second

// restoreState opens the snapshots and gives the machine the state of the newest one that is whole, before anybody
// hears of this node. Which one that is the journal says; what it does not name is removed first, but for the newest
// file that was being received: what there is of it need not travel again.
func (n *Node) restoreState() (err error) {
	if n.snapshots, err = openSnapshots(n); err != nil {
		return err
	}
	r := &n.restored
	found, err := n.snapshots.store.List()
	if err != nil {
		return err
	}
	if err := checkSnapshots(n.options.Directory, r, found); err != nil {
		return err
	}
	keep := partial(found, r.Snapshot)
	for _, mark := range []*raft.SnapshotMark{r.Snapshot, r.Retained} {
		if mark != nil {
			keep = append(keep, *mark)
		}
	}
	if err := n.snapshots.Retain(keep...); err != nil {
		return err
	}
	if r.Snapshot != nil {
		n.base, err = n.restoreNewest(r.Snapshot, r.Retained)
	}
	return err
}

// checkSnapshots refuses snapshots beside a log that never heard of one: log and identity are lost, and with them the
// right to vote. To go on as a blank node would be to remove what may be the last copy of the data.
func checkSnapshots(directory string, r *wal.Recovered, found []snapshot.Found) error {
	for _, f := range found {
		if f.Kind == snapshot.Whole && r.Identity.NodeID == 0 {
			return fmt.Errorf("%s holds a snapshot, and %s belongs to no cluster: its log was removed; keep the snapshot "+
				"in another place, and start the node with an empty directory", filepath.Join(snapshotsName, f.Name), directory)
		}
	}
	return nil
}

// partial is the newest snapshot beyond the one in force that was being received when the last process ended.
func partial(found []snapshot.Found, inForce *raft.SnapshotMark) []raft.SnapshotMark {
	for i := len(found) - 1; i >= 0; i-- {
		f := &found[i]
		if f.Kind == snapshot.Receiving && (inForce == nil || f.Mark.Index > inForce.Index) {
			return []raft.SnapshotMark{{Mark: f.Mark, FileHash: f.FileHash}}
		}
	}
	return nil
}

// restoreNewest restores from the snapshot in force, or from the one before it if the disk has spoilt that: the log
// goes back to the older of the two for this day.
func (n *Node) restoreNewest(inForce, retained *raft.SnapshotMark) (engine.Base, error) {
	base, err := n.restoreFrom(inForce)
	if err == nil || retained == nil || !isDamage(err) {
		return base, refusal(n.options.Directory, err)
	}
	n.options.Logger.Error("the newest snapshot is damaged; the state is restored from the one before it and from the log",
		"damage", err, "index", inForce.Index, "instead", retained.Index)
	n.snapshots.damaged = inForce
	base, older := n.restoreFrom(retained)
	if older != nil {
		older = errors.Join(err, older)
	}
	return base, refusal(n.options.Directory, older)
}

// refusal is why a node cannot start, and what to do.
func refusal(directory string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("restore the state in %s: %w; if it cannot be had, replace this member: remove it from the "+
		"cluster, and add it again with an empty directory", directory, err)
}

func (n *Node) restoreFrom(mark *raft.SnapshotMark) (engine.Base, error) {
	began := time.Now()
	base, err := n.snapshots.Restore(*mark, n.options.Machine)
	if err == nil {
		err = base.Check()
	}
	if err != nil {
		return engine.Base{}, err
	}
	n.options.Logger.Info("the state was restored from a snapshot",
		"index", mark.Index, "bytes", mark.FileBytes, "seconds", time.Since(began).Seconds())
	return base, nil
}

// isDamage reports whether a file is not what the journal names. Other errors an older file would not help against: a
// disk that cannot be read, a machine that cannot read its own images, a build that is too old.
func isDamage(err error) bool {
	corruption := (*snapshot.CorruptionError)(nil)
	return errors.As(err, &corruption) || errors.Is(err, snapshot.ErrForeign) || errors.Is(err, fs.ErrNotExist)
}

// replaceDamaged has a new snapshot taken in the place of one that is damaged, as soon as the log has anything to add:
// until then this node serves none to others, and has no second one to fall back to.
func (n *Node) replaceDamaged() {
	ticker := time.NewTicker(replaceInterval)
	defer ticker.Stop()
	for {
		s := n.runner.Load().Status()
		if s.Snapshot != nil && s.Snapshot.Index > n.snapshots.damaged.Index {
			return
		}
		if err := n.TakeSnapshot(); errors.Is(err, ErrClosed) {
			return
		}
		select {
		case <-ticker.C:
		case <-n.context.Done():
			return
		}
	}
}
