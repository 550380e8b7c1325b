package main

import (
	"io"

	"github.com/hashicorp/raft"

	"github.com/raftredis/raftredis/bench/peers/front"
)

// machine is the store as the library's state machine.
type machine struct{ store *front.Store }

// Apply carries out one entry.
func (m machine) Apply(l *raft.Log) any { return m.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch carries out entries, of which some are the library's own.
func (m machine) ApplyBatch(all []*raft.Log) []any {
	m.store.Apply(len(all), func(i int) []byte {
		if all[i].Type != raft.LogCommand {
			return nil
		}
		return all[i].Data
	})
	return make([]any, len(all))
}

// Snapshot is never asked for, since the threshold is never reached.
func (m machine) Snapshot() (raft.FSMSnapshot, error) { return noSnapshot{}, nil }

// Restore gets no snapshot.
func (m machine) Restore(r io.ReadCloser) error { return r.Close() }

type noSnapshot struct{}

// Persist writes nothing.
func (noSnapshot) Persist(s raft.SnapshotSink) error { return s.Close() }

// Release has nothing to release.
func (noSnapshot) Release() {}
