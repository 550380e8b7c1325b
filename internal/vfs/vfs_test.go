package vfs

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// eachFS runs a test on both implementations: what holds for one must hold for the other.
func eachFS(t *testing.T, test func(t *testing.T, f FS, root string)) {
	t.Run("os", func(t *testing.T) { test(t, OS(), t.TempDir()) })
	t.Run("memory", func(t *testing.T) { test(t, NewMemory(), "/") })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, f FS, path, contents string) File {
	t.Helper()
	file, err := f.Open(path, true)
	must(t, err)
	_, err = file.WriteAt([]byte(contents), 0)
	must(t, err)
	return file
}

func contents(t *testing.T, f FS, path string) string {
	t.Helper()
	file, err := f.Open(path, false)
	must(t, err)
	size, err := file.Size()
	must(t, err)
	p := make([]byte, size)
	if _, err := file.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	must(t, file.Close())
	return string(p)
}

func TestWritesAndNamesAreVisibleAtOnce(t *testing.T) {
	eachFS(t, func(t *testing.T, f FS, root string) {
		directory := filepath.Join(root, "a", "b")
		must(t, f.MkdirAll(directory))
		must(t, f.MkdirAll(directory))
		file := create(t, f, filepath.Join(directory, "two"), "hello")
		must(t, file.Sync())
		must(t, file.Truncate(3))
		must(t, file.Truncate(5))
		if got := contents(t, f, filepath.Join(directory, "two")); got != "hel\x00\x00" {
			t.Fatalf("contents are %q", got)
		}
		must(t, create(t, f, filepath.Join(directory, "one"), "x").Close())
		must(t, f.Rename(filepath.Join(directory, "two"), filepath.Join(directory, "one")))
		must(t, create(t, f, filepath.Join(directory, "0"), "").Close())
		names, err := f.List(directory)
		must(t, err)
		if !slices.Equal(names, []string{"0", "one"}) {
			t.Fatalf("names are %q", names)
		}
		must(t, f.Remove(filepath.Join(directory, "0")))
		must(t, f.SyncDir(directory))
		must(t, file.Close())
		if _, err := file.WriteAt([]byte("x"), 0); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("write to a closed file: %v", err)
		}
	})
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	eachFS(t, func(t *testing.T, f FS, root string) {
		missing := filepath.Join(root, "missing")
		if _, err := f.Open(missing, false); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("open: %v", err)
		}
		if err := f.Remove(missing); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("remove: %v", err)
		}
		if err := f.Rename(missing, filepath.Join(root, "new")); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("rename: %v", err)
		}
		if err := f.Rename(missing, filepath.Join(root, "sub", "new")); err == nil {
			t.Fatal("a rename across directories was accepted")
		}
		if _, err := f.List(missing); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("list: %v", err)
		}
		if err := f.SyncDir(missing); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("sync: %v", err)
		}
		file := create(t, f, filepath.Join(root, "file"), "abc")
		p := make([]byte, 4)
		if n, err := file.ReadAt(p, 1); n != 2 || !errors.Is(err, io.EOF) {
			t.Fatalf("read beyond the end: %d, %v", n, err)
		}
		must(t, file.Close())
	})
}

// F21.
func TestASecondLockIsRefusedAndNamesThePath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "LOCK")
	unlock, err := Lock(path)
	must(t, err)
	_, err = Lock(path)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Fatalf("second lock: %v", err)
	}
	must(t, unlock())
	unlock, err = Lock(path)
	must(t, err)
	must(t, unlock())
}
