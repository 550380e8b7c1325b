package reactor

import "time"

// One number says which goroutine is the loop and what it has entered, so that a single step of the processor decides
// between a goroutine that leaves and a guard that takes the loop away from it:
//
//	63      32 31           1 0
//	generation  entries so far  entered
//
// A goroutine is the loop as long as the generation is the one that it began with. Were that kept in a number of its
// own, both could be the loop for a moment:
//
//  1. The guard ends the entry, and is held up before it raises the generation.
//  2. The goroutine leaves too late, looks at the generation, and goes on.
//  3. The guard raises the generation, and starts another one.
const (
	entered         = 1
	entryStep       = 2
	generationShift = 32
	entriesMask     = 1<<generationShift - entryStep
)

func generationOf(whose uint64) uint64 { return whose >> generationShift }

// Enter begins something that may take long, and returns what Leave takes.
func (r *Reactor) Enter() (entry uint64) {
	before := r.whose.Load() // nothing else changes it while nothing is entered
	entry = before&^entriesMask | (before+entryStep)&entriesMask | entered
	r.whose.Store(entry)
	if r.dozing.Load() && r.dozing.CompareAndSwap(true, false) {
		r.doze <- struct{}{}
	}
	return entry
}

// Leave reports whether the caller is still the loop. If not, the loop has gone on without it since Enter: the caller
// touches nothing of the loop's, and returns.
func (r *Reactor) Leave(entry uint64) (kept bool) {
	return r.whose.CompareAndSwap(entry, entry&^entered)
}

// GiveAway is for the goroutine that entered and now knows that it will take long: the loop goes on without it at once,
// as if it had been taken away. Where it was already, nothing changes. It may be called by another goroutine that does
// the work for the one that entered.
func (r *Reactor) GiveAway(entry uint64) { r.takeAway(entry) }

// takeAway lets the loop go on on another goroutine, unless what was entered is left by now.
func (r *Reactor) takeAway(entry uint64) {
	next := uint64(uint32(generationOf(entry) + 1))
	if r.whose.CompareAndSwap(entry, next<<generationShift|entry&entriesMask) {
		r.taken.Add(1)
		r.goroutine.Go(func() { r.run(next) })
	}
}

// guard takes the loop away from what keeps it, and tells it when a turn is overdue.
func (r *Reactor) guard() {
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	before, turns, quiet := uint64(0), uint64(0), 0
	for {
		select {
		case <-ticker.C:
		case <-r.stopping:
			return
		}
		now := r.whose.Load()
		switch {
		case now&entered != 0 && now == before:
			r.takeAway(now)
		case now != before:
			quiet = 0
		default:
			quiet++
		}
		if had := r.turns.Load(); had != turns || r.asleep.Load() {
			turns = had
		} else {
			r.overdue.Store(true)
		}
		if before = now; quiet >= restless {
			ticker.Stop()
			if !r.rest(now) {
				return
			}
			quiet = 0
			ticker.Reset(patience)
		}
	}
}

// rest waits until something is entered. False: the loop ends.
//
//  1. The guard says that it dozes, then looks once more.
//  2. What was entered before the look is seen. What is entered later finds the guard dozing, and wakes it.
func (r *Reactor) rest(seen uint64) bool {
	r.dozing.Store(true)
	if r.whose.Load() != seen && r.dozing.CompareAndSwap(true, false) {
		return true
	}
	select {
	case <-r.doze:
		return true
	case <-r.stopping:
		return false
	}
}
