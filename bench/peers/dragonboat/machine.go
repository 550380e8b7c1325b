package main

import (
	"bytes"
	"io"

	"github.com/lni/dragonboat/v4/statemachine"

	"github.com/raftredis/raftredis/bench/peers/front"
)

// machine is the store as the library's state machine.
type machine struct{ store *front.Store }

// Update carries out entries. Their bytes are the library's, which uses them again.
func (m machine) Update(all []statemachine.Entry) ([]statemachine.Entry, error) {
	m.store.Apply(len(all), func(i int) []byte { return bytes.Clone(all[i].Cmd) })
	return all, nil
}

// Lookup finds nothing: clients are answered from the store.
func (m machine) Lookup(any) (any, error) { return nil, nil }

// PrepareSnapshot is never asked for, since the group takes none by itself.
func (m machine) PrepareSnapshot() (any, error) { return nil, nil }

// SaveSnapshot saves nothing.
func (m machine) SaveSnapshot(any, io.Writer, statemachine.ISnapshotFileCollection, <-chan struct{}) error {
	return nil
}

// RecoverFromSnapshot gets no snapshot.
func (m machine) RecoverFromSnapshot(io.Reader, []statemachine.SnapshotFile, <-chan struct{}) error {
	return nil
}

// Close has nothing to close.
func (m machine) Close() error { return nil }
