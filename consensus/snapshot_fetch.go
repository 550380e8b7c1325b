package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/snapshot"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// fetchPause is how long a node waits before it dials again for a file that it has in part.
const fetchPause = 100 * time.Millisecond

// Fetch brings a file here from another node. A connection that breaks is made again for as long as each brings
// something: what is in the file already is read again only when this gives up, and is called anew.
func (s *snapshots) Fetch(
	ctx context.Context, from raftlog.NodeID, mark raftlog.SnapshotMark, came func(bytes int),
) (engine.SnapshotState, error) {
	r, err := s.store.Receive(mark, func(bytes int) error { // also with what is here in part and is read again
		came(bytes)
		return ctx.Err()
	})
	if err != nil {
		return engine.SnapshotState{}, classify(err)
	}
	f := fetch{snapshots: s, from: from, mark: mark, receiver: r}
	f.progress = s.node.beginProgress("fetching a snapshot", uint64(r.Offset()), mark.FileBytes)
	header, err := f.run(ctx)
	if err = errors.Join(err, r.Close()); err != nil {
		return engine.SnapshotState{}, classify(err)
	}
	return baseOf(&header), nil
}

// fetch is a file that is on its way here.
type fetch struct {
	*snapshots
	from     raftlog.NodeID
	mark     raftlog.SnapshotMark
	receiver *snapshot.Receiver
	progress *workProgress
}

// run fetches the file, and proves it.
func (f *fetch) run(ctx context.Context) (snapshot.Header, error) {
	for !f.receiver.Done() {
		before := f.receiver.Offset()
		err := f.connect(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, engine.ErrUnavailable) || f.receiver.Offset() <= before {
			return snapshot.Header{}, err
		}
		f.node.options.Logger.Warn("the connection that brings a snapshot broke",
			"index", f.mark.Index, "offset", f.receiver.Offset(), "error", err)
		select {
		case <-time.After(fetchPause):
		case <-ctx.Done():
			return snapshot.Header{}, ctx.Err()
		}
	}
	return f.prove()
}

// connect takes what one connection brings. Nil means that the file is complete.
func (f *fetch) connect(ctx context.Context) error {
	peer, known := f.node.peer(f.from)
	if !known {
		return fmt.Errorf("%w: node %d is nowhere to be found", engine.ErrUnavailable, f.from)
	}
	var failed error
	err := f.node.transport.Fetch(ctx, peer, f.mark, f.receiver.Offset(), func(offset int64, chunk []byte) error {
		failed = f.receiver.Write(offset, chunk)
		f.progress.reached(uint64(f.receiver.Offset()))
		return failed
	})
	switch {
	case failed != nil:
		return classify(failed)
	case err == nil && !f.receiver.Done():
		err = fmt.Errorf("the file ends at %d on node %d", f.receiver.Offset(), f.from)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", engine.ErrUnavailable, err)
	}
	return nil
}

// prove publishes the file when it is what it claims to be.
func (f *fetch) prove() (snapshot.Header, error) {
	h, err := f.receiver.Commit()
	if err != nil {
		return h, err
	}
	if own := f.node.clusterID(); h.ClusterID != own {
		return h, fmt.Errorf("%w: it is a state of cluster %016x, this is %016x", engine.ErrUnavailable, h.ClusterID, own)
	}
	return h, nil
}
