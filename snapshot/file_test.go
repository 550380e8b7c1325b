package snapshot

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/raftredis/raftredis/internal/vfs"
)

func TestChunksFromEveryOffsetAreTheFile(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3*512+100)
	whole := contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash))
	f := sender(t, s, mark)
	buffer := make([]byte, MaxChunkBytes)
	for offset := range whole {
		chunk, err := f.Chunk(int64(offset), buffer)
		must(t, err)
		if len(chunk) == 0 || len(chunk) > MaxChunkBytes || !bytes.Equal(chunk, whole[offset:offset+len(chunk)]) {
			t.Fatalf("the chunk at %d of %d bytes is not what is there", offset, len(chunk))
		}
	}
	if chunk, err := f.Chunk(int64(len(whole)), nil); len(chunk) > 0 || err != nil {
		t.Fatalf("behind the end: %d bytes, %v", len(chunk), err)
	}
	for _, offset := range []int64{-1, int64(len(whole)) + 1} {
		if _, err := f.Chunk(offset, nil); err == nil {
			t.Fatalf("a chunk at %d", offset)
		}
	}
}

// F25.
func TestASpoiltBlockIsNotSent(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3*512+100)
	f := sender(t, s, mark)
	name := finalName(mark.Mark, mark.FileHash)
	whole := contentOf(t, s.fs, name)
	spoilt := f.frames.begin(2) + 100
	whole[spoilt] ^= 4
	put(t, s.fs, name, whole)
	for number := range f.frames.footer() + 1 {
		_, err := f.Chunk(f.frames.begin(number), nil)
		if number != 2 {
			must(t, err)
			continue
		}
		if c := wantCorruption(t, err); c.Offset != f.frames.begin(2) {
			t.Fatalf("reported at %d", c.Offset)
		}
	}
}

// E12.
func TestAnOpenFileOutlivesItsName(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"memory": vfs.NewMemory(), "system": vfs.OS()} {
		t.Run(name, func(t *testing.T) {
			directory := testDirectory
			if name == "system" {
				directory = t.TempDir()
			}
			s, err := NewStore(fsys, directory)
			must(t, err)
			mark := taken(t, s, 5, 100<<10)
			f := sender(t, s, mark)
			image, err := f.Image(nil)
			must(t, err)
			newer := taken(t, s, 6, 10)
			removed, err := s.Retain(newer)
			must(t, err)
			if len(removed) != 1 {
				t.Fatalf("removed %v", removed)
			}
			content, err := io.ReadAll(image)
			must(t, err)
			if !bytes.Equal(content, imageOf(5, 100<<10)) {
				t.Fatal("the image changed when its name went")
			}
			must(t, f.Verify(nil))
			_, err = f.Chunk(0, nil)
			must(t, err)
		})
	}
}

func TestTheImageReaderIsAReader(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	for _, size := range []int{0, 1, 512, 1700} {
		mark := taken(t, s, 5, size)
		image, err := sender(t, s, mark).Image(nil)
		must(t, err)
		must(t, iotest.TestReader(image, imageOf(5, size)))
	}
}

// TestAFileThatChangesUnderItsReaderNeverEnds: the first reading finds the file whole, the second one does not. Bytes
// before the damage may be returned, none from the damaged block, and never io.EOF.
func TestAFileThatChangesUnderItsReaderNeverEnds(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3*512+100)
	name := finalName(mark.Mark, mark.FileHash)
	whole := contentOf(t, s.fs, name)
	for at := 0; at < len(whole); at += 3 {
		put(t, s.fs, name, whole)
		f := sender(t, s, mark)
		image, err := f.Image(nil)
		must(t, err)
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		put(t, s.fs, name, damaged)
		got, err := io.ReadAll(image)
		wantCorruption(t, err)
		if !bytes.HasPrefix(imageOf(5, 3*512+100), got) {
			t.Fatalf("byte %d was damaged: unverified bytes were returned", at)
		}
		if block := f.frames.find(int64(at)); block > 0 && int64(len(got)) > (block-1)*512 {
			t.Fatalf("byte %d was damaged, in block %d: %d bytes were returned", at, block, len(got))
		}
	}
	put(t, s.fs, name, whole)
	image, err := sender(t, s, mark).Image(nil)
	must(t, err)
	put(t, s.fs, name, whole[:700])
	if _, err := io.ReadAll(image); !strings.Contains(wantCorruption(t, err).Reason, "was longer a moment ago") {
		t.Fatalf("a file that was cut under its reader: %v", err)
	}
}

func TestErrorsOfTheDiskAreNotTakenForDamage(t *testing.T) {
	m := vfs.NewMemory()
	s := newStore(t, m)
	mark := taken(t, s, 5, 3000)
	for fail := 1; ; fail++ {
		reads := 0
		m.SetFault(func(op vfs.Op, _ string) error {
			if op == vfs.OpRead {
				if reads++; reads == fail {
					return syscall.EIO
				}
			}
			return nil
		})
		_, err := imageIn(s, mark)
		if err == nil {
			if fail < 10 {
				t.Fatalf("only %d reads", fail-1)
			}
			break
		}
		if !errors.Is(err, syscall.EIO) || errors.As(err, new(*CorruptionError)) {
			t.Fatalf("read %d fails: %v", fail, err)
		}
	}
}

func TestACopyIsTheFile(t *testing.T) {
	s := newStore(t, vfs.NewMemory())
	mark := taken(t, s, 5, 3000)
	f := sender(t, s, mark)
	var backup bytes.Buffer
	n, err := f.WriteTo(&backup)
	must(t, err)
	whole := contentOf(t, s.fs, finalName(mark.Mark, mark.FileHash))
	if n != int64(mark.FileBytes) || !bytes.Equal(backup.Bytes(), whole) {
		t.Fatalf("the copy of %d bytes is another file", n)
	}
	must(t, readAll(t, backup.Bytes()))
	full := errors.New("no space for the backup")
	if _, err := f.WriteTo(failingWriter{full}); !errors.Is(err, full) {
		t.Fatalf("the copy cannot be written: %v", err)
	}
	if err := f.Verify(func(int) error { return full }); !errors.Is(err, full) {
		t.Fatalf("the pace ends a verification: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write(p []byte) (int, error) { return 0, w.err }

func TestInspectDescribesAFileAndNamesEveryDamagedBlock(t *testing.T) {
	whole := sample(t)
	m := vfs.NewMemory()
	put(t, m, "file", whole)
	var out strings.Builder
	must(t, Inspect(m, testDirectory+"/file", &out))
	for _, want := range []string{
		testDirectory + "/file: 1834 bytes", "version        2", "mark           index 5 term 1",
		"cluster        1122334455667788 seed 99aabbccddeeff00", "stamp 1005 offset -9 level 1", "configuration  22 bytes",
		"blocks         4 of 512 bytes", "file hash      ", "whole  ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
	for _, number := range []int64{1, 3} {
		begin, _ := frameOf(t, whole, number)
		whole[begin+20]++
	}
	put(t, m, "file", whole)
	out.Reset()
	must(t, Inspect(m, testDirectory+"/file", &out))
	for _, want := range []string{"block 1 of 4 does not", "block 3 of 4 does not", "damaged        2 of 4 blocks"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}
