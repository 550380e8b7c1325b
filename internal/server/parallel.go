package server

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// inParallel calls do for each number below n, on as many goroutines as there are processors, and returns when all
// calls have returned. Each takes the next number, so that one long call does not hold up the others.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var running sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) - 1 {
		running.Go(work)
	}
	work()
	running.Wait()
}
