package sim

import (
	"fmt"
	"io"
	"time"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// trace remembers what happened: always as one number, which two runs of a seed must agree on, and as one line per
// event for a reader.
type trace struct {
	hash   uint64
	events uint64
	out    io.Writer
}

// note adds what happened to the number.
func (t *trace) note(now time.Duration, what byte, node raftlog.NodeID, a, b uint64) {
	t.events++
	h := mix(t.hash, uint64(now))
	h = mix(h, uint64(what)<<56^uint64(node))
	t.hash = mix(mix(h, a), b)
}

// The kinds of events.
const (
	noteTurn byte = iota + 1
	noteSend
	noteDeliver
	noteDisk
	noteApply
	noteLife
	noteFault
	noteClient
)

// tell writes a line. Callers with arguments that cost something ask w.telling first.
func (w *world) tell(id raftlog.NodeID, format string, args ...any) {
	if w.trace.out == nil {
		return
	}
	who := "  "
	if id != 0 {
		who = fmt.Sprintf("n%d", id)
	}
	fmt.Fprintf(w.trace.out, "%12.6f %s %s\n", w.now.Seconds(), who, fmt.Sprintf(format, args...))
}

func (w *world) telling() bool { return w.trace.out != nil }
