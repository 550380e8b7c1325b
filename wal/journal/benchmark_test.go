package journal

import (
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// BenchmarkAppend4KiB is the cost of a commit on one real disk: a group of 4 KiB, one write, one sync, with the rolls
// that it causes. BenchmarkAppendInMemory is what the journal itself adds to that.
func BenchmarkAppend4KiB(b *testing.B) {
	o := Options{FS: vfs.OS(), Directory: b.TempDir() + "/journal", Salt: salts()}
	must(b, Create(o, blank()))
	benchmarkAppend(b, o)
}

func BenchmarkAppendInMemory(b *testing.B) {
	o := Options{FS: vfs.NewMemory(), Directory: "journal", Salt: salts()}
	must(b, Create(o, blank()))
	o.FS = discard{o.FS}
	benchmarkAppend(b, o)
}

// BenchmarkAppendSmallInMemory is a group of one SET: 100 bytes of a body, which fill a page all the same.
func BenchmarkAppendSmallInMemory(b *testing.B) {
	o := Options{FS: vfs.NewMemory(), Directory: "journal", Salt: salts()}
	must(b, Create(o, blank()))
	o.FS = discard{o.FS}
	benchmarkAppendOf(b, o, 100)
}

// benchmarkAppend appends what, with headers, fills one page.
func benchmarkAppend(b *testing.B, o Options) { benchmarkAppendOf(b, o, 3800) }

func benchmarkAppendOf(b *testing.B, o Options, bodyBytes int) {
	j, _ := reopened(b, o)
	h := &fakeHistory{}
	must(b, j.Start(h))
	e := entry(1, 1, bodyBytes)
	group := []raftlog.Operation{{Term: 1, Vote: 1, Entries: []raftlog.Entry{e}}}
	b.SetBytes(PageBytes)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		group[0].Entries[0].Index = raftlog.Index(i + 1)
		appendAll(b, j, group...)
		if h.written = raftlog.Index(i + 1); i%1000 == 0 {
			j.Advance(h.written)
		}
	}
}

// discard drops what is written.
type discard struct{ vfs.FS }

func (d discard) Open(path string, create bool) (vfs.File, error) {
	f, err := d.FS.Open(path, create)
	return discardFile{f}, err
}

type discardFile struct{ vfs.File }

func (f discardFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
