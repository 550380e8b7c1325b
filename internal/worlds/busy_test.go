package worlds

import (
	"flag"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/sim"
)

// A machine that is busy with something else must not cost an election.

var busyFlag = flag.Duration("busy", 20*time.Minute, "how long each seed of TestABusyClusterKeepsItsLeader lasts")

const busySeeds = 3

// busyWorld is a world of the profile busy that lasts long and writes little.
func busyWorld(seed uint64) sim.Options {
	o := drawOptions(seed, "busy")
	o.Safety = *busyFlag
	o.Clients.Count, o.Clients.Think = 2, 2*time.Second
	return o
}

// Every hundredth turn of every node is late, by up to 150 ms; no election, no refusal. Hours
// of it are one command:
//
//	go test ./internal/worlds -run TestABusyCluster -busy 5h -timeout 0
func TestABusyClusterKeepsItsLeader(t *testing.T) {
	for seed := range uint64(busySeeds) {
		r := sim.Run(busyWorld(seed + 1))
		report(t, r)
		if c := r.Counts; c.LeaderChanges != 0 || c.NotDone != 0 || c.Unknown != 0 || c.Done < 100 {
			t.Errorf("seed %#x: %+v", seed+1, c)
		}
	}
}

// The control: stalls of more than an election timeout do change leaders, so the test above would notice.
func TestStallsBeyondTheElectionTimeoutChangeLeaders(t *testing.T) {
	o := busyWorld(1)
	o.Safety, o.Clock.Late = time.Minute, 4*o.Clock.Late
	r := sim.Run(o)
	report(t, r)
	if r.Counts.LeaderChanges == 0 {
		t.Errorf("stalls of up to %v changed nothing: %+v", o.Clock.Late, r.Counts)
	}
}
