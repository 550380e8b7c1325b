package journal

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/vfs"
)

func TestOptionsAreValidated(t *testing.T) {
	good := testOptions(vfs.NewMemory())
	if o, err := (Options{FS: good.FS, Directory: "d", Salt: good.Salt}).withDefaults(); err != nil ||
		o.FileBytes != DefaultFileBytes ||
		o.MaxEntryBytes != DefaultMaxEntryBytes || o.MaxGroupBytes != DefaultMaxGroupBytes {
		t.Fatalf("defaults: %+v, %v", o, err)
	}
	for name, spoil := range map[string]func(*Options){
		"no file system":     func(o *Options) { o.FS = nil },
		"no salt":            func(o *Options) { o.Salt = nil },
		"no directory":       func(o *Options) { o.Directory = "" },
		"below the minimum":  func(o *Options) { o.FileBytes = MinFileBytes - PageBytes },
		"above the maximum":  func(o *Options) { o.FileBytes = MaxFileBytes + PageBytes },
		"not whole pages":    func(o *Options) { o.FileBytes++ },
		"entry and group":    func(o *Options) { o.MaxEntryBytes = int(o.FileBytes/2) - o.MaxGroupBytes + 1 },
		"negative entry":     func(o *Options) { o.MaxEntryBytes = -1 },
		"negative group":     func(o *Options) { o.MaxGroupBytes = -1 },
		"entry without half": func(o *Options) { o.FileBytes = MinFileBytes; o.MaxEntryBytes = MinFileBytes },
	} {
		o := good
		spoil(&o)
		if err := Create(o, blank()); err == nil || !strings.HasPrefix(err.Error(), "journal: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileSizeBelowWhatTheLogHoldsIsRefusedAndHarmless(t *testing.T) {
	m := vfs.NewMemory()
	large := testOptions(m)
	large.FileBytes = 4 * testFileBytes
	j := started(t, large, &fakeHistory{})
	op := operation(1, 1, entries(1, 15, 1, 7000)...)
	appendAll(t, j, op)
	must(t, j.Close())

	j, _ = reopened(t, testOptions(m))
	if err := j.Start(&fakeHistory{}); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Fatalf("start: %v", err)
	}
	_, r := reopened(t, large)
	must(t, flatLog{}.after(op).check(&r, 0))
}

// F9.
func TestRemainsOfAnInterruptedReplacementAreRemoved(t *testing.T) {
	m := vfs.NewMemory()
	must(t, Create(testOptions(m), blank()))
	f, err := m.Open(testDirectory+"/"+nameNext, true)
	must(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("remains", 30000)), 0)
	must(t, err)
	large := testOptions(m)
	large.FileBytes = 2 * testFileBytes
	for _, o := range []Options{testOptions(m), large} {
		j, _ := reopened(t, o)
		must(t, j.Start(&fakeHistory{}))
		must(t, j.Close())
		_, r := reopened(t, o)
		must(t, flatLog{}.check(&r, 0))
	}
	names, err := m.List(testDirectory)
	must(t, err)
	if strings.Join(names, " ") != nameA+" "+nameB {
		t.Fatalf("files %q", names)
	}
}
