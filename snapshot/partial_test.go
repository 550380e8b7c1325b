package snapshot

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// announcedAt is the mark of a file that somebody else has, of which nothing more is known.
func announcedAt(index raftlog.Index) raftlog.SnapshotMark {
	return raftlog.SnapshotMark{Mark: raftlog.Mark{Term: 3, Index: index}, FileHash: uint64(index), FileBytes: 90000}
}

// E14: a follower is slower than the leader makes snapshots. Each transfer is
// begun, and ends when the leader retires the file; the follower has no snapshot of its own, so nothing ever retires
// what these transfers leave behind. The parts must not fill the disk.
func TestTransfersThatNeverEndLeaveOnePartOnly(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	own := taken(t, s, 5, 900)
	for index := raftlog.Index(100); index < 110; index++ {
		r, err := s.Receive(announcedAt(index), nil)
		must(t, err)
		must(t, r.Close())
	}
	want := []string{finalName(own.Mark, own.FileHash), receivingName(announcedAt(109).Mark, 109)}
	if found := names(t, s); !slices.Equal(found, want) {
		t.Fatalf("left %v, want %v", found, want)
	}
	if found := names(t, newStore(t, m.Crash(vfs.LoseAll))); !slices.Equal(found, want) {
		t.Fatalf("after power loss %v, want %v", found, want)
	}
}

// F18: with a full disk, what an abandoned transfer holds is the space
// that the next one needs.
func TestAnAbandonedPartMakesRoomForTheNextTransfer(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	r, err := s.Receive(announcedAt(100), nil)
	must(t, err)
	must(t, r.Close())
	full := true
	m.SetFault(func(op vfs.Op, _ string) error {
		switch {
		case op == vfs.OpRemove:
			full = false
		case full && op == vfs.OpCreate:
			return syscall.ENOSPC
		}
		return nil
	})
	r, err = s.Receive(announcedAt(101), nil)
	if err != nil {
		t.Fatalf("the abandoned part keeps the disk full: %v", err)
	}
	must(t, r.Close())
}

func TestAPartThatIsBeingReceivedIsNotGivenUpForAnother(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	from, mark := prepared(t)
	first, err := s.Receive(mark, nil)
	must(t, err)
	must(t, send(from, first, 2))
	second, err := s.Receive(announcedAt(400), nil)
	must(t, err)
	must(t, errors.Join(send(from, first, everything), second.Close()))
	_, err = first.Commit()
	must(t, errors.Join(err, first.Close()))
	mustHold(t, s, mark, receivedSize)
}
