package journal

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// goldenFile holds the written pages of a journal file of version 3; zeros up to testFileBytes follow. A change of the
// format must leave this file readable, or take a new version and a new golden file. RAFTREDIS_UPDATE_GOLDEN=1 writes
// it.
const goldenFile = "testdata/journal-v3.golden"

// goldenJournal uses every kind of record and part.
func goldenJournal(t *testing.T) (*vfs.Memory, flatLog) {
	m := vfs.NewMemory()
	j := started(t, testOptions(m), &fakeHistory{written: 0})
	configuration := raftlog.Entry{Index: 1, Term: 1, Kind: raftlog.EntryConfiguration, Level: 1, Stamp: 7, Offset: -8}
	configuration.Body = []byte("members")
	configuration.Seal()
	appendAll(t, j, operation(1, 1, configuration, entry(2, 1, 20), entry(3, 1, 0)))
	appendAll(t, j, operation(2, 0), raftlog.Operation{Term: 3, Vote: 2, Commit: 2, Entries: entries(3, 4, 3, 30)})
	j.Advance(2)
	must(t, j.Switch(Switch{
		Snapshot: &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 1, Index: 2}, Configuration: []byte("members"),
			FileHash: 0x0123456789abcdef, FileBytes: 1000},
		HistoryDirectory: "history-1", HistoryFirst: 1,
	}))
	must(t, j.Seal())
	must(t, j.Switch(Switch{
		Snapshot: &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 3, Index: 10}, Configuration: []byte("more members"),
			FileHash: 0xfedcba9876543210, FileBytes: 2000},
		Retained:         &raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 1, Index: 2}, Configuration: []byte("members")},
		HistoryDirectory: "history-11", HistoryFirst: 11, Time: raftlog.Time{Stamp: 99, Offset: -100},
	}))
	last := []raftlog.Operation{operation(4, 3, entries(11, 12, 4, 40)...)}
	last[0].Quarantine = &raftlog.Quarantine{Differs: 12, Agreed: 9, Reinstalled: 10}
	appendAll(t, j, last...)
	must(t, j.Close())
	return m, flatLog{base: raftlog.Mark{Term: 3, Index: 10}}.after(last...)
}

func TestJournalIsReadAndWrittenAsEver(t *testing.T) {
	m, want := goldenJournal(t)
	f, err := openFile(m, testDirectory+"/"+nameB)
	must(t, err)
	written := make([]byte, f.bytes)
	_, err = f.ReadAt(written, 0)
	must(t, err)
	if os.Getenv("RAFTREDIS_UPDATE_GOLDEN") != "" {
		must(t, os.WriteFile(goldenFile, bytes.TrimRight(written, "\x00"), 0o600))
	}
	golden, err := os.ReadFile(goldenFile)
	must(t, err)
	if !bytes.Equal(written, append(golden, make([]byte, testFileBytes-len(golden))...)) {
		t.Fatal("the same operations no longer write the same bytes")
	}

	_, r := reopened(t, testOptions(m))
	must(t, want.check(&r, 10))
	if r.Snapshot.FileHash != 0xfedcba9876543210 || r.Snapshot.FileBytes != 2000 || r.Retained.Index != 2 ||
		r.HistoryDirectory != "history-11" || r.HistoryFirst != 11 || string(r.ConfigurationBody) != "more members" ||
		r.ConfigurationIndex != 10 || r.CheckpointTime != (raftlog.Time{Stamp: 99, Offset: -100}) ||
		r.Generation != 2 || r.Torn || r.Quarantine != (raftlog.Quarantine{Differs: 12, Agreed: 9, Reinstalled: 10}) {
		t.Fatalf("recovered %+v", r)
	}
}

func TestInspectDescribesEveryRecordAndNamesDamage(t *testing.T) {
	m, _ := goldenJournal(t)
	damage(t, m, nameB, 2*PageBytes+headerBytes+40)
	var out strings.Builder
	must(t, Inspect(m, testDirectory+"/"+nameB, &out))
	at := 0
	for _, want := range []string{
		"journal-b: 65536 bytes",
		"opening version 3 generation 2", "previous end 4096", `history "history-1" from 1`, "base       at 0/0",
		"state      term 0 vote 0", "entries    none", "commit     index 0",
		"4096 group ", "checkpoint at 0/0", "state      term 1 vote 1", "entries    3, 1/1 to 3/1",
		"8192 group ", "DAMAGED: the payload does not match its checksum",
		"12288 group ", "checkpoint at 2/1", "snapshot at 2/1 hash 0123456789abcdef of 1000 bytes, history",
		"16384 seal ",
		"20480 group ", "retained at 2/1", `history "history-11" from 11`,
		"base       at 10/3 stamp 99 offset -100 configuration at 10 of 12 bytes",
		"24576 group ", "term 4 vote 3",
		"quarantine the state differs at 12, it agreed at 9, reinstalled from the snapshot at 10",
		"entries    2, 11/4 to 12/4",
	} {
		found := strings.Index(out.String()[at:], want)
		if found < 0 {
			t.Fatalf("%q is not described in its place in:\n%s", want, out.String())
		}
		at += found
	}
}
