package pump

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// shortSystem is out of descriptors at every second call, once it is on.
type shortSystem struct {
	on    bool
	calls map[string]int
}

// meet is the error of a call. The caller holds the lock of whose system it is.
func (s *shortSystem) meet(call string) error {
	if !s.on {
		return nil
	}
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	if s.calls[call]++; s.calls[call]%2 == 0 {
		return nil
	}
	return &os.PathError{Op: "open", Path: call, Err: syscall.EMFILE}
}

// waited reports whether a call met a shortage and was made again.
func (s *shortSystem) waited(call string) bool { return s.calls[call] >= 2 }

func (l *memoryLog) Keep(snapshot, retained *raftlog.SnapshotMark) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, fmt.Sprint("keep ", snapshot.Index))
	return l.fail
}

func (l *memoryLog) Restart(snapshot *raftlog.SnapshotMark, at raftlog.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.short.meet("restart"); err != nil {
		return err
	}
	l.writes = append(l.writes, fmt.Sprint("restart ", snapshot.Index))
	l.before, l.history = snapshot.Mark, nil
	return l.fail
}

func (l *memoryLog) Trim(keep raftlog.Index) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.short.meet("trim"); err != nil {
		return err
	}
	for len(l.history) > 0 && l.history[0].Index < keep {
		l.before, l.history = l.history[0].Mark(), l.history[1:]
	}
	return nil
}

func (l *memoryLog) BytesBefore(index raftlog.Index) (bytes int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.history {
		if l.history[i].Index < index {
			bytes += int64(l.history[i].Size())
		}
	}
	return bytes, nil
}

// beginsBehind is the entry before history begins.
func (l *memoryLog) beginsBehind() raftlog.Index {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.before.Index
}

// shelf keeps a node's snapshots in memory, and lets others fetch them.
type shelf struct {
	hub *hub
	mu  sync.Mutex
	// files are by hash.
	files map[uint64]*diaryFile
	// takeError and fetchError are what every attempt ends with, until they are nil.
	takeError, fetchError error
	// gate, if not nil, holds up every Take, and hang every Fetch, until it is closed or the node stops.
	gate, hang chan struct{}
	// restoring, if not nil, is called in the middle of a Restore, which ends with its error.
	restoring func(*diary) error
	// images are those of the states that were taken.
	images []frozenDiary
	// short is as that of memoryLog.
	short shortSystem
}

func newShelf(h *hub, id raftlog.NodeID) *shelf {
	s := &shelf{hub: h, hang: h.hang, restoring: h.restoring, files: map[uint64]*diaryFile{}}
	h.shelves.Store(id, s)
	return s
}

func (s *shelf) Take(f engine.Frozen, pace func(int) error) (raftlog.SnapshotMark, error) {
	defer f.Image.Release()
	s.mu.Lock()
	gate, err := s.gate, s.takeError
	s.images = append(s.images, f.Image.(frozenDiary))
	s.mu.Unlock()
	for gate != nil {
		select {
		case <-gate:
			gate = nil
		case <-time.After(time.Millisecond):
			if err := pace(1); err != nil {
				return raftlog.SnapshotMark{}, err
			}
		}
	}
	if err != nil {
		return raftlog.SnapshotMark{}, err
	}
	file := fileOfDiary(f)
	s.put(file)
	return file.mark, nil
}

func (s *shelf) put(file *diaryFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[file.mark.FileHash] = file
}

func (s *shelf) get(mark raftlog.SnapshotMark) *diaryFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[mark.FileHash]
}

func (s *shelf) Fetch(
	ctx context.Context, from raftlog.NodeID, mark raftlog.SnapshotMark, _ func(int),
) (engine.SnapshotState, error) {
	s.mu.Lock()
	hang, err := s.hang, s.fetchError
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return engine.SnapshotState{}, ctx.Err()
		}
	}
	if err != nil {
		return engine.SnapshotState{}, err
	}
	other, _ := s.hub.shelves.Load(from)
	file := other.(*shelf).get(mark)
	if file == nil {
		return engine.SnapshotState{}, fmt.Errorf("%w: retired", engine.ErrUnavailable)
	}
	s.put(file)
	return file.base, nil
}

func (s *shelf) Restore(mark raftlog.SnapshotMark, machine engine.StateMachine) (engine.SnapshotState, error) {
	file := s.get(mark)
	s.mu.Lock()
	err, restoring := s.short.meet("restore"), s.restoring
	s.mu.Unlock()
	switch {
	case err != nil:
		return engine.SnapshotState{}, err
	case file == nil:
		return engine.SnapshotState{}, fmt.Errorf("the file at %v is gone", mark.Mark)
	}
	if restoring != nil {
		if err := restoring(machine.(*diary)); err != nil {
			return engine.SnapshotState{}, err
		}
	}
	machine.(*diary).applied = slices.Clone(file.applied)
	return file.base, nil
}

func (s *shelf) Retain(marks ...raftlog.SnapshotMark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.short.meet("retain"); err != nil {
		return err
	}
	for hash := range s.files {
		if !slices.ContainsFunc(marks, func(m raftlog.SnapshotMark) bool { return m.FileHash == hash }) {
			delete(s.files, hash)
		}
	}
	return nil
}

// set changes what a shelf does.
func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// awaitStatus waits until a node's status is as wanted.
func awaitStatus(t *testing.T, r *running, what string, wanted func(*engine.Status) bool) *engine.Status {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.After(patience)
	for {
		if s := r.Status(); wanted(s) {
			return s
		}
		select {
		case <-look.C:
		case err := <-r.fatal:
			t.Fatalf("%s: the node ended: %v", what, err)
		case <-limit:
			t.Fatalf("%s: not within %v: %+v", what, patience, r.Status())
		}
	}
}
