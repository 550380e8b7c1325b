package command

import "github.com/raftredis/raftredis/internal/number"

// Layout has the settings of a node on which it depends what a write leaves: how entries of a stream lie together,
// which decides what `~` drops, and how long a HyperLogLog is sparse. Those of the node that a client is connected to
// count for its writes. They travel with the entry, so that all nodes do the same. See Run.Selection.
type Layout struct {
	// StreamNodeBytes and StreamNodeEntries bound what lies together of a stream, from 0 to MaxStreamNodeBytes and
	// MaxStreamNodeEntries; 0: it has no bound but those.
	StreamNodeBytes, StreamNodeEntries int
	// SparseBytes is how long a sparse HyperLogLog is at most, from 0 to MaxSparseBytes.
	SparseBytes int
}

// The largest numbers of a Layout. XDEL goes through what lies together of a stream, and copies it, for each ID, on all
// nodes, while all clients wait: so the largest numbers are ten and four times the defaults, and no more. No sparse
// HyperLogLog is longer than MaxSparseBytes.
const (
	MaxStreamNodeBytes   = 16 << 10
	MaxStreamNodeEntries = 1_000
	MaxSparseBytes       = 64 << 10
)

// DefaultLayout has Redis's defaults. It must not be changed.
func DefaultLayout() Layout {
	return Layout{StreamNodeBytes: 4096, StreamNodeEntries: 100, SparseBytes: 3000}
}

// LayoutOf is the layout by settings as Redis has them, which have no upper bounds there. It is nil for the default.
func LayoutOf(streamNodeBytes, streamNodeEntries, sparseBytes int64) *Layout {
	l := Layout{
		StreamNodeBytes:   int(min(streamNodeBytes, MaxStreamNodeBytes)),
		StreamNodeEntries: int(min(streamNodeEntries, MaxStreamNodeEntries)),
		SparseBytes:       int(min(sparseBytes, MaxSparseBytes)),
	}
	if l == DefaultLayout() {
		return nil
	}
	return &l
}

// numbers are the layout, in the order in which it stands in an entry.
func (l *Layout) numbers() [3]int {
	return [...]int{l.StreamNodeBytes, l.StreamNodeEntries, l.SparseBytes}
}

// parseLayout reads a layout as it stands in an entry.
func parseLayout(args [][]byte) (l Layout, ok bool) {
	of := [...]struct {
		at      *int
		highest int64
	}{
		{&l.StreamNodeBytes, MaxStreamNodeBytes}, {&l.StreamNodeEntries, MaxStreamNodeEntries},
		{&l.SparseBytes, MaxSparseBytes},
	}
	if len(args) != len(of) {
		return l, false
	}
	for i, arg := range args {
		n, isNumber := number.Parse(arg)
		if !isNumber || n < 0 || n > of[i].highest {
			return l, false
		}
		*of[i].at = int(n)
	}
	return l, true
}
