package journal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const (
	testDirectory = "data/journal"
	testFileBytes = 64 << 10
)

// salts are distinct and the same in every run.
func salts() func() uint64 {
	n := uint64(0)
	return func() uint64 {
		n++
		return n * 0x9e3779b97f4a7c15
	}
}

func testOptions(fs vfs.FS) Options {
	return Options{
		FS: fs, Directory: testDirectory, FileBytes: testFileBytes,
		MaxEntryBytes: 8 << 10, MaxGroupBytes: 16 << 10, Salt: salts(),
	}
}

// fakeHistory is history as far as a journal can see it: how far it was written, and how far it is durable.
type fakeHistory struct {
	written, durable raftlog.Index
	err              error
}

func (h *fakeHistory) Sync() (raftlog.Index, error) {
	if h.err != nil {
		return 0, h.err
	}
	h.durable = h.written
	return h.durable, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func blank() Opening { return Opening{HistoryDirectory: "history-1", HistoryFirst: 1} }

// started makes a new journal in fs, ready for appends.
func started(t testing.TB, o Options, h History) *Journal {
	t.Helper()
	must(t, Create(o, blank()))
	j, _ := reopened(t, o)
	must(t, j.Start(h))
	return j
}

func reopened(t testing.TB, o Options) (*Journal, Recovered) {
	t.Helper()
	j, recovered, err := Open(o)
	must(t, err)
	return j, recovered
}

func entry(index raftlog.Index, term raftlog.Term, bodyBytes int) raftlog.Entry {
	e := raftlog.Entry{
		Index: index, Term: term, Kind: raftlog.EntryCommand, Stamp: raftlog.Stamp(1000 + index),
		Offset: raftlog.Offset(index) - 5,
		Tag:    raftlog.Tag{Origin: 1, Boot: 2, Sequence: raftlog.Sequence(index)},
		Body:   bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", index, term)), bodyBytes/4+1)[:bodyBytes],
	}
	e.Seal()
	return e
}

func entries(first, last raftlog.Index, term raftlog.Term, bodyBytes int) []raftlog.Entry {
	var es []raftlog.Entry
	for i := first; i <= last; i++ {
		es = append(es, entry(i, term, bodyBytes))
	}
	return es
}

func operation(term raftlog.Term, vote raftlog.NodeID, es ...raftlog.Entry) raftlog.Operation {
	return raftlog.Operation{Term: term, Vote: vote, Entries: es}
}

func appendAll(t testing.TB, j *Journal, group ...raftlog.Operation) {
	t.Helper()
	must(t, j.Append(group))
}

// flatLog is the reference: what a node that never crashes would know.
type flatLog struct {
	term    raftlog.Term
	vote    raftlog.NodeID
	base    raftlog.Mark // what an installed snapshot stands for
	entries []raftlog.Entry
}

func (l flatLog) after(group ...raftlog.Operation) flatLog {
	l.entries = slices.Clone(l.entries)
	for _, op := range group {
		l.term, l.vote = op.Term, op.Vote
		if len(op.Entries) > 0 {
			keep := op.Entries[0].Index - l.base.Index - 1
			l.entries = append(l.entries[:keep], op.Entries...)
		}
	}
	return l
}

// check compares what was recovered with the reference, given how far history is durable.
func (l flatLog) check(r *Recovered, durable raftlog.Index) error {
	if r.Term != l.term || r.Vote != l.vote {
		return fmt.Errorf("term %d vote %d, want %d and %d", r.Term, r.Vote, l.term, l.vote)
	}
	if r.Checkpoint.Index < l.base.Index || r.Checkpoint.Index > min(max(durable, l.base.Index), l.last().Index) {
		return fmt.Errorf("checkpoint %v, base %v, history durable to %d", r.Checkpoint, l.base, durable)
	}
	below := int(r.Checkpoint.Index - l.base.Index)
	want := l.base
	if below > 0 {
		want = l.entries[below-1].Mark()
	}
	if r.Checkpoint != want {
		return fmt.Errorf("checkpoint %v, want %v", r.Checkpoint, want)
	}
	if !slices.EqualFunc(r.Entries, l.entries[below:], sameEntry) {
		return fmt.Errorf("entries above %v differ: %s, want %s", want, marks(r.Entries), marks(l.entries[below:]))
	}
	return nil
}

func sameEntry(a, b raftlog.Entry) bool {
	return a.Mark() == b.Mark() && a.CRC == b.CRC && a.Tag == b.Tag && bytes.Equal(a.Body, b.Body)
}

func marks(es []raftlog.Entry) string {
	if len(es) == 0 {
		return "none"
	}
	return fmt.Sprintf("%v to %v", es[0].Mark(), es[len(es)-1].Mark())
}

func wantCorruption(t testing.TB, o Options, file string) *raftlog.CorruptionError {
	t.Helper()
	_, _, err := Open(o)
	var corruption *raftlog.CorruptionError
	if !errors.As(err, &corruption) {
		t.Fatalf("open: %v, want corruption", err)
	}
	if file != "" && corruption.File != testDirectory+"/"+file {
		t.Fatalf("corruption of %s, want %s", corruption.File, file)
	}
	return corruption
}

// damage changes a byte of a closed file, durably.
func damage(t testing.TB, fs vfs.FS, name string, offset int64) {
	t.Helper()
	f, err := fs.Open(testDirectory+"/"+name, false)
	must(t, err)
	var b [1]byte
	_, err = f.ReadAt(b[:], offset)
	must(t, err)
	b[0] ^= 1 << (offset % 8)
	_, err = f.WriteAt(b[:], offset)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
}

// inForce is the name of the file that a journal would be read from.
func inForce(t testing.TB, o Options) (name string, r Recovered) {
	t.Helper()
	j, r := reopened(t, o)
	must(t, j.Close())
	return r.File[len(testDirectory)+1:], r
}
