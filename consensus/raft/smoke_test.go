package raft

import "testing"

func options(id NodeID) Options {
	return Options{
		ID:                  id,
		HeartbeatTicks:      1,
		ElectionTicks:       10,
		MaxInflightMessages: 4,
		MaxMessageBytes:     1 << 10,
		Seed:                uint64(id),
		Level:               1,
	}
}

func TestASingleVoterLeadsAfterItsFirstTickAndCommitsWhatIsDurable(t *testing.T) {
	only := &Configuration{Voters: []NodeID{1}}
	r := New(options(1), Restored{Term: 1, Entries: []Entry{
		{Index: 1, Term: 1, Kind: EntryConfiguration, Configuration: only},
	}})
	r.Tick()
	var rd Ready
	if !r.Ready(&rd) || r.Role() != Candidate || rd.Append.Term != 2 || rd.Append.Vote != 1 {
		t.Fatalf("%v, %v", r.Status(), rd.Append)
	}
	r.Appended(rd.Append.Number)
	if r.Role() != Leader {
		t.Fatalf("its own vote is durable, but it is %v", r.Role())
	}
	first, ok := r.Propose([]Proposal{{Kind: EntryCommand, Body: []byte("a")}, {Kind: EntryCommand, Body: []byte("b")}})
	if !ok || first != 3 || r.NoOp() != 2 {
		t.Fatalf("first %d, ok %v, no-op %d", first, ok, r.NoOp())
	}
	if !r.Ready(&rd) || len(rd.Append.Entries) != 3 || rd.Commit != 0 {
		t.Fatalf("before the disk: %v, commit %d", rd.Append, rd.Commit)
	}
	r.Appended(rd.Append.Number)
	if !r.Ready(&rd) || rd.Commit != 4 {
		t.Fatalf("after the disk: commit %d", rd.Commit)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
}
