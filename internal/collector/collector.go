package collector

import "time"

const (
	// allowanceBytes is how much garbage a heap may hold whatever is alive, unless that is more than maxPercent. A heap
	// that is so large that it would be less than minPercent may hold minPercent.
	allowanceBytes         = 48 << 20
	minPercent, maxPercent = 40, 300
	// percentStep is by which part of the percentage in force another one differs at least: each change stops the world
	// for a moment.
	percentStep = 8
)

// Percent is how much garbage a heap may hold in percent of what is alive, in bytes: what debug.SetGCPercent takes. It
// falls as the heap grows, from maxPercent to minPercent.
func Percent(live uint64) int {
	return int(min(max(allowanceBytes*100/max(live, 1), minPercent), maxPercent))
}

// Next is the percentage for a heap of which so many bytes are alive, where another one is in force. It is that one
// unless they differ enough.
func Next(inForce int, live uint64) int {
	wanted := Percent(live)
	if difference := max(wanted, inForce) - min(wanted, inForce); difference*percentStep <= inForce {
		return inForce
	}
	return wanted
}

// Heap is what the runtime knows of a heap, in bytes.
type Heap struct {
	// Live is what the last collection found alive, Used what objects occupy now, garbage among them. Free is what is
	// free and not given back to the system.
	Live, Used, Free uint64
	// Allocated is how much was ever allocated.
	Allocated uint64
}

const (
	// Period is over how long Quiet looks how much is allocated.
	Period = 2 * time.Second
	// horizon is how long it must take at the present pace to allocate again what a collection gives back.
	horizon = time.Minute
	// minPause is how long there is no other early collection behind one, whatever the pace is meanwhile, and however
	// long one takes. A large heap pauses longer, for so many bytes alive one second, up to the horizon: to mark that
	// much takes some two milliseconds.
	minPause       = 2 * Period
	bytesPerSecond = 4 << 20
	// minGainBytes and gainShare are the least gain of a collection: so many bytes, and that part of what is alive.
	minGainBytes, gainShare = 4 << 20, 16
)

// Quiet finds the moments at which a process allocates so little that a collection is worth it. The zero value has not
// looked yet.
type Quiet struct {
	at        time.Time
	allocated uint64
	// until is the end of the pause behind the last collection. again says that what that found is to be looked at once
	// more.
	until time.Time
	again bool
}

// IsWorth reports whether to collect now, and to give back what is free. It is called again and again; it decides once
// in a Period.
//
// A collection for a gain is followed by another one if the process stays quiet, whatever that gains: the first one
// finds alive what is let go of soon behind the last work (entries that wait for the disk, buffers, pools, which the
// runtime empties in two steps), and nothing tells of that.
func (q *Quiet) IsWorth(at time.Time, h Heap) bool {
	took := at.Sub(q.at)
	if took < Period {
		return false
	}
	began := !q.at.IsZero()
	grown := h.Allocated - q.allocated
	q.at, q.allocated = at, h.Allocated
	gain, minGain := h.Free+h.Used-min(h.Used, h.Live), max(minGainBytes, h.Live/gainShare)
	gains := gain >= minGain
	if !gains && q.again {
		gain = minGain
	}
	if !began || gain < minGain || float64(grown)*horizon.Seconds() > float64(gain)*took.Seconds() ||
		at.Before(q.until) {
		return false
	}
	q.until, q.again = at.Add(pause(h.Live)), gains
	return true
}

// pause is how long there is no other early collection behind one of a heap of which so many bytes were alive.
func pause(live uint64) time.Duration {
	return max(minPause, time.Duration(min(live/bytesPerSecond, uint64(horizon.Seconds())))*time.Second)
}
