package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// StateMachine is what the log drives. Apply and Restore are called by one goroutine at a time, under the node's write
// lock; Query by many at once, under its read lock. The types are built-in, so that a state machine need not know Raft.
type StateMachine interface {
	// Apply executes the entry at index. Every index is applied, in order, exactly once; data is empty where the entry
	// carries no command (the start of a term, a configuration, a tick of time). stamp is log time in milliseconds: it
	// moves with elapsed time, and never goes back. local is nil, or on the node that took the command
	// from its client what the client gave along: the machine fills replies there. data must not be changed; what is
	// kept of it beyond the call pins the whole entry. The result goes to the proposer on this node.
	//
	// The same log must lead to the same state on every node: no clock, no randomness, no map order.
	Apply(index uint64, stamp int64, data []byte, local any) (result []byte)
	// SetOffset comes before the Apply of an entry whose offset differs from that of the entry before: stamp + offset is
	// wall time, in milliseconds since 1970 UTC, from that entry on. It may go back. The offset is 0 before the first
	// call.
	SetOffset(offset int64)
	// Prepare takes what is here of a body in pieces, each time that more of it is here: a beginning of the data that
	// Apply gets with the last piece, at the same place in memory. It is called without the lock, by the goroutine that
	// calls Apply, beside Query. nil says that the last body that was begun will not come.
	Prepare(body []byte, totalBytes int)
	// Query executes reads that travel in local, from the present state, and changes nothing. needTick asks that time
	// be moved to stamp through the log before the query is run again.
	Query(stamp int64, local any) (needTick bool)
	// Freeze returns the present state, in constant time. The image may be written while Apply goes on.
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
	// WriteTo writes the image, byte for byte the same on every node at the same index. It is called once at most.
	WriteTo(w io.Writer) (int64, error)
	// Release gives the image up; the machine may then reuse what only the image held.
	Release()
}

// ErrCompacted means that an entry is older than the log goes back: a snapshot stands for it.
var ErrCompacted = errors.New("entry is older than the log")

// Log is the node's log on disk. The log writer calls Append and Seal, the history filler Write and Rest, readers
// Entries; each from one goroutine, concurrently with the others.
type Log interface {
	// Append makes a group of operations durable, in order, with one sync. An error is final.
	Append(group []raftlog.Operation) error
	// Seal is called when the log has been idle for a short time: it proves the last group.
	Seal() error
	// Write adds committed, durable entries to history.
	Write(entries []raftlog.Entry) error
	// Rest is called when there was nothing to write to history for a while, and Seal behind it: they let go of memory
	// that only the next Write needs. After an error that is not fatal (vfs.IsFatal) the next Write goes on.
	Rest() error
	// Entries reads from history: the mark of the entry before from, and at least one entry, up to maxBytes. An error that
	// matches ErrCompacted is an answer, to followers; every other one is final.
	Entries(from raftlog.Index, maxBytes int) (previous raftlog.Mark, entries []raftlog.Entry, err error)
	// Close releases the files. It is called after all other callers stopped.
	Close() error
}

// SnapshotLog is what snapshots need of the log on disk; the same object as Log. The log writer calls Keep and Restart,
// between two calls of Append; errors are final.
type SnapshotLog interface {
	// Keep puts a snapshot in force that the log holds, and names the one before it if its file is kept. It is durable
	// when Keep returns.
	Keep(snapshot, retained *raftlog.SnapshotMark) error
	// Restart puts a snapshot in force and begins the log anew behind it. at is the time of its last entry. It is
	// called while history is neither written nor read; a crash leaves the old log or the new one.
	Restart(snapshot *raftlog.SnapshotMark, at raftlog.Time) error
	// Trim removes history below an index, as far as that is cheap. One goroutine calls it, beside all others.
	Trim(keep raftlog.Index) error
	// BytesBefore is what history holds on disk below an index, as far as Trim could remove it. The goroutine that calls
	// Trim calls it.
	BytesBefore(index raftlog.Index) (int64, error)
}

// ErrUnavailable means that a snapshot cannot be written or fetched now, for a reason that is no fault of this node: no
// space, no connection, a member that has removed the file.
var ErrUnavailable = errors.New("the snapshot cannot be had now")

// Snapshots keeps files of snapshots. Take is for one goroutine, Fetch for one, Retain for one, beside each other;
// Restore is the applier's. An error of Take or Fetch that matches ErrUnavailable has left nothing that could be
// taken for a snapshot, and it is tried again later. Every other error ends the process.
type Snapshots interface {
	// Take writes a frozen state as a file, durable and verified when it returns. pace is called with the bytes of each
	// piece and may block; its error ends Take. Take releases the image in any case.
	Take(f Frozen, pace func(bytes int) error) (raftlog.SnapshotMark, error)
	// Fetch brings the file that mark names here from a member, durable and verified, and says what the file says of
	// itself. It goes on where an earlier call for the same mark ended. It calls came with the bytes of each piece that
	// brings it further. When the context ends it returns soon.
	Fetch(
		ctx context.Context, from raftlog.NodeID, mark raftlog.SnapshotMark, came func(bytes int),
	) (SnapshotState, error)
	// Restore gives the machine the state that a file holds, and compares its hash with what the file says. It gives up
	// with an error that matches context.Canceled when the node is being closed. The state that it returns has the Pieces
	// and the Sessions of the file.
	Restore(mark raftlog.SnapshotMark, machine StateMachine) (SnapshotState, error)
	// Retain removes all files but those named. It is not called while a file is being taken, nor while one is being
	// fetched that it does not name.
	Retain(marks ...raftlog.SnapshotMark) error
}

// Frozen is a state to be written, by WriteTo.
type Frozen struct {
	SnapshotState
	// Image is the machine's part, sessions are the sessions, nil for none.
	Image    Image
	sessions *sessions.Frozen
	// StateHash is that of both: see SnapshotState.StateHash.
	StateHash uint64
}

// SnapshotState is what a node must know at an index besides the state of the machine. The header of a snapshot file
// carries it. It follows from the log alone: all nodes have the same at the same index.
type SnapshotState struct {
	// Mark is the last entry that the state holds; zero at the beginning of time.
	Mark raftlog.Mark
	// ClusterID and HashSeed are those of the cluster; see raft.Configuration.
	ClusterID uint64
	HashSeed  uint64
	// Time is that of the entry at Mark, Level the highest feature level up to it.
	Time  raftlog.Time
	Level uint8
	// Configuration is the newest at or below Mark, as it is encoded in its entry.
	Configuration []byte
	// Pieces are the bodies of which the log has a part at Mark. They are not in the header but before the machine's
	// image: Frozen.WriteTo writes them, Snapshots.Restore reads them with ReadFront.
	Pieces []Assembly
	// Sessions are the open sessions, nil for none. They are in the same place.
	Sessions *sessions.Table
}

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

// StateHash is the hash of the state of a machine with the sessions of this snapshot.
func (b *SnapshotState) StateHash(machine uint64) uint64 {
	if b.Sessions == nil {
		return machine
	}
	return machine + b.Sessions.Hash()
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

// Transport carries messages to peers. It may lose, delay, duplicate and reorder them.
type Transport interface {
	// Send hands messages over by their To; it never blocks.
	Send(messages []Message)
	// Reset closes the incoming connection of a peer, so that the peer connects anew and resends its batches.
	Reset(from raftlog.NodeID)
	// SetPeers says who the peers are and where.
	SetPeers(members []membership.Member)
}
