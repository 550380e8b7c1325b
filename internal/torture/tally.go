package torture

import (
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// tally counts what clients were told.
type tally struct {
	mu                     sync.Mutex
	done, notDone, unknown int
	// served counts the commands that each node answered as done.
	served []int
	// last is when a command was last acknowledged, in nanoseconds of the run, silence the longest time between two.
	last, silence int64
}

func (t *tally) add(node int, o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch o.fate {
	case client.NotDone:
		t.notDone++
	case client.Unknown:
		t.unknown++
	case client.Done:
		t.done++
		t.served[node]++
		t.silence = max(t.silence, o.end-t.last)
		t.last = max(t.last, o.end)
	}
}

// counted returns how many commands each node has answered as done.
func (t *tally) counted() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]int(nil), t.served...)
}

// fill writes the tally into a report.
func (t *tally) fill(r *Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Done, r.NotDone, r.Unknown, r.Silence = t.done, t.notDone, t.unknown, time.Duration(t.silence)
}
