package snapshot

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

func TestRetainKeepsWhatIsNamedAndRemovesTheRest(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	from, fetched := prepared(t)
	old, previous, inForce := taken(t, s, 5, 900), taken(t, s, 6, 900), taken(t, s, 7, 900)
	unwanted := raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 4, Index: 299}, FileHash: 9, FileBytes: 3000}
	r, err := s.Receive(fetched, nil)
	must(t, err)
	must(t, send(from, r, 3))
	must(t, r.Close())
	put(t, m, receivingName(unwanted.Mark, unwanted.FileHash), []byte("a part of a snapshot"))
	put(t, m, writingName(raftlog.Mark{Term: 1, Index: 8}), []byte("half a snapshot"))
	put(t, m, "notes.txt", []byte("not ours"))

	removed, err := s.Retain(inForce, previous, fetched)
	must(t, err)
	want := []string{
		finalName(old.Mark, old.FileHash), writingName(raftlog.Mark{Term: 1, Index: 8}),
		receivingName(raftlog.Mark{Term: 4, Index: 299}, 9),
	}
	if !slices.Equal(removed, want) {
		t.Fatalf("removed %v, want %v", removed, want)
	}
	m = m.Crash(vfs.LoseAll) // what was removed is gone for good
	s = newStore(t, m)
	want = []string{
		finalName(previous.Mark, previous.FileHash), finalName(inForce.Mark, inForce.FileHash),
		receivingName(fetched.Mark, fetched.FileHash),
	}
	if found := names(t, s); !slices.Equal(found, want) {
		t.Fatalf("kept %v, want %v", found, want)
	}
	mustHold(t, s, previous, 900)
	mustHold(t, s, inForce, 900)
	if string(contentOf(t, m, "notes.txt")) != "not ours" {
		t.Fatal("a file that is not ours was touched")
	}
	if removed, err := s.Retain(); err != nil || len(removed) != 3 {
		t.Fatalf("without a mark: removed %v, %v", removed, err)
	}
}

func TestRetainTellsEqualMarksApartByTheirHash(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 900)
	other := taken(t, s, 5, 901)
	removed, err := s.Retain(other)
	must(t, err)
	if len(removed) != 1 || removed[0] != finalName(mark.Mark, mark.FileHash) {
		t.Fatalf("removed %v", removed)
	}
	mustHold(t, s, other, 901)
}

// E3, E10.
func TestRetainSparesWhatIsInTheMaking(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	from, fetched := prepared(t)
	nothing := func() {
		t.Helper()
		if removed, err := s.Retain(); err != nil || len(removed) > 0 {
			t.Fatalf("removed %v, %v", removed, err)
		}
	}
	w, err := s.Create(headerAt(9), nil)
	must(t, err)
	r, err := s.Receive(fetched, nil)
	must(t, err)
	nothing()
	_, err = w.Write(imageOf(9, 2000))
	must(t, err)
	must(t, send(from, r, 3))
	nothing()
	mark, err := w.Commit()
	must(t, err)
	must(t, send(from, r, everything))
	nothing()
	_, err = r.Commit()
	must(t, err)
	nothing() // both are whole, and no journal can have named them yet
	mustHold(t, s, mark, 2000)
	mustHold(t, s, fetched, receivedSize)
	must(t, w.Close())
	must(t, r.Close())
	nothing()
	if removed, err := s.Retain(mark, fetched); err != nil || len(removed) > 0 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	removed, err := s.Retain(fetched)
	must(t, err)
	if len(removed) != 1 || removed[0] != finalName(mark.Mark, mark.FileHash) {
		t.Fatalf("removed %v", removed)
	}
}

// E3, E7: the remover is slow; its list is from before the snapshot.
func TestAnOldListDoesNotRemoveANewSnapshot(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	from, fetched := prepared(t)
	first := taken(t, s, 5, 900)
	if removed, err := s.Retain(first); err != nil || len(removed) > 0 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	second := taken(t, s, 6, 900)
	must(t, receive(from, s))
	for range 2 { // old lists
		if removed, err := s.Retain(first); err != nil || len(removed) > 0 {
			t.Fatalf("removed %v, %v", removed, err)
		}
	}
	if removed, err := s.Retain(second, fetched); err != nil || len(removed) != 1 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if removed, err := s.Retain(fetched); err != nil || len(removed) != 1 { // named once, the list is what counts
		t.Fatalf("removed %v, %v", removed, err)
	}
	mustHold(t, s, fetched, receivedSize)
}

// TestACompleteSnapshotThatIsNeverNamedGivesWayToLaterOnes: the journal came to name others, of other nodes.
func TestACompleteSnapshotThatIsNeverNamedGivesWayToLaterOnes(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	var last raftlog.SnapshotMark
	for index := raftlog.Index(5); index < 15; index++ {
		last = taken(t, s, index, 900)
		_, err := s.Retain()
		must(t, err)
	}
	if found := names(t, s); len(found) != completedCount {
		t.Fatalf("left %v", found)
	}
	removed, err := s.Retain(last) // a list that names a later one is not older than this one
	if found := names(t, s); err != nil || len(removed) != 1 || len(found) != 1 {
		t.Fatalf("removed %v, left %v, %v", removed, found, err)
	}
	if removed, err = s.Retain(); err != nil || len(removed) != 1 {
		t.Fatalf("removed %v, %v", removed, err)
	}
}

// E6.
func TestTheSnapshotBeforeStandsInForADamagedOne(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	previous, inForce := taken(t, s, 5, 2000), taken(t, s, 6, 2000)
	_, err := s.Retain(inForce, previous)
	must(t, err)
	name := finalName(inForce.Mark, inForce.FileHash)
	content := contentOf(t, s.fs, name)
	content[1000] ^= 1
	put(t, s.fs, name, content)
	_, err = imageIn(s, inForce)
	wantCorruption(t, err)
	mustHold(t, s, previous, 2000)
}

func TestRetainWithNothingToRemoveTouchesNothing(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	mark := taken(t, s, 5, 900)
	m.SetFault(func(op vfs.Op, _ string) error {
		if op.Changes() {
			return errors.New("a change")
		}
		return nil
	})
	removed, err := s.Retain(mark)
	if err != nil || removed != nil {
		t.Fatalf("removed %v, %v", removed, err)
	}
}

func TestListTellsWhatIsThere(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 900)
	put(t, s.fs, writingName(raftlog.Mark{Term: 1, Index: 8}), nil)
	put(t, s.fs, receivingName(raftlog.Mark{Term: 2, Index: 3}, 4), nil)
	put(t, s.fs, "notes.txt", nil)
	found, err := s.List()
	must(t, err)
	want := []Found{
		{Kind: Receiving, Mark: raftlog.Mark{Term: 2, Index: 3}, FileHash: 4},
		{Kind: Whole, Mark: mark.Mark, FileHash: mark.FileHash},
		{Kind: Writing, Mark: raftlog.Mark{Term: 1, Index: 8}},
	}
	for i := range found {
		if !strings.HasSuffix(found[i].Name, "."+found[i].Kind.String()) {
			t.Errorf("%s is %v", found[i].Name, found[i].Kind)
		}
		found[i].Name = ""
	}
	if !slices.Equal(found, want) {
		t.Fatalf("found %+v", found)
	}
}

// E12: TestSnapshotsComeAndGoWhileOneIsSent runs all users of a store at once; the race detector watches.
func TestSnapshotsComeAndGoWhileOneIsSent(t *testing.T) {
	const rounds = 30
	leader, follower := newStore(t, vfs.NewMemory()), newStore(t, vfs.NewMemory())
	announced := make(chan *File) // open: what is announced is taken up however old it is by then
	var group sync.WaitGroup
	group.Go(func() { // the leader's snapshotter
		defer close(announced)
		var previous raftlog.SnapshotMark
		for i := range raftlog.Index(rounds) {
			w, err := leader.Create(headerAt(100+i), nil)
			if err == nil {
				_, err = w.Write(imageOf(100+i, receivedSize))
			}
			if err != nil {
				t.Error(err)
				return
			}
			mark, err := w.Commit()
			if err == nil {
				_, err = leader.Retain(mark, previous)
			}
			previous = mark
			f, openErr := leader.Open(mark)
			if err = errors.Join(err, w.Close(), openErr); err != nil {
				t.Error(err)
				return
			}
			announced <- f
		}
	})
	group.Go(func() { // a sender, and the follower's receiver
		for f := range announced {
			err := receive(f, follower)
			if err == nil {
				image, imageErr := f.Image(nil)
				if err = imageErr; err == nil {
					_, err = io.Copy(io.Discard, image)
				}
			}
			if err = errors.Join(err, f.Close()); err != nil {
				t.Error(err)
			}
		}
	})
	group.Go(func() { // the follower's own snapshots
		for i := range raftlog.Index(rounds) {
			if _, err := take(follower, 900+i, 900, nil); err != nil {
				t.Error(err)
			}
			if _, err := follower.Retain(); err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
	for _, s := range []*Store{leader, follower} {
		if len(s.claims) > 0 {
			t.Errorf("claims are left: %v", s.claims)
		}
		found, err := s.List()
		must(t, err)
		for _, f := range found {
			if f.Kind != Whole {
				t.Errorf("left %s", f.Name)
			}
		}
	}
}
