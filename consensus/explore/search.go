package explore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/guard"
)

// Options say how to explore.
type Options struct {
	// Workers is how many goroutines work; 0 stands for 1. With one, equal bounds always give the same transcript.
	Workers int
	// StatesMax bounds the memory: 8 bytes for a record and 10 to 22 for a fingerprint each. The search ends there.
	StatesMax int
	// Time bounds the search; 0: no bound.
	Time time.Duration
	// File, when not empty, keeps what was found. A search with the same bounds goes on from there.
	File string
	// OutcomesOnly leaves out the rules of conduct, to see what comes of a weakness.
	OutcomesOnly bool
	// Weakened are guards that are down, in a mutation build.
	Weakened guard.Set
	// Progress is called now and then, by any worker, one at a time.
	Progress func(Result)
}

// Result is what an exploration has found.
type Result struct {
	// States are distinct; parts exchanged between nodes do not make a state distinct, unless Bounds.Plain says so.
	States int
	// Expanded are those whose successors were all looked at. Steps counts successors, in this run.
	Expanded, Steps int
	// Depth is how many actions lead to the last state.
	Depth int
	// Complete means that there are no other states within the bounds.
	Complete bool
	// Elapsed is the time of this run, in which Fresh states were found.
	Elapsed time.Duration
	Fresh   int
	// Reached is what happened in this run.
	Reached Reached
	// Violation is the first one found, by as few actions as possible; nil if there is none.
	Violation *Violation
}

// String is the result in one line.
func (r Result) String() string {
	end := "not complete"
	if r.Complete {
		end = "complete"
	}
	rate := int(float64(r.Fresh) / max(r.Elapsed.Seconds(), 1e-9))
	return fmt.Sprintf("%d states (%d expanded), depth %d, %s, %d new states per second, %d steps, %v", r.States,
		r.Expanded, r.Depth, end, rate, r.Steps, r.Elapsed.Round(time.Second/10))
}

// search is a breadth-first search. Its levels are searched one after the other, so that the first violation is one of
// those that are reached by the fewest actions. A level is cut into chunks; workers take the chunks in order, and what
// they find is added in the order of chunks.
type search struct {
	bounds  Bounds
	options Options
	began   time.Time
	seen    *seenSet
	records *records

	mutex sync.Mutex
	// expanded is how many states have all their successors in records. taken is how many states workers have taken,
	// of the level that ends before end.
	expanded, taken, end int
	depth                int
	// found are chunks that came too early, by their first state.
	found     map[int]chunk
	fresh     int
	steps     int
	reached   Reached
	violation *failure
	file      *stateFile
	failed    error
	full      bool
	reported  time.Time
}

// chunk is what came of a few states in a row.
type chunk struct {
	first, end   int
	records      []record
	fingerprints []uint64
	steps        int
}

// chunkStates is how many states a worker takes at a time.
const chunkStates = 256

// failure is a violation, as the search finds it.
type failure struct {
	from       int
	action     action
	violations []string
}

// Explore explores the space that the bounds describe. The error is one of the bounds or of the file.
func Explore(b Bounds, o Options) (Result, error) {
	o.Workers = max(o.Workers, 1)
	if err := b.validate(); err != nil {
		return Result{}, err
	}
	if o.StatesMax < 1 || o.StatesMax > statesMax {
		return Result{}, fmt.Errorf("explore: StatesMax %d lies not between 1 and %d", o.StatesMax, statesMax)
	}
	s := newSearch(b, o)
	if err := s.run(); err != nil {
		return Result{}, err
	}
	return s.result(), nil
}

func newSearch(b Bounds, o Options) *search {
	now := time.Now()
	return &search{
		bounds: b, options: o, began: now, reported: now, seen: newSeenSet(o.StatesMax), records: newRecords(o.StatesMax),
		found: map[int]chunk{},
	}
}

func (s *search) run() error {
	if err := s.begin(); err != nil {
		return err
	}
	for s.expanded < s.records.count && s.level() {
	}
	return errors.Join(s.failed, s.file.close())
}

// begin adds the start, or everything that the file has.
func (s *search) begin() error {
	start := newMachine(s.bounds, &s.options).fingerprintOfStart()
	s.seen.add(start)
	s.records.add(0)
	if s.options.File == "" {
		return nil
	}
	var err error
	if s.file, err = openStateFile(s.options.File, s.heading(start)); err != nil {
		return err
	}
	samples := map[int]uint64{}
	err = s.file.read(s.options.StatesMax, func(c chunk) {
		for i, r := range c.records {
			if s.records.count%sampleStates == 1 {
				samples[s.records.count] = c.fingerprints[i]
			}
			s.seen.add(c.fingerprints[i])
			s.records.add(r)
		}
		s.expanded = c.end
	})
	if err == nil {
		err = s.compare(samples)
	}
	if err != nil {
		return errors.Join(err, s.file.close())
	}
	return nil
}

// sampleStates is how many states of a file share a sample.
const sampleStates = 1 << 12

// compare makes some states of a file again. When the core has changed since, it does not come to the same ones.
func (s *search) compare(samples map[int]uint64) error {
	w := newWorker(s)
	for _, i := range slices.Sorted(maps.Keys(samples)) {
		if fingerprint, ok := w.again(i); !ok || fingerprint != samples[i] {
			return fmt.Errorf("explore: %s: state %d is another one now: the core has changed; remove it to begin anew",
				s.options.File, i)
		}
	}
	return nil
}

// heading names the space: a file is of use for the same one only.
func (s *search) heading(start uint64) string {
	return fmt.Sprintf("raftredis exploration 1, %v, outcomes=%v weakened=%v start=%016x", s.bounds,
		s.options.OutcomesOnly, s.options.Weakened, start)
}

// level expands all states of the next depth, and reports whether to go on.
func (s *search) level() bool {
	s.depth, s.end = s.depthOf(s.records.count-1), s.levelEnd()
	s.taken = s.expanded
	var workers sync.WaitGroup
	for range s.options.Workers {
		workers.Go(func() { newWorker(s).run() })
	}
	workers.Wait()
	return s.violation == nil && s.failed == nil && !s.full && !s.late() && s.expanded == s.end
}

// depthOf is how many actions lead to a state.
func (s *search) depthOf(i int) int { return len(s.records.path(i)) }

// levelEnd is the first state that is deeper than the next one to expand. After a resumption it lies within the
// records.
func (s *search) levelEnd() int {
	depth := s.depthOf(s.expanded)
	low, high := s.expanded+1, s.records.count
	for low < high {
		middle := (low + high) / 2
		if s.depthOf(middle) > depth {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

func (s *search) late() bool { return s.options.Time > 0 && time.Since(s.began) > s.options.Time }

// take hands out the next chunk; ok is false when there is none, or the search is to end.
func (s *search) take() (first, end int, ok bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.taken == s.end || s.violation != nil || s.failed != nil || s.full || s.late() {
		return 0, 0, false
	}
	first = s.taken
	s.taken = min(first+chunkStates, s.end)
	return first, s.taken, true
}

// add adds what a worker found, when all that comes before is there. Behind a violation it adds nothing: the chunk that
// has it is not whole, and a search that goes on from the file must come to it again. Nor does it when the set of seen
// states is full: a chunk that found no room lacks states.
func (s *search) add(c chunk) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.full = s.full || s.seen.full.Load()
	s.found[c.first] = c
	for {
		c, ready := s.found[s.expanded]
		if !ready || s.violation != nil || s.full || s.failed != nil {
			return
		}
		delete(s.found, s.expanded)
		if s.records.count+len(c.records) > s.options.StatesMax {
			s.full = true
			return
		}
		for _, r := range c.records {
			s.records.add(r)
		}
		s.expanded, s.fresh, s.steps = c.end, s.fresh+len(c.records), s.steps+c.steps
		s.failed = s.file.write(c)
		s.report()
	}
}

// note adds what a worker reached.
func (s *search) note(reached Reached) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.reached.add(reached)
}

// reportEvery is how often Progress is called.
const reportEvery = 10 * time.Second

func (s *search) report() {
	if s.options.Progress == nil || time.Since(s.reported) < reportEvery {
		return
	}
	s.reported = time.Now()
	s.options.Progress(s.result())
}

func (s *search) fail(f failure) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.violation == nil || f.from < s.violation.from {
		s.violation = &f
	}
}

func (s *search) result() Result {
	r := Result{
		States: s.records.count, Expanded: s.expanded, Steps: s.steps, Depth: s.depthOf(s.records.count - 1),
		Complete: s.expanded == s.records.count, Elapsed: time.Since(s.began), Fresh: s.fresh, Reached: s.reached,
	}
	if s.violation != nil {
		r.Violation, r.Complete = s.tell(s.violation), false
		r.Depth = r.Violation.Steps
	}
	return r
}
