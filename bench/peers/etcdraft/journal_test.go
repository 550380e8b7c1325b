package main

import (
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"
)

func opened(t *testing.T, directory string, prepared bool) (*journal, *raft.MemoryStorage) {
	storage := raft.NewMemoryStorage()
	j, err := openJournal(directory, prepared, storage)
	if err != nil {
		t.Fatal(err)
	}
	return j, storage
}

func last(t *testing.T, s *raft.MemoryStorage) (index uint64, data string) {
	index, err := s.LastIndex()
	if err != nil || index == 0 {
		return 0, ""
	}
	entries, err := s.Entries(index, index+1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return index, string(entries[0].Data)
}

// What was appended is there after a start; entries replace those of their index; a torn record counts for nothing, and
// what is appended after it is found.
func TestAJournalIsReadAgain(t *testing.T) {
	for _, prepared := range []bool{false, true} {
		directory := t.TempDir()
		j, _ := opened(t, directory, prepared)
		add := func(index, term uint64, data string) {
			e := []raftpb.Entry{{Index: index, Term: term, Data: []byte(data)}}
			if err := j.append(e, raftpb.HardState{Term: term, Vote: 2, Commit: index}, true); err != nil {
				t.Fatal(err)
			}
		}
		add(1, 1, "a")
		add(2, 1, "b")
		add(2, 2, "c")
		end := j.at
		add(3, 2, "torn")
		if err := os.Truncate(filepath.Join(directory, "log"), j.at-1); err != nil {
			t.Fatal(err)
		}
		j, storage := opened(t, directory, prepared)
		state, _, err := storage.InitialState()
		if index, data := last(t, storage); err != nil || state.Term != 2 || state.Vote != 2 {
			t.Errorf("index %d, %q, %v, %v", index, data, state, err)
		} else if index != 3 || data != "torn" {
			t.Errorf("entry %d is %q: the torn record is the hard state after the entry", index, data)
		}
		if err := os.Truncate(filepath.Join(directory, "log"), end+1); err != nil {
			t.Fatal(err)
		}
		j, storage = opened(t, directory, prepared)
		if index, data := last(t, storage); index != 2 || data != "c" || j.at != end {
			t.Errorf("entry %d is %q at %d, want the second at %d", index, data, j.at, end)
		}
		add(3, 3, "d")
		if _, storage = opened(t, directory, prepared); storage != nil {
			if index, data := last(t, storage); index != 3 || data != "d" {
				t.Errorf("entry %d is %q", index, data)
			}
		}
	}
}
