package explore

import "fmt"

// worker expands states. A state is made again by its actions. States that follow each other in the records come from
// states that follow each other, so what was made for the last one is nearly all that the next one needs.
type worker struct {
	search  *search
	machine *machine
	// way is how the last state was reached: from the start on, each one with its number.
	way     []stop
	actions []action
}

// stop is a state on the way.
type stop struct {
	state int
	world *world
}

func newWorker(s *search) *worker {
	m := newMachine(s.bounds, &s.options)
	w := &worker{search: s, machine: m, way: []stop{{0, m.start()}}}
	m.reached = Reached{} // to come to the start is none of the search
	return w
}

func (w *worker) run() {
	for first, end, ok := w.search.take(); ok; first, end, ok = w.search.take() {
		c := chunk{first: first, end: end}
		for i := first; i < end; i++ {
			w.expand(i, &c)
		}
		w.search.add(c)
	}
	w.search.note(w.machine.reached)
}

// expand looks at all that can happen in a state.
func (w *worker) expand(i int, c *chunk) {
	now := w.world(i)
	w.actions = w.machine.actions(now, w.actions[:0])
	for _, a := range w.actions {
		next := w.machine.try(now, a)
		c.steps++
		if len(w.machine.violations) > 0 {
			w.search.fail(failure{i, a, append([]string(nil), w.machine.violations...)})
			return
		}
		if next == nil {
			continue
		}
		if fingerprint := w.machine.symmetry.fingerprint(next); w.search.seen.add(fingerprint) {
			c.records = append(c.records, newRecord(i, a))
			c.fingerprints = append(c.fingerprints, fingerprint)
		}
	}
}

// world makes a state again. It goes back on the way to what is known, and from there on by the actions.
func (w *worker) world(i int) *world {
	var missing []int
	for at := i; ; at = w.search.records.at(at).from() {
		for len(w.way) > 0 && w.way[len(w.way)-1].state > at {
			w.way = w.way[:len(w.way)-1]
		}
		if w.way[len(w.way)-1].state == at {
			break
		}
		missing = append(missing, at)
	}
	now := w.way[len(w.way)-1].world
	w.machine.skipRules = true
	for k := len(missing) - 1; k >= 0; k-- {
		now = w.machine.apply(now, w.search.records.at(missing[k]).action())
		w.way = append(w.way, stop{missing[k], now})
	}
	w.machine.skipRules = false
	return now
}

// again is the fingerprint of a state that is made again; ok is false if the way there is impossible.
func (w *worker) again(i int) (fingerprint uint64, ok bool) {
	defer func() { ok = recover() == nil }()
	return w.machine.symmetry.fingerprint(w.world(i)), true
}

// try is apply, for an action that may end in a panic: the core's way to say that a rule is broken.
func (m *machine) try(w *world, a action) (next *world) {
	defer func() {
		if reason := recover(); reason != nil {
			m.violations = append(m.violations, fmt.Sprintf("the process ends: %v", reason))
		}
	}()
	return m.apply(w, a)
}
