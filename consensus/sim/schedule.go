package sim

import "time"

// schedule is what is going to happen, in order of time; what is due at the same moment happens in the order in which
// it was planned. The present moves only when the next event is taken.
type schedule struct {
	// now is the time since the world began.
	now     time.Duration
	planned uint64
	heap    []event
}

// event is one thing that is going to happen.
type event struct {
	at    time.Duration
	order uint64
	act   func()
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.order < o.order
}

// after plans an event. A delay of zero means: next, after everything that is already planned for this moment.
func (s *schedule) after(delay time.Duration, act func()) { s.at(s.now+delay, act) }

// at plans an event at a moment that is not in the past.
func (s *schedule) at(when time.Duration, act func()) {
	s.planned++
	s.heap = append(s.heap, event{at: max(when, s.now), order: s.planned, act: act})
	s.up(len(s.heap) - 1)
}

// step lets the next event happen, unless it lies beyond the end. It returns false when nothing is left to do until
// then; the present is then the end.
func (s *schedule) step(end time.Duration) bool {
	if len(s.heap) == 0 || s.heap[0].at > end {
		s.now = max(s.now, end)
		return false
	}
	next := s.heap[0]
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap[last] = event{}
	s.heap = s.heap[:last]
	s.down(0)
	s.now = next.at
	next.act()
	return true
}

func (s *schedule) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.heap[i].before(&s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

func (s *schedule) down(i int) {
	for {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s.heap); child++ {
			if s.heap[child].before(&s.heap[first]) {
				first = child
			}
		}
		if first == i {
			return
		}
		s.heap[i], s.heap[first] = s.heap[first], s.heap[i]
		i = first
	}
}
