package worlds

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim"
	"github.com/raftredis/raftredis/consensus/sim/workload"
)

// alone is a machine that answers one request after the other, without a cluster.
type alone struct {
	machine
	applied uint64 // entries
}

func newAlone(t *testing.T) *alone {
	t.Helper()
	a := &alone{machine: KeySpace{}.NewMachine().(machine)}
	if err := a.Restore(1, nil); err != nil {
		t.Fatal(err)
	}
	return a
}

// do has the machine do a request at a log time.
func (a *alone) do(number int, stamp int64, r *Request) *Run {
	run := r.Begin(number).(*Run)
	if r.Reads() {
		a.Query(stamp, run.Local())
	} else {
		a.applied++
		a.Apply(a.applied, stamp, run.Body(), run.Local())
	}
	return run
}

// answer is do for a request that is answered.
func (a *alone) answer(t *testing.T, number int, stamp int64, r *Request) *Run {
	t.Helper()
	run := a.do(number, stamp, r)
	if err := run.Answered(); err != nil {
		t.Fatal(err)
	}
	return run
}

// TestTheModelMovesAsTheMachineDoes: both answer the same to random requests on movers, which come and go between their
// databases.
func TestTheModelMovesAsTheMachineDoes(t *testing.T) {
	const requests = 10_000
	c := KeySpace{}.NewClient(0, rand.New(rand.NewPCG(9, 1)), workload.Mix{Keys: 2, KeyLife: time.Hour}).(*client)
	m := newAlone(t)
	known, met := states{}, map[string]int{}
	for i := range requests {
		r := c.move(0, i%4 == 0).(*Request)
		run := m.answer(t, i, 0, r)
		r.each(func(at int, call call, name string) {
			want := known.apply(call, name, func(string, family, family, string) {})
			if got := run.replies[at]; got != want {
				t.Fatalf("request %d, call %d of%v: the machine answers %q, the model %q", i, at, run, got, want)
			}
			met[call[0]+" "+strings.TrimSpace(want)]++
		})
	}
	for _, what := range []string{"MOVE :0", "MOVE :1", "COPY :0", "COPY :1", "SWAPDB +OK", "GET $-1", "DEL :1"} {
		if met[what] < requests/200 {
			t.Errorf("%q came %d times", what, met[what])
		}
	}
}

// H18, H19: A few worlds in which keys move between databases and transactions depend on them. The replay of the log is
// by the same machine, which may be wrong; the model is not.
func TestWorldsJudgeDatabases(t *testing.T) {
	var met Met
	for seed := range uint64(judgedSeeds) {
		o := drawOptions(seed+1, "reads")
		k := o.Workload.(KeySpace)
		k.Met = &met
		o.Workload = k
		report(t, sim.Run(o))
	}
	moved, swapped, refused := met.Moved.Load(), met.Swapped.Load(), met.Refused.Load()
	if moved < 10 || swapped < 5 || refused < 5 {
		t.Errorf("%d movers moved, databases were swapped %d times, %d transactions refused", moved, swapped, refused)
	}
}

// judgedSeeds is how many worlds that are.
const judgedSeeds = 32

// A drawn call neither takes anything into the databases of movers nor lets them change places.
func TestDrawnCallsKeepAwayFromMovers(t *testing.T) {
	for line, reaches := range map[string]bool{
		"MOVE d 3": true, "MOVE d 2": false, "COPY d d1 DB 4": true, "COPY d d1 db 1 REPLACE": false, "SWAPDB 4 15": true,
		"SWAPDB 15 2": false, "RAFT.ONCE 1 3 MOVE d 3": true, "RAFT.ONCE 1 3 MOVE d 1": false, "SET 3 4": false,
		"MOVE": false, "nosuch 3": false,
	} {
		if got := reachesMovers(strings.Fields(line)); got != reaches {
			t.Errorf("%s: %v", line, got)
		}
	}
}
