package consensus_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/wal"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The identity of a member is lost and a blank one is in its place, as a copy of the directory's files from two moments
// would leave it. Whatever the options ask for, the node must not speak: it has voted under a name it no longer knows.
func TestALogWithoutAnOwnerIsRefused(t *testing.T) {
	first := raftlog.Entry{Index: 1, Term: 1, Kind: raftlog.EntryNoOp}
	first.Seal()
	for name, operation := range map[string]raftlog.Operation{
		"a term":   {Number: 1, Term: 1},
		"a vote":   {Number: 1, Term: 3, Vote: 2},
		"an entry": {Number: 1, Term: 1, Entries: []raftlog.Entry{first}},
	} {
		directory := t.TempDir()
		log, _, err := wal.Open(wal.Options{
			Directory: directory, FileBytes: 16 << 20, MaxEntryBytes: 1 << 20,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Append([]raftlog.Operation{operation}); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		for _, bootstrap := range []bool{false, true} {
			o := smallOptions(directory)
			o.Bootstrap = bootstrap
			n, err := consensus.Open(o)
			if err == nil {
				n.Close()
			}
			var damage *wal.CorruptionError
			if !errors.As(err, &damage) || damage.File != filepath.Join(directory, wal.IdentityName) {
				t.Errorf("%s, bootstrap %v: open says %v, want corruption of the identity", name, bootstrap, err)
			}
		}
	}
}
