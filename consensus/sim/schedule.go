package sim

import "time"

// schedule is what is going to happen, in order of time; what is due at the same moment happens in the order in which
// it was planned. The present moves only when the next event is taken.
type schedule struct {
	// now is the time since the world began.
	now     time.Duration
	planned uint64
	// heap has the moments of all events, the next one first; their deeds are in deeds, where free lists the places that
	// are not in use. So what moves in the heap is small, and has no pointers.
	heap  []event
	deeds []deed
	free  []uint32
}

// event is the moment of one thing that is going to happen.
type event struct {
	at    time.Duration
	order uint64
	// deed is its place in schedule.deeds.
	deed uint32
}

// deed is what happens at an event: act, which is the act of a process if life is not nil.
type deed struct {
	act  func()
	life *life
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// after plans an event. A delay of zero means: next, after everything that is already planned for this moment.
func (s *schedule) after(delay time.Duration, act func()) { s.at(s.now+delay, act) }

// at plans an event at a moment that is not in the past.
func (s *schedule) at(when time.Duration, act func()) { s.plan(when, deed{act: act}) }

func (s *schedule) plan(when time.Duration, d deed) {
	s.planned++
	e := event{at: max(when, s.now), order: s.planned, deed: uint32(len(s.deeds))}
	if last := len(s.free) - 1; last >= 0 {
		e.deed, s.free = s.free[last], s.free[:last]
		s.deeds[e.deed] = d
	} else {
		s.deeds = append(s.deeds, d)
	}
	s.heap = append(s.heap, e)
	s.up(len(s.heap)-1, e)
}

// step lets the next event happen, unless it lies beyond the end. It returns false when nothing is left to do until
// then; the present is then the end.
func (s *schedule) step(end time.Duration) bool {
	if len(s.heap) == 0 || s.heap[0].at > end {
		s.now = max(s.now, end)
		return false
	}
	next := s.heap[0]
	d := s.deeds[next.deed]
	s.deeds[next.deed] = deed{}
	s.free = append(s.free, next.deed)
	last := len(s.heap) - 1
	e := s.heap[last]
	if s.heap = s.heap[:last]; last > 0 {
		s.down(0, e)
	}
	s.now = next.at
	if d.life != nil {
		d.life.undergo(d.act)
	} else {
		d.act()
	}
	return true
}

// up puts an event at a place of the heap, or above.
func (s *schedule) up(i int, e event) {
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&s.heap[parent]) {
			break
		}
		s.heap[i] = s.heap[parent]
		i = parent
	}
	s.heap[i] = e
}

// down puts an event at a place of the heap, or below.
func (s *schedule) down(i int, e event) {
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			break
		}
		if child+1 < len(s.heap) && s.heap[child+1].before(&s.heap[child]) {
			child++
		}
		if !s.heap[child].before(&e) {
			break
		}
		s.heap[i] = s.heap[child]
		i = child
	}
	s.heap[i] = e
}
