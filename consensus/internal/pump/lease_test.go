package pump

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// S46: Where there are leases, a turn's clock is read when all that it takes is there. The process is held up for some
// milliseconds while the turn gathers: that counts.
func TestTheClockIsReadBehindWhatATurnTakes(t *testing.T) {
	d := newDisks(1)[0]
	d.options.LeaseMillis = 100
	e, err := engine.New(d.options, d.restored(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var runner atomic.Pointer[Runner]
	var gathered raftlog.Stamp // the loop's
	result, log := make(chan [2]raftlog.Stamp, 1), newMemoryLog()
	r := Start(e, engine.NewApplier(d.options, &diary{}, engine.SnapshotState{}), Effects{
		Machine: &diary{}, Log: log, SnapshotLog: log, Transport: port{&hub{}, 1}, Logger: slog.New(slog.DiscardHandler),
		Tick: 10 * time.Millisecond, Clock: time.Now, Leases: true, Fatal: func(err error) { t.Error(err) },
		Needed: func() raftlog.Index {
			if r := runner.Load(); r != nil {
				elapsed := &r.rounds.elapsed
				for began := elapsed.read(); gathered < began+2; {
					gathered = elapsed.read()
				}
			}
			return 0
		},
		Changed: func(_, _ *engine.Status) {
			if r := runner.Load(); r != nil && gathered > 0 {
				select {
				case result <- [2]raftlog.Stamp{gathered, r.rounds.in.Elapsed}:
				default:
				}
			}
		},
	})
	runner.Store(r)
	if got := await(t, result, "a change of the status"); got[1] < got[0] {
		t.Errorf("the turn took things at %d, its clock was read at %d", got[0], got[1])
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
