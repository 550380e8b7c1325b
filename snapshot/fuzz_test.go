package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
)

// readerAllocationBytes bounds what all ways of reading a file allocate together, whatever the file claims.
const readerAllocationBytes = 8 * MaxChunkBytes

// sealable reports whether resealed may be asked for these bytes.
func sealable(b []byte) bool {
	if len(b) < fixedHeaderBytes+checksumBytes+footerBytes {
		return false
	}
	headerBytes := uint64(binary.LittleEndian.Uint32(b[12:]))
	return headerBytes >= fixedHeaderBytes+checksumBytes && headerBytes+footerBytes <= uint64(len(b))
}

// FuzzE16_AnyBytesAreASnapshotOrAnError gives the readers any bytes, as they are, and under right checksums.
func FuzzE16_AnyBytesAreASnapshotOrAnError(f *testing.F) {
	whole := sample(f)
	f.Add(whole, false)
	f.Add(whole, true)
	f.Add(whole[:len(whole)-1], true)
	f.Add(whole[:150], false)
	f.Add([]byte(magic), false)
	for _, at := range []int{8, 12, 13, 20, 21, 76, 106, 108, len(whole) - 28, len(whole) - 20} {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x81
		f.Add(changed, true)
	}
	f.Fuzz(func(t *testing.T, content []byte, reseal bool) {
		if reseal && sealable(content) {
			content = resealed(content)
		}
		m := vfs.NewMemory()
		put(t, m, "file", content)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := readAllOf(t, m)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > readerAllocationBytes+8*uint64(len(content)) {
			t.Fatalf("%d bytes were allocated for a file of %d", allocated, len(content))
		}
		if err != nil && !errors.As(err, new(*CorruptionError)) && !errors.Is(err, ErrVersion) {
			t.Fatalf("neither a snapshot nor a known error: %v", err)
		}
	})
}

// FuzzE16_AnyBytesAreTheAnnouncedSnapshotOrRefused gives a receiver any bytes instead of the announced file.
func FuzzE16_AnyBytesAreTheAnnouncedSnapshotOrRefused(f *testing.F) {
	from := newStore(f, vfs.NewMemory())
	mark := taken(f, from, 5, 3*512+100)
	whole := sample(f)
	f.Add(whole, uint16(len(whole)), false)
	f.Add(whole, uint16(7), false)
	for _, at := range []int{0, 12, 20, 30, 80, 110, 700, len(whole) - 10} {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x81
		f.Add(changed, uint16(400), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, cut uint16, reseal bool) {
		if reseal && sealable(content) {
			content = resealed(content)
		}
		s := newStore(t, vfs.NewMemory())
		r, err := s.Receive(mark, nil)
		must(t, err)
		for rest := content; len(rest) > 0 && err == nil; {
			chunk := rest[:min(len(rest), int(cut)+1)]
			rest = rest[len(chunk):]
			err = r.Write(r.Offset(), chunk)
		}
		if err != nil && !errors.Is(err, ErrRefused) {
			t.Fatalf("neither taken nor refused: %v", err)
		}
		if r.Done() {
			_, err := r.Commit()
			must(t, err)
			if !bytes.HasPrefix(content, whole) {
				t.Fatal("other bytes passed for the announced file")
			}
		}
		must(t, r.Close())
		removed, err := s.Retain(mark)
		must(t, err)
		if len(removed) > 0 {
			t.Fatalf("removed %v", removed)
		}
	})
}
