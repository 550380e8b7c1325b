package shortage

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Log notes which work waits for the system. Make one with New; nil notes nothing. Its methods may be called by any
// goroutine.
type Log struct {
	logger *slog.Logger
	// changed is called after each change of what waits, with the lock held.
	changed func()
	// waiting is how much work waits: the end of work that never waited costs a look at it. begun counts the waits.
	waiting atomic.Int32
	begun   atomic.Uint64

	mu   sync.Mutex
	work map[string]wait
}

type wait struct {
	since time.Time
	cause string
}

// New makes a log that writes to a logger, and calls changed, which must not block, after each change of what waits;
// nil is not called.
func New(logger *slog.Logger, changed func()) *Log {
	if changed == nil {
		changed = func() {}
	}
	return &Log{logger: logger, changed: changed, work: map[string]wait{}}
}

// Begin says that some work met an error of the system and will be tried again. It is called for each attempt; only the
// first one is logged.
func (l *Log) Begin(work string, err error) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before, waits := l.work[work]
	if !waits {
		before.since = time.Now()
		l.waiting.Add(1)
		l.begun.Add(1)
		l.logger.Warn("the system is short of something: this waits, and is tried again", "work", work, "error", err)
	}
	before.cause = err.Error()
	l.work[work] = before
	l.changed()
}

// End says that some work goes on, whether it has waited or not.
func (l *Log) End(work string) {
	if l == nil || l.waiting.Load() == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, waits := l.work[work]; waits {
		delete(l.work, work)
		l.waiting.Add(-1)
		l.changed()
		l.logger.Info("the shortage is over: this goes on", "work", work, "waited", time.Since(before.since))
	}
}

// Now is what waits, each with its last error, in the order of the alphabet.
func (l *Log) Now() []string {
	if l == nil || l.waiting.Load() == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := make([]string, 0, len(l.work))
	for work, wait := range l.work {
		now = append(now, work+": "+wait.cause)
	}
	slices.Sort(now)
	return now
}

// Begun counts the waits so far.
func (l *Log) Begun() uint64 {
	if l == nil {
		return 0
	}
	return l.begun.Load()
}
