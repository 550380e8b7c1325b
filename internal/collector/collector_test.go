package collector

import (
	"math"
	"testing"
	"time"
)

const mib = 1 << 20

// The share of garbage falls as the heap grows, between its bounds, and the heap as a whole only grows.
func TestPercentFallsAsTheHeapGrows(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, maxPercent}, {1, maxPercent}, {allowanceBytes / 3, maxPercent}, {allowanceBytes / 2, 200},
		{allowanceBytes, 100}, {2 * allowanceBytes, 50}, {allowanceBytes * 10 / 4, minPercent},
		{allowanceBytes*10/4 + mib, minPercent}, {1 << 40, minPercent}, {math.MaxUint64, minPercent},
	} {
		if got := Percent(c.live); got != c.want {
			t.Errorf("with %d bytes alive %d%%, want %d%%", c.live, got, c.want)
		}
	}
	heap := func(live uint64) uint64 { return live + live*uint64(Percent(live))/100 }
	for live := uint64(mib); live < 1<<34; live += live/50 + 1 {
		next := live + live/50 + 1
		if Percent(next) > Percent(live) || heap(next)+next/100 < heap(live) {
			t.Fatalf("with %d alive %d%%, with %d %d%%", live, Percent(live), next, Percent(next))
		}
	}
}

func TestThePercentageChangesInSteps(t *testing.T) {
	for _, c := range []struct {
		inForce int
		live    uint64
		want    int
	}{
		{100, allowanceBytes, 100}, {100, allowanceBytes * 100 / 112, 100}, {100, allowanceBytes * 100 / 113, 113},
		{100, allowanceBytes * 100 / 88, 100}, {100, allowanceBytes * 100 / 87, 87}, {100, 1 << 40, minPercent},
		{minPercent, 1 << 40, minPercent}, {minPercent, 0, maxPercent},
	} {
		if got := Next(c.inForce, c.live); got != c.want {
			t.Errorf("%d%% in force, %d alive: %d%%, want %d%%", c.inForce, c.live, got, c.want)
		}
	}
}

// A quiet process with garbage, or with free memory, collects; one that allocates, or has little to gain, does not.
func TestACollectionIsWorthItWhileItIsQuiet(t *testing.T) {
	const live = 160 * mib // so the least gain is 10 MiB
	for _, c := range []struct {
		name       string
		used, free uint64
		// grown is what is allocated in the Period.
		grown uint64
		want  bool
	}{
		{"garbage", live + 10*mib, 0, 0, true},
		{"little garbage", live + 10*mib - 1, 0, 0, false},
		{"free memory", live, 10 * mib, 0, true},
		{"less alive than was found", live - 20*mib, 10 * mib, 0, true},
		{"both", live + 4*mib, 6 * mib, 0, true},
		{"at the pace of the horizon", live + 30*mib, 0, mib, true},
		{"above it", live + 30*mib, 0, mib + 1, false},
	} {
		var q Quiet
		at := time.Unix(1_700_000_000, 0)
		h := Heap{Live: live, Used: c.used, Free: c.free, Allocated: 1 << 40}
		if q.IsWorth(at, h) {
			t.Errorf("%s: worth it at the first look", c.name)
		}
		h.Allocated += c.grown
		if at = at.Add(Period - 1); q.IsWorth(at, h) {
			t.Errorf("%s: worth it before the period is over", c.name)
		}
		if at = at.Add(1); q.IsWorth(at, h) != c.want {
			t.Errorf("%s: worth it: %t", c.name, !c.want)
		}
		if q.IsWorth(at, h) {
			t.Errorf("%s: worth it twice in a period", c.name)
		}
	}
	var q Quiet
	small := Heap{Live: mib, Used: 5*mib - 1}
	q.IsWorth(time.Unix(1, 0), small)
	if q.IsWorth(time.Unix(100, 0), small) {
		t.Error("a small heap collects for less than the least gain")
	}
	small.Used++
	if !q.IsWorth(time.Unix(200, 0), small) {
		t.Error("a small heap does not collect for the least gain")
	}
}

// An early collection is made once in a pause at most, which is the longer the more is alive: also where a process
// works in bursts, and where the last collection takes so long that its gain is not seen yet.
func TestACollectionIsFollowedByAPause(t *testing.T) {
	for _, c := range []struct {
		live  uint64
		pause time.Duration
	}{
		{0, 4 * time.Second}, {19 * mib, 4 * time.Second}, {20 * mib, 5 * time.Second}, {100 * mib, 25 * time.Second},
		{240 * mib, time.Minute}, {1 << 40, time.Minute}, {math.MaxUint64 / 2, time.Minute},
	} {
		for name, burst := range map[string]uint64{"bursts": c.live/8 + 20*mib, "a long collection": 0} {
			var q Quiet
			at := time.Unix(1_700_000_000, 0)
			end, last := at.Add(3*horizon), time.Time{}
			h := Heap{Live: c.live, Used: c.live + c.live/8 + 20*mib}
			for looks := 0; at.Before(end); looks++ {
				if looks%5 == 1 { // the others are quiet
					h.Allocated += burst
				}
				if q.IsWorth(at, h) {
					if took := at.Sub(last); !last.IsZero() && (took < c.pause || took > c.pause+2*Period) {
						t.Errorf("%s, %d alive: worth it again after %v, want %v", name, c.live, took, c.pause)
					}
					last = at
				}
				at = at.Add(Period)
			}
			if last.IsZero() {
				t.Errorf("%s, %d alive: never worth it", name, c.live)
			}
		}
	}
}

// The second collection of a quiet process needs no gain, and is the last one.
func TestAQuietProcessCollectsTwice(t *testing.T) {
	const live = 160 * mib
	for _, busy := range []bool{false, true} {
		var q Quiet
		at := time.Unix(1_700_000_000, 0)
		h := Heap{Live: live, Used: live + 10*mib}
		q.IsWorth(at, h)
		if at = at.Add(Period); !q.IsWorth(at, h) {
			t.Fatal("it is not worth it with garbage")
		}
		h.Used = live
		var worth []time.Duration
		for after := Period; after < 3*horizon; after += Period {
			if busy {
				h.Allocated += mib
			}
			if q.IsWorth(at.Add(after), h) {
				worth = append(worth, after)
			}
		}
		if !busy && (len(worth) != 1 || worth[0] != pause(live)) || busy && len(worth) > 0 {
			t.Errorf("busy: %t; it is worth it again after %v", busy, worth)
		}
	}
}

// The pause follows what the last collection cost: that of an empty process does not put off the next one when data
// came.
func TestThePauseFollowsTheLastCollection(t *testing.T) {
	var q Quiet
	at := time.Unix(1_700_000_000, 0)
	q.IsWorth(at, Heap{})
	if at = at.Add(Period); !q.IsWorth(at, Heap{Used: 10 * mib}) {
		t.Fatal("it is not worth it with garbage")
	}
	if at = at.Add(minPause); !q.IsWorth(at, Heap{Live: 1 << 30, Used: 3 << 29}) {
		t.Error("an empty process puts off the collection of a large one")
	}
	if at = at.Add(horizon - Period); q.IsWorth(at, Heap{Live: 1 << 30, Used: 3 << 29}) {
		t.Error("there is no pause behind the collection of a large one")
	}
}
