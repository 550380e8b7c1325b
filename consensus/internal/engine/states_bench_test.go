package engine

import (
	"fmt"
	"math"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// BenchmarkApplier applies entries to a machine that does next to nothing: without notes of its hash, and with them.
func BenchmarkApplier(b *testing.B) {
	for _, every := range []int{math.MaxInt32, DefaultCompareEntries} {
		b.Run(fmt.Sprintf("note every %d", every), func(b *testing.B) {
			o := DefaultOptions()
			o.ID, o.Boot, o.CompareEntries = 1, 1, every
			machine := &journal{}
			a := NewApplier(o, machine, SnapshotState{})
			entries := make([]raftlog.Entry, 256)
			b.ReportAllocs()
			index := raftlog.Index(1)
			a.base.Mark = raftlog.Mark{Index: 1, Term: 1}
			for n := 0; n < b.N; n += len(entries) {
				for i := range entries {
					index++
					entries[i] = raftlog.Entry{Index: index, Term: 1, Kind: raftlog.EntryCommand, Level: Level}
				}
				var report Applied
				a.Apply(entries, &report)
			}
		})
	}
}
