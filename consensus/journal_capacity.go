package consensus

import (
	"log/slog"
	"sync"

	"github.com/raftredis/raftredis/consensus/internal/transport"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// journalCapacities remembers which members have smaller journals than this node, so that its operator hears it once,
// and not with every connection. The leader takes in no more than the smallest one can hold: the room of the others is
// wasted.
type journalCapacities struct {
	mu      sync.Mutex
	smaller map[raftlog.NodeID]uint64
}

// compare tells the operator when a member's journal has less room than this node's, and that is news.
func (j *journalCapacities) compare(theirs *transport.Hello, ownBytes int, logger *slog.Logger) {
	j.mu.Lock()
	defer j.mu.Unlock()
	known, bytes := j.smaller[theirs.From], theirs.JournalRoomBytes
	if bytes == 0 || bytes >= uint64(ownBytes) {
		delete(j.smaller, theirs.From)
		return
	}
	if known == bytes {
		return
	}
	if j.smaller == nil {
		j.smaller = map[raftlog.NodeID]uint64{}
	}
	j.smaller[theirs.From] = bytes
	logger.Warn("a member's journal is smaller than this node's, which bounds what a leader takes in: give all nodes "+
		"files of one size (journal-file-bytes)", "node", theirs.From,
		"bytes", 2*(bytes+journalSpareBytes), "own", 2*(ownBytes+journalSpareBytes))
}
