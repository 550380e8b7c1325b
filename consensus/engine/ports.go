package engine

import (
	"io"

	"github.com/raftredis/raftredis/consensus/raft"
)

// StateMachine is what the log drives. Apply and Restore are called by one goroutine at a time, under the node's write
// lock; Query by many at once, under its read lock. The types are built-in, so that a state machine need not know Raft.
type StateMachine interface {
	// Apply executes the entry at index. Every index is applied, in order, exactly once; data is empty where the entry
	// carries no command (the start of a term, a configuration, a tick of time). stamp is the leader's wall clock in
	// milliseconds; it may go back, the machine takes the maximum. local is nil, or on the node that took the command
	// from its client what the client gave along: the machine fills replies there. data must not be changed; what is
	// kept of it beyond the call pins the whole entry. The result goes to the proposer on this node.
	//
	// The same log must lead to the same state on every node: no clock, no randomness, no map order.
	Apply(index uint64, stamp int64, data []byte, local any) (result []byte)
	// Query executes reads that travel in local, from the present state, and changes nothing. needTick asks that time
	// be moved to stamp through the log before the query is run again.
	Query(stamp int64, local any) (needTick bool)
	// Freeze returns the state at this moment, in constant time. The image may be written while Apply goes on.
	Freeze() Image
	// Restore replaces the state: by the image read from r, or by the empty state of a cluster with this seed when r is
	// nil. It is called before the first Apply.
	Restore(seed uint64, r io.Reader) error
	// Due is the earliest moment, in milliseconds, at which time alone changes the state; 0 means never.
	Due() int64
	// Hash is a hash of the state: equal states, equal hashes.
	Hash() uint64
}

// Image is a frozen state.
type Image interface {
	// WriteTo writes the image, byte for byte the same on every node at the same index.
	WriteTo(w io.Writer) (int64, error)
	// Release gives the image up; the machine may then reuse what only the image held.
	Release()
}

// Log is the node's log on disk. The log writer calls Append and Seal, the history filler Write, readers Entries; each
// from one goroutine, concurrently with the others.
type Log interface {
	// Append makes a group of operations durable, in order, with one sync. An error is final.
	Append(group []raft.AppendOperation) error
	// Seal is called when the log was idle for a moment, so that at rest the last group is proven.
	Seal() error
	// Write adds committed, durable entries to history.
	Write(entries []raft.Entry) error
	// Entries reads from history: the mark of the entry before from, and at least one entry, up to maxBytes.
	Entries(from raft.Index, maxBytes int) (previous raft.Mark, entries []raft.Entry, err error)
	// Close releases the files. It is called after everyone else stopped.
	Close() error
}

// Transport carries messages to peers. It may lose, delay, duplicate and reorder them.
type Transport interface {
	// Send hands messages over by their To; it never blocks.
	Send(messages []raft.Message)
	// Reset closes the incoming connection of a peer, so that the peer connects anew and resends its batches.
	Reset(from raft.NodeID)
	// SetPeers says who the peers are and where.
	SetPeers(members []raft.Member)
}
