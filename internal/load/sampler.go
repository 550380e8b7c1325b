package load

import (
	"syscall"
	"time"
)

// sampler takes from the recorders, at the end of each interval, what was measured in it.
type sampler struct {
	*run
	recent    *Histogram
	intervals []Interval
	// from is when the present interval began.
	from int64
	// began is when the time that counts began; used is the processor time since then.
	began  time.Time
	before ProcessorTime
	used   ProcessorTime
}

// sample goes on until the run is over.
func (s *sampler) sample(over <-chan struct{}) {
	for {
		if s.from == s.counts {
			s.began, s.before = time.Now(), processorTime()
		}
		to := s.from + int64(s.Interval)
		if s.from < s.counts {
			to = min(to, s.counts)
		}
		select {
		case <-over:
			s.last(min(s.now(), to))
			return
		case <-time.After(time.Duration(to - s.now())):
			s.end(to)
		}
	}
}

// last ends the last interval, which is cut short. What is too short to have a rate is left out, unless it is all
// there is.
func (s *sampler) last(now int64) {
	if s.from < s.counts {
		return
	}
	s.used = ProcessorTime{}
	if after := processorTime(); s.before != (ProcessorTime{}) {
		s.used = ProcessorTime{User: after.User - s.before.User, System: after.System - s.before.System}
	}
	if now-s.from >= int64(s.Interval)/2 || len(s.intervals) == 0 && now > s.from {
		s.end(now)
	}
}

// end ends an interval.
func (s *sampler) end(to int64) {
	i := Interval{Start: time.Duration(s.from), Length: time.Duration(to - s.from), WarmUp: s.from < s.counts}
	if !i.WarmUp {
		i.Start -= time.Duration(s.counts)
	}
	s.recent.Reset()
	for _, rec := range s.recorders {
		rec.take(&i, s.recent)
	}
	i.P50, i.P99, i.Max = s.recent.Quantile(0.5), s.recent.Quantile(0.99), s.recent.Max()
	if !i.WarmUp {
		s.intervals = append(s.intervals, i)
	}
	if s.Progress != nil {
		s.Progress(i)
	}
	s.from = to
}

// processorTime is what this process has used so far; zero if the system does not tell.
func processorTime() ProcessorTime {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return ProcessorTime{}
	}
	return ProcessorTime{User: time.Duration(usage.Utime.Nano()), System: time.Duration(usage.Stime.Nano())}
}
