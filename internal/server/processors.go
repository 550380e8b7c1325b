package server

import (
	"os"
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

// spareProcessors is how many processors Go is told of beyond those that there are, for a node on a loop.
const spareProcessors = 1

// addSpareProcessor lets Go's scheduler have a processor free while the loop waits in the system: for its sockets, or
// for the disk. Without one it takes the processor of each wait away after 20 microseconds, and looks for the next one
// to take 20 microseconds later; with one, hundreds of times less often (docs/decisions/0085). GOMAXPROCS in the
// environment is the operator's word, and stays.
func addSpareProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.SetDefaultGOMAXPROCS() // what a container allows
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
}
