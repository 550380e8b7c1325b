package stats

import (
	"slices"
	"sync"
	"time"
)

// SlowLog keeps the runs that took longest lately. The zero value is empty and ready.
type SlowLog struct {
	mu     sync.Mutex
	lastID int64
	// runs are the newest last.
	runs []SlowRun
}

// SlowRun is a run that took long.
type SlowRun struct {
	// ID is given by Note.
	ID   int64
	At   time.Time
	Took time.Duration
	// Args are the first command, as it is kept; Address and Name are the client's.
	Args          []string
	Address, Name string
	// Phases are empty for what had no way through the cluster.
	Phases []Phase
}

// Phase is a part of the time that a run took.
type Phase struct {
	Name string
	Took time.Duration
}

// Note keeps a run, and the newest maxRuns of all.
func (l *SlowLog) Note(run SlowRun, maxRuns int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run.ID = l.lastID
	l.lastID++
	l.runs = append(l.runs, run)
	l.trim(maxRuns)
}

// trim drops the oldest runs beyond so many.
func (l *SlowLog) trim(maxRuns int64) {
	if excess := int64(len(l.runs)) - maxRuns; excess > 0 {
		l.runs = append(l.runs[:0], l.runs[excess:]...)
	}
}

// Newest returns the newest runs, the newest first: count of them, all if it is negative. It drops those beyond maxRuns
// before.
func (l *SlowLog) Newest(count, maxRuns int64) []SlowRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(maxRuns)
	newest := slices.Clone(l.runs)
	if count >= 0 {
		newest = newest[len(newest)-int(min(count, int64(len(newest)))):]
	}
	slices.Reverse(newest)
	return newest
}

// Reset forgets all runs.
func (l *SlowLog) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = nil
}
