package consensus

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// restoreState opens the snapshots and gives the machine the state of the newest one that is whole, before any other
// node hears of this one. Which one that is the journal says; what it does not name is removed first, but for the
// newest file that was being received: the part that is here need not travel again.
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
	n.part = partial(found, r.Snapshot)
	var keep []raftlog.SnapshotMark
	if n.part != nil {
		keep = append(keep, *n.part)
	}
	for _, mark := range []*raftlog.SnapshotMark{r.Snapshot, r.Retained} {
		if mark != nil {
			keep = append(keep, *mark)
		}
	}
	if err := n.snapshots.Retain(keep...); err != nil {
		return err
	}
	if r.Quarantine.Stateless() {
		n.options.Logger.Warn("the state of this node is quarantined: it starts without one, and fetches that of another "+
			"node", "differs", r.Quarantine.Differs, "agreed", r.Quarantine.Agreed)
		return nil
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
				"in another place, and start the node with an empty directory",
				filepath.Join(snapshot.DirectoryName, f.Name), directory)
		}
	}
	return nil
}

// partial is the newest snapshot beyond the one in force that was being received when the last process ended.
func partial(found []snapshot.Found, inForce *raftlog.SnapshotMark) *raftlog.SnapshotMark {
	for i := len(found) - 1; i >= 0; i-- {
		f := &found[i]
		if f.Kind == snapshot.Receiving && (inForce == nil || f.Mark.Index > inForce.Index) {
			return &raftlog.SnapshotMark{Mark: f.Mark, FileHash: f.FileHash}
		}
	}
	return nil
}

// restoreNewest restores from the snapshot in force, or from the one before it if the disk has spoilt that: the log
// goes back to the older of the two for this day. The core then knows of the older one alone. So others are sent that
// one, and the next one that comes into force keeps it, and the log from there on, and not the damaged one.
func (n *Node) restoreNewest(inForce, retained *raftlog.SnapshotMark) (engine.SnapshotState, error) {
	base, err := n.restoreFrom(inForce)
	if err == nil || retained == nil || !isDamage(err) {
		return base, refusal(n.options.Directory, err)
	}
	n.options.Logger.Error("the newest snapshot is damaged; the state is restored from the one before it and from the log",
		"damage", err, "index", inForce.Index, "instead", retained.Index)
	base, older := n.restoreFrom(retained)
	if older != nil {
		return base, refusal(n.options.Directory, errors.Join(err, older))
	}
	n.snapshots.damaged = inForce
	n.restored.Snapshot, n.restored.Retained = retained, nil
	return base, nil
}

// refusal is why a node cannot start, and what to do.
func refusal(directory string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("restore the state in %s: %w; if it cannot be had, replace this member: remove it from the "+
		"cluster, and add it again with an empty directory", directory, err)
}

func (n *Node) restoreFrom(mark *raftlog.SnapshotMark) (engine.SnapshotState, error) {
	began := time.Now()
	base, err := n.snapshots.Restore(*mark, n.machine)
	if err == nil {
		err = base.Check(engine.Level)
	}
	if err != nil {
		return engine.SnapshotState{}, err
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
