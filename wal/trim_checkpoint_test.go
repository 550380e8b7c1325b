package wal

import (
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// What is to go was written to history, and history was not synced since, for much less was written than a file of the
// journal holds. The trim itself moves the checkpoint on.
func TestTrim_WhatWasNotSyncedGoesSoonAfterwards(t *testing.T) {
	o := testOptions(t.TempDir())
	o.FileBytes = 4 << 20
	l, _ := open(t, o)
	fill(t, l, 1, 200, 1, 300)
	must(t, l.Keep(snapshotAt(150, 1), nil))
	must(t, l.Trim(151))
	if stats := l.Stats(); stats.HistoryFirst != 1 || stats.HistoryDurable != 200 {
		t.Fatalf("history begins at %d, want 1, and is durable up to %d, want 200", stats.HistoryFirst, stats.HistoryDurable)
	}
	for i := raftlog.Index(201); i <= 202; i++ { // the second one's record states the checkpoint
		must(t, l.Append(operation(1, 1, entry(i, 1, 300))))
	}
	must(t, l.Trim(151))
	if first := l.Stats().HistoryFirst; first < 100 {
		t.Fatalf("history begins at %d, when 151 was the first to be kept", first)
	}
	wantEntries(t, l, 151, 200, 1, 300)
}
