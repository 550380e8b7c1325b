package keyspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
)

func wantReleased(t *testing.T, image *Frozen) {
	t.Helper()
	if n, err := image.WriteTo(io.Discard); n != 0 || !errors.Is(err, ErrReleased) {
		t.Fatalf("%d bytes, %v", n, err)
	}
}

func TestReleasedImageWritesNothing(t *testing.T) {
	image := sampleSpace().Freeze()
	image.Release()
	image.Release()
	wantReleased(t, &image)
}

// TestAnImageIsWrittenOnce, also when the writer fails: the image has released a part then.
func TestAnImageIsWrittenOnce(t *testing.T) {
	s := sampleSpace()
	image := s.Freeze()
	var whole bytes.Buffer
	if _, err := image.WriteTo(&whole); err != nil {
		t.Fatal(err)
	}
	wantReleased(t, &image)
	for _, room := range []int{0, headerBytes, whole.Len() - 1} {
		image := s.Freeze()
		out := &limitedWriter{room: room, err: io.ErrShortWrite}
		if _, err := image.WriteTo(out); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		wantReleased(t, &image)
	}
	if !bytes.Equal(s.imageBytes(t), whole.Bytes()) {
		t.Fatal("the space's own state changed")
	}
}

// heapAtSections notes how much memory is in use whenever a section comes.
type heapAtSections struct{ inUse []uint64 }

func (h *heapAtSections) Write(p []byte) (int, error) {
	if len(p) >= sectionBytes {
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		h.inUse = append(h.inUse, memory.HeapAlloc)
	}
	return len(p), nil
}

// E11: TestImageReleasesWhatItWrote replaces all values behind a freeze, so that only the image holds the old ones,
// and looks how much is left of them while it is written.
func TestImageReleasesWhatItWrote(t *testing.T) {
	const keys, valueBytes = 10_000, 1 << 10
	s := emptySpace()
	fill := func(with byte) {
		value := bytes.Repeat([]byte{with}, valueBytes)
		for i := range keys {
			s.Set(fmt.Appendf(nil, "key %d", i), value)
		}
	}
	fill('a')
	image := s.Freeze()
	fill('b')
	var heap heapAtSections
	if _, err := image.WriteTo(&heap); err != nil {
		t.Fatal(err)
	}
	first, last := heap.inUse[0], heap.inUse[len(heap.inUse)-1]
	if want := uint64(keys * valueBytes / 2); first < last+want {
		t.Fatalf("%d bytes in use at the first of %d sections, %d at the last: less than %d bytes were let go of",
			first, len(heap.inUse), last, want)
	}
	runtime.KeepAlive(s)
}
