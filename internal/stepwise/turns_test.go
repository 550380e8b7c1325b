//go:build unix && !race

// The race detector looks at each byte beside the copy, and doubles the memory: it is left out there.

package stepwise

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

const (
	// copiedBytes are as many as take a processor several of the runtime's turns, of 10 ms each, where no page of the
	// memory was touched before: then the operating system clears each one first.
	copiedBytes = 256 << 20
	// comparedBytes are more, and take no memory: pages that are only read are all the same one.
	comparedBytes = 1 << 30
	// Of at most so many attempts, others must have a turn in so many. With a call in each step they have tens of turns in
	// every one. Without, they have none: but for one attempt in ten, in which the signal met the way to the next step.
	attempts, attemptsWithTurns = 5, 3
)

// fresh is memory that is not touched yet. It goes back at the end.
func fresh(t *testing.T, bytes int) (b []byte, release func()) {
	t.Helper()
	b, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	return b, func() {
		if err := syscall.Munmap(b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOthersRunBetweenSteps: with one processor, another goroutine gets its turns before a long copy or comparison is
// over.
func TestOthersRunBetweenSteps(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var turns atomic.Int64
	var others sync.WaitGroup
	stop := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				turns.Add(1)
				runtime.Gosched()
			}
		}
	})
	defer others.Wait()
	defer close(stop)
	for name, c := range map[string]struct {
		bytes int
		work  func(b, zeros []byte)
	}{
		"Append":   {copiedBytes, func(b, zeros []byte) { Append(b[:0], zeros) }},
		"MoveDown": {copiedBytes, func(b, _ []byte) { MoveDown(b, 1) }},
		"Equal":    {comparedBytes, func(b, zeros []byte) { Equal(b, zeros) }},
	} {
		with, tries := 0, 0
		for ; with < attemptsWithTurns && tries-with <= attempts-attemptsWithTurns; tries++ {
			b, release := fresh(t, c.bytes)
			zeros, releaseZeros := fresh(t, c.bytes)
			runtime.Gosched() // the work begins with a turn of its own
			before := turns.Load()
			c.work(b, zeros)
			got := turns.Load() - before
			if got > 0 {
				with++
			}
			t.Logf("%s: %d turns", name, got)
			release()
			releaseZeros()
		}
		if with < attemptsWithTurns {
			t.Errorf("%s: others had a turn meanwhile in %d of %d attempts, want %d", name, with, tries, attemptsWithTurns)
		}
	}
}
