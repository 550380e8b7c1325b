package sim

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// describe is a message in one line.
func describe(m *engine.Message) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s -> n%d term %d", m.KindName(), m.To, m.Term)
	if m.Reject {
		s.WriteString(" reject")
	}
	if m.Previous != (raftlog.Mark{}) {
		fmt.Fprintf(&s, " previous %v", m.Previous)
	}
	if m.Hint != (raftlog.Mark{}) {
		fmt.Fprintf(&s, " hint %v", m.Hint)
	}
	numbers := []struct {
		name  string
		value uint64
	}{
		{"index", uint64(m.Index)}, {"commit", uint64(m.Commit)}, {"epoch", uint64(m.Epoch)}, {"request", m.Request},
	}
	for _, n := range numbers {
		if n.value != 0 {
			fmt.Fprintf(&s, " %s %d", n.name, n.value)
		}
	}
	for i := range m.Entries {
		fmt.Fprintf(&s, " %s", describeEntry(&m.Entries[i]))
	}
	for _, b := range m.Batches {
		fmt.Fprintf(&s, " #%d", b.Sequence)
		if b.Skip {
			s.WriteString("(skip)")
		}
	}
	return s.String()
}

// describeEntry is an entry in a few characters: where it is, what it is, whose it is.
func describeEntry(e *raftlog.Entry) string {
	kind := [...]string{"?", "noop", "batch", "configuration", "tick", "piece", "session", "session-piece"}[e.Kind]
	if e.Tag == (raftlog.Tag{}) {
		return fmt.Sprintf("[%v %s]", e.Mark(), kind)
	}
	if e.Kind.Traits().Piece {
		kind = fmt.Sprintf("%s(%d, %d left)", kind, len(e.Body), e.Left)
	}
	return fmt.Sprintf("[%v %s n%d#%d]", e.Mark(), kind, e.Tag.Origin, e.Tag.Sequence)
}

// describeOperation is an append operation in one line.
func describeOperation(op *raft.AppendOperation) string {
	var s strings.Builder
	fmt.Fprintf(&s, "#%d term %d vote %d", op.Number, op.Term, op.Vote)
	for i := range op.Entries {
		fmt.Fprintf(&s, " %s", describeEntry(&op.Entries[i]))
	}
	for i := range op.Promises {
		fmt.Fprintf(&s, " (%v -> n%d)", op.Promises[i].Kind, op.Promises[i].To)
	}
	return s.String()
}
