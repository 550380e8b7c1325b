package pump

import (
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/internal/vfs"
)

// Waits between two attempts at what the system is short of something for.
const (
	minShortagePause = 20 * time.Millisecond
	maxShortagePause = time.Second
)

// insist makes attempts at some work until one succeeds, or ends in an error that is fatal, or the node stops
// (engine.ErrStopped). What the system is short of, clients or other processes give back: see vfs.IsFatal. work is what
// people read in the log and in INFO.
func (r *Runner) insist(work string, attempt func() error) error {
	for pause := minShortagePause; ; pause = min(2*pause, maxShortagePause) {
		err := attempt()
		if err == nil || vfs.IsFatal(err) {
			r.effects.Shortages.End(work)
			return err
		}
		r.effects.Shortages.Begin(work, err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-r.stopping:
			timer.Stop()
			return engine.ErrStopped
		}
	}
}
