package server

import (
	"errors"
	"sync"
	"time"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/resp"
)

// saver is the node's snapshots as the front end sees them.
type saver struct {
	node *node

	mu sync.Mutex
	// found counts the attempts that had nothing to save; foundAt is when the last one was noticed. LASTSAVE moves with
	// them too: a client that asked for a snapshot waits for that.
	found   uint64
	foundAt time.Time
}

// Save asks the node for a snapshot.
func (s *saver) Save() error {
	err := s.node.TakeSnapshot()
	if errors.Is(err, consensus.ErrPending) {
		return resp.ErrSaving
	}
	return err
}

// Persistence says what the node knows of its snapshots.
func (s *saver) Persistence() resp.Persistence {
	status := s.node.Status()
	known := resp.Persistence{
		Saving: status.SnapshotUnderway, Began: status.SnapshotBeganAt,
		Installing: status.InstallFrom != 0,
		// An attempt that found everything saved already has saved it.
		Saves: int64(status.SnapshotsEnded - status.SnapshotsFailed), Failures: int64(status.SnapshotsFailed),
		LastFailed: status.LastSnapshotError != "", LastSave: s.lastSave(status), LastTook: status.LastSnapshotTook,
		Changes: int64(status.AppliedIndex), LogBytes: status.HistoryBytes + int64(status.JournalBytes),
	}
	if snapshot := status.Snapshot; snapshot != nil {
		known.Bytes = int64(snapshot.FileBytes)
		known.Changes -= min(known.Changes, int64(snapshot.Index))
	}
	return known
}

// lastSave is when everything was saved last.
func (s *saver) lastSave(status *consensus.Status) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := status.SnapshotsEnded - status.SnapshotsFailed - status.SnapshotsTaken; found != s.found {
		s.found, s.foundAt = found, time.Now()
	}
	if s.foundAt.After(status.LastSnapshotAt) {
		return s.foundAt
	}
	return status.LastSnapshotAt
}
