package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
	"github.com/raftredis/raftredis/wal/raftlog"
)

const receivedSize = 5*512 + 77

// prepared is a leader's store with a snapshot.
func prepared(t testing.TB) (*File, raftlog.SnapshotMark) {
	t.Helper()
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 300, receivedSize)
	return sender(t, s, mark), mark
}

func wholeOf(t testing.TB, f *File) []byte {
	t.Helper()
	var whole bytes.Buffer
	_, err := f.WriteTo(&whole)
	must(t, err)
	return whole.Bytes()
}

func TestAReceivedSnapshotIsTheSameFile(t *testing.T) {
	from, mark := prepared(t)
	s := newStore(t, vfs.NewMemory())
	r, err := s.Receive(mark, nil)
	must(t, err)
	if r.Offset() != 0 || r.Done() {
		t.Fatalf("it begins at %d", r.Offset())
	}
	must(t, send(from, r, everything))
	if !r.Done() || r.Offset() != int64(mark.FileBytes) {
		t.Fatalf("all was sent, and it is at %d of %d", r.Offset(), mark.FileBytes)
	}
	if _, err := s.Open(mark); err == nil {
		t.Fatal("it has its name before it was committed")
	}
	header, err := r.Commit()
	must(t, err)
	if fmt.Sprint(header) != fmt.Sprint(from.Header()) {
		t.Fatalf("the header is %+v", header)
	}
	must(t, r.Close())
	mustHold(t, s, mark, receivedSize)
	if !bytes.Equal(contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash)), wholeOf(t, from)) {
		t.Fatal("it is another file")
	}
	if found := names(t, s); len(found) != 1 {
		t.Fatalf("left %v", found)
	}
}

func TestChunksMayBeCutAnywhere(t *testing.T) {
	from, mark := prepared(t)
	whole := wholeOf(t, from)
	for _, cut := range []int{1, 3, 19, 20, 21, 511, 700, 5000} {
		s := newStore(t, vfs.NewMemory())
		r, err := s.Receive(mark, nil)
		must(t, err)
		for chunk := range slices.Chunk(whole, cut) {
			must(t, r.Write(r.Offset(), chunk))
		}
		_, err = r.Commit()
		must(t, err)
		must(t, r.Close())
		mustHold(t, s, mark, receivedSize)
	}
}

// E8.
func TestATransferGoesOnAfterEveryChunk(t *testing.T) {
	from, mark := prepared(t)
	chunks := int(from.frames.footer()) + 1
	for first := range chunks + 1 {
		m := vfs.NewMemory()
		s := newStore(t, m)
		r, err := s.Receive(mark, nil)
		must(t, err)
		must(t, send(from, r, first))
		reached := r.Offset()
		if first%2 == 0 { // the connection breaks; or, without a Close, the process
			must(t, r.Close())
		} else {
			s = newStore(t, m.Kill())
		}
		r, err = s.Receive(mark, nil)
		must(t, err)
		if r.Offset() != reached {
			t.Fatalf("after %d chunks it goes on at %d, not at %d", first, r.Offset(), reached)
		}
		must(t, send(from, r, everything))
		_, err = r.Commit()
		must(t, err)
		must(t, r.Close())
		mustHold(t, s, mark, receivedSize)
	}
}

// E8.
func TestWhatFollowsTheLastSoundFrameIsCutOff(t *testing.T) {
	from, mark := prepared(t)
	whole := wholeOf(t, from)
	for name, tail := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, 300), "half a frame": whole[from.frames.begin(3):][:300],
		"a frame of zeros": make([]byte, 524), "more than the file has": make([]byte, 9000), "another part": whole,
	} {
		s := newStore(t, vfs.NewMemory())
		sound := from.frames.begin(3)
		put(t, s.fs, receivingName(mark.Mark, mark.FileHash), slices.Concat(whole[:sound], tail))
		r, err := s.Receive(mark, nil)
		must(t, err)
		if size := int64(len(contentOf(t, s.fs, r.temporary))); r.Offset() != sound || size != sound {
			t.Fatalf("%s: it goes on at %d in a file of %d bytes, want %d", name, r.Offset(), size, sound)
		}
		must(t, send(from, r, everything))
		_, err = r.Commit()
		must(t, err)
		must(t, r.Close())
		mustHold(t, s, mark, receivedSize)
	}
}

// E8.
func TestPowerLossTakesLittleOfATransfer(t *testing.T) {
	from, mark := prepared(t)
	m := vfs.NewMemory()
	s := newStore(t, m)
	syncs := 0
	m.SetFault(func(op vfs.Op, _ string) error {
		if op == vfs.OpSync {
			syncs++
		}
		return nil
	})
	r, err := s.Receive(mark, nil)
	must(t, err)
	must(t, send(from, r, 6))
	if syncs != 1 {
		t.Fatalf("%d syncs", syncs)
	}
	r, err = newStore(t, m.Crash(vfs.LoseAll)).Receive(mark, nil)
	must(t, err)
	if r.Offset() < testLimits().syncBytes {
		t.Fatalf("it goes on at %d", r.Offset())
	}
	must(t, r.Close())
}

func TestATransferGoesOnWithAnotherNode(t *testing.T) {
	first, mark := prepared(t)
	second, same := prepared(t)
	if !sameSnapshot(mark, same) {
		t.Fatal("two replicas made different files")
	}
	s := newStore(t, vfs.NewMemory())
	r, err := s.Receive(mark, nil)
	must(t, err)
	must(t, send(first, r, 3))
	must(t, send(second, r, everything))
	_, err = r.Commit()
	must(t, err)
	must(t, r.Close())
	mustHold(t, s, mark, receivedSize)
}

func TestABrokenFrameIsRefusedAndTheTransferBeginsAnew(t *testing.T) {
	from, mark := prepared(t)
	whole := wholeOf(t, from)
	for at := 0; at < len(whole); at += 5 {
		s := newStore(t, vfs.NewMemory())
		r, err := s.Receive(mark, nil)
		must(t, err)
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		if err := r.Write(0, damaged); !errors.Is(err, ErrRefused) {
			t.Fatalf("byte %d was damaged: %v", at, err)
		}
		if r.Offset() != 0 || len(contentOf(t, s.fs, r.temporary)) != 0 {
			t.Fatalf("byte %d was damaged: it goes on at %d", at, r.Offset())
		}
		must(t, send(from, r, everything))
		_, err = r.Commit()
		must(t, err)
		must(t, r.Close())
		mustHold(t, s, mark, receivedSize)
	}
}

func TestOtherChunksThanTheNextAreRefused(t *testing.T) {
	from, mark := prepared(t)
	s := newStore(t, vfs.NewMemory())
	r, err := s.Receive(mark, nil)
	must(t, err)
	must(t, send(from, r, 2))
	for _, offset := range []int64{0, r.Offset() - 1, r.Offset() + 1} {
		if err := r.Write(offset, []byte("bytes")); !errors.Is(err, ErrRefused) {
			t.Fatalf("a chunk at %d: %v", offset, err)
		}
	}
	if _, err := r.Commit(); err == nil {
		t.Fatal("half a file was committed")
	}
	must(t, send(from, r, everything))
	if err := r.Write(r.Offset(), []byte{1}); !errors.Is(err, ErrRefused) || !r.Done() {
		t.Fatalf("a byte behind the end: %v", err)
	}
	_, err = r.Commit()
	must(t, err)
	if err := r.Write(r.Offset(), []byte{1}); !errors.Is(err, errClosed) {
		t.Fatalf("a byte after the commit: %v", err)
	}
	must(t, r.Close())
	mustHold(t, s, mark, receivedSize)
}

func TestAnotherSnapshotThanTheAnnouncedIsRefused(t *testing.T) {
	from, mark := prepared(t)
	for name, change := range map[string]func(*raftlog.SnapshotMark){
		"index": func(m *raftlog.SnapshotMark) { m.Index++ }, "term": func(m *raftlog.SnapshotMark) { m.Term++ },
		"configuration": func(m *raftlog.SnapshotMark) { m.Configuration = []byte("others") },
		"longer":        func(m *raftlog.SnapshotMark) { m.FileBytes++ },
		"shorter":       func(m *raftlog.SnapshotMark) { m.FileBytes-- },
		"no size":       func(m *raftlog.SnapshotMark) { m.FileBytes = 0 },
	} {
		s := newStore(t, vfs.NewMemory())
		announced := mark
		change(&announced)
		r, err := s.Receive(announced, nil)
		must(t, err)
		if err := send(from, r, everything); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if r.Done() {
			t.Errorf("%s: it is complete", name)
		}
		must(t, r.Close())
	}
}

// E9: every frame is sound, the header is the announced one, and yet it
// is another file: the sender's state differs from that of the node that announced it.
func TestAFileWithAnotherHashIsRefusedAndBegunAnew(t *testing.T) {
	from, mark := prepared(t)
	diverged := newStore(t, vfs.NewMemory())
	w, err := diverged.Create(headerAt(300), nil)
	must(t, err)
	image := imageOf(300, receivedSize)
	image[0]++
	_, err = w.Write(image)
	must(t, err)
	other, err := w.Commit()
	must(t, err)
	must(t, w.Close())

	s := newStore(t, vfs.NewMemory())
	r, err := s.Receive(mark, nil)
	must(t, err)
	if err := send(sender(t, diverged, other), r, everything); !errors.Is(err, ErrRefused) || r.Offset() != 0 || r.Done() {
		t.Fatalf("it was not refused: %v at %d", err, r.Offset())
	}
	must(t, r.Close())
	r, err = s.Receive(mark, nil)
	must(t, err)
	if r.Offset() != 0 {
		t.Fatalf("bytes of the other file are kept: %d", r.Offset())
	}
	must(t, send(sender(t, diverged, other), r, 4)) // some of the other, then the announced one
	if err := send(from, r, everything); !errors.Is(err, ErrRefused) || r.Offset() != 0 {
		t.Fatalf("a mixture was not refused: %v at %d", err, r.Offset())
	}
	must(t, send(from, r, everything))
	_, err = r.Commit()
	must(t, err)
	must(t, r.Close())
	mustHold(t, s, mark, receivedSize)
}

func TestLimits_OfTheReceiver(t *testing.T) {
	from, mark := prepared(t)
	s := newStore(t, vfs.NewMemory())
	s.limits.fileBytes = int64(mark.FileBytes)
	must(t, receive(from, s))
	s.limits.fileBytes--
	if _, err := s.Receive(mark, nil); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a file of %d bytes, limit %d: %v", mark.FileBytes, s.limits.fileBytes, err)
	}
	fresh, err := NewStore(vfs.NewMemory(), testDirectory)
	must(t, err)
	for bytes, want := range map[uint64]error{MaxFileBytes: nil, MaxFileBytes + 1: ErrTooLarge, 1 << 63: ErrTooLarge} {
		large := mark
		large.FileBytes = bytes
		r, err := fresh.Receive(large, nil)
		if !errors.Is(err, want) {
			t.Fatalf("a file of %d bytes: %v", bytes, err)
		}
		if err == nil {
			must(t, r.Close())
		}
	}
	large := mark
	large.Configuration = make([]byte, MaxConfigurationBytes+1)
	if _, err := s.Receive(large, nil); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a large configuration: %v", err)
	}
	r, err := fresh.Receive(mark, nil)
	must(t, err)
	defer r.Close()
	if _, err := fresh.Receive(mark, nil); !errors.Is(err, ErrBusy) {
		t.Fatalf("the same snapshot from two nodes at once: %v", err)
	}
}

func TestTheReceiversPaceMayEndItAndThePartStays(t *testing.T) {
	from, mark := prepared(t)
	stop := errors.New("the node stops")
	m := vfs.NewMemory()
	for after := 0; ; after++ {
		s := newStore(t, m)
		calls := 0
		r, err := s.Receive(mark, func(int) error {
			if calls++; calls > after {
				return stop
			}
			return nil
		})
		if err == nil {
			err = send(from, r, everything)
			if err == nil {
				_, err = r.Commit()
			}
			must(t, errors.Join(r.Close()))
		}
		if err == nil {
			mustHold(t, s, mark, receivedSize)
			return
		}
		if !errors.Is(err, stop) || after > 100 {
			t.Fatalf("stopped after %d frames: %v", after, err)
		}
	}
}

// E9.
func TestAWholePartOfAnotherFileIsNotTakenUp(t *testing.T) {
	from, mark := prepared(t)
	s := newStore(t, vfs.NewMemory())
	begin, end := from.frames.begin(1), from.frames.begin(2)
	other := wholeOf(t, from)
	other[end-1]++ // all checksums agree with it, and then the hash in the footer as well
	other = resealed(other)
	for name, hash := range map[string]uint64{"its hash is wrong": mark.FileHash, "its hash is another": hashOf(other)} {
		binary.LittleEndian.PutUint64(other[len(other)-12:], hash)
		put(t, s.fs, receivingName(mark.Mark, mark.FileHash), resealed(other))
		r, err := s.Receive(mark, nil)
		must(t, err)
		if r.Offset() != 0 || r.Done() {
			t.Fatalf("%s (block 1 is at %d): it goes on at %d", name, begin, r.Offset())
		}
		must(t, send(from, r, everything))
		_, err = r.Commit()
		must(t, err)
		must(t, r.Close())
		mustHold(t, s, mark, receivedSize)
	}
}

// hashOf is what a footer should say.
func hashOf(content []byte) uint64 {
	sum := sha256.Sum256(content[:len(content)-12])
	return binary.LittleEndian.Uint64(sum[:])
}

// E14: the first sender's header passes for the announced one,
// for it has its mark and configuration; no frame of the right file fits behind it.
func TestAHeaderOfAnotherStateDoesNotBlockTheAnnouncedFile(t *testing.T) {
	from, mark := prepared(t)
	diverged := newStore(t, vfs.NewMemory())
	header := headerAt(300)
	header.StateHash++
	w, err := diverged.Create(header, nil)
	must(t, err)
	_, err = w.Write(imageOf(300, receivedSize))
	must(t, err)
	other, err := w.Commit()
	must(t, err)
	must(t, w.Close())
	m := vfs.NewMemory()
	r, err := newStore(t, m).Receive(mark, nil)
	must(t, err)
	must(t, send(sender(t, diverged, other), r, 3))
	s := newStore(t, m.Kill())
	r, err = s.Receive(mark, nil)
	must(t, err)
	if err := send(from, r, everything); !errors.Is(err, ErrRefused) {
		t.Fatalf("a mixture was not refused: %v", err)
	}
	must(t, send(from, r, everything))
	_, err = r.Commit()
	must(t, err)
	must(t, r.Close())
	mustHold(t, s, mark, receivedSize)
}

// E8: TestRandomTransfersEndInTheSameFile has bad frames, broken connections, restarts and power loss.
func TestRandomTransfersEndInTheSameFile(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	for _, seed := range chosen(t, seeds) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { randomTransfer(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func randomTransfer(t *testing.T, random *rand.Rand) {
	from, mark := prepared(t)
	whole := wholeOf(t, from)
	m := vfs.NewMemory()
	s := newStore(t, m)
	r, err := s.Receive(mark, nil)
	must(t, err)
	for step := 0; !r.Done(); step++ {
		if step > 10000 {
			t.Fatal("no end in 10000 steps")
		}
		switch random.IntN(12) {
		case 0:
			must(t, r.Close())
			r, err = s.Receive(mark, nil)
		case 1:
			m = m.Kill()
			s = newStore(t, m)
			r, err = s.Receive(mark, nil)
		case 2:
			m = m.Crash(random.IntN)
			s = newStore(t, m)
			r, err = s.Receive(mark, nil)
		case 3:
			noise := bytes.Clone(whole[r.Offset():])
			noise[random.IntN(len(noise))] ^= 1 << random.IntN(8)
			if err := r.Write(r.Offset(), noise); !errors.Is(err, ErrRefused) {
				t.Fatalf("noise: %v", err)
			}
		default:
			rest := whole[r.Offset():]
			err = r.Write(r.Offset(), rest[:random.IntN(min(len(rest), 900))+1])
		}
		must(t, err)
	}
	_, err = r.Commit()
	must(t, err)
	after := newStore(t, m.Crash(vfs.LoseAll))
	mustHold(t, after, mark, receivedSize)
	if left := names(t, after); len(left) != 1 || !strings.HasSuffix(left[0], ".snapshot") {
		t.Fatalf("left %v", left)
	}
}
