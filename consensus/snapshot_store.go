package consensus

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// OpenSnapshot serves a file to another node: the one of the snapshot in force, of the one before it, or one that is
// reserved, so that a transfer that takes long is not in vain when new ones come into force meanwhile.
func (o peerHandler) OpenSnapshot(theirs transport.Hello, mark raftlog.SnapshotMark) (transport.Source, error) {
	r := o.runner.Load()
	if r == nil {
		return nil, &transport.Refusal{Text: "this node is no member of a cluster"}
	}
	s := r.Status()
	if s.Quarantine.On() {
		return nil, &transport.Refusal{Text: "the state of this node differs from the others', and is being replaced"}
	}
	for _, own := range append(s.Reserved[:], s.Snapshot, s.Retained) {
		if own != nil && own.Same(&mark) && own.FileBytes == mark.FileBytes {
			return o.openFile(*own, theirs.From)
		}
	}
	return nil, &transport.Refusal{Text: fmt.Sprintf("the snapshot at %v is not kept here any more", mark.Mark)}
}

// openFile opens a file for another node.
func (o peerHandler) openFile(mark raftlog.SnapshotMark, to raftlog.NodeID) (transport.Source, error) {
	f, err := o.snapshots.store.Open(mark)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &transport.Refusal{Text: fmt.Sprintf("the snapshot at %v was removed a moment ago", mark.Mark)}
	case errors.Is(classify(err), engine.ErrUnavailable):
		return nil, err
	case err != nil:
		return nil, o.broken(fmt.Errorf("open a snapshot for node %d: %w", to, err))
	}
	return openFile{f, o.Node}, nil
}

// openFile is a file that another node reads. Each piece is verified before it leaves. A piece that is not what was
// written means that the disk does not keep what it is given, and this node must not go on.
type openFile struct {
	*snapshot.File
	node *Node
}

// Chunk returns a piece of the file.
func (l openFile) Chunk(offset int64, buffer []byte) ([]byte, error) {
	b, err := l.File.Chunk(offset, buffer)
	if vfs.Passing(err) {
		return nil, fmt.Errorf("read a snapshot for another node: %w", err)
	}
	if err != nil {
		return nil, l.node.broken(fmt.Errorf("read a snapshot for another node: %w", err))
	}
	return b, nil
}
