package resp

import (
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// measure notes what became of some calls of a run, and how long the run has taken so far.
func (c *Conn) measure(calls []command.Call, replies []byte) {
	c.clock = c.server.monotonic()
	took := time.Duration(c.clock - c.submittedAt)
	for i, same := 0, 1; i < len(calls); i, same = i+same, 1 {
		for i+same < len(calls) && calls[i+same].Spec == calls[i].Spec {
			same++
		}
		if calls[i].Spec != nil { // else it was counted when it was made
			c.server.measures.executed(c.share, calls[i].Spec, int64(same), took)
		}
	}
	for i := range calls {
		if calls[i].Spec != nil {
			c.server.measures.answered(c.share, calls[i].Spec, replies)
		}
		if i < len(calls)-1 {
			replies = reply.Skip(replies)
		}
	}
	if c.server.isNoteworthy(took) {
		c.server.noteSlow(c.session, calls, took, c.phases(took))
	}
}

// isNoteworthy reports whether something that took so long belongs into the slow log or to the latencies: seldom.
func (s *Server) isNoteworthy(took time.Duration) bool {
	return s.isSlow(took) || s.isLate(took)
}

func (s *Server) isSlow(took time.Duration) bool {
	slower := s.tuning.SlowerThanMicros.Load()
	return slower >= 0 && took.Microseconds() >= slower
}

func (s *Server) isLate(took time.Duration) bool {
	threshold := s.tuning.LatencyThresholdMillis.Load()
	return threshold > 0 && took.Milliseconds() >= threshold
}

// noteSlow keeps a run that took long. Calls that were answered without a state may stand among the others.
func (s *Server) noteSlow(client *session, calls []command.Call, took time.Duration, phases []leg) {
	now := s.now()
	for i := range calls {
		spec := calls[i].Spec
		if spec == nil || spec.Flags&command.FlagSkipSlowlog != 0 {
			continue
		}
		if s.isSlow(took) {
			s.slowLog.note(client, calls[i:], took, phases, now, s.tuning.SlowLogCommands.Load())
		}
		if s.isLate(took) {
			event := "command"
			if spec.Flags&command.FlagFast != 0 {
				event = "fast-command"
			}
			s.latencies.note(event, now, took)
		}
		return
	}
}

// timed notes how long a command of the connection or the node took, and what became of it.
func (c *Conn) timed(call command.Call, began monotonic, replies []byte) {
	c.clock = c.server.monotonic()
	took := time.Duration(c.clock - began)
	c.server.measures.executed(c.share, call.Spec, 1, took)
	c.server.measures.answered(c.share, call.Spec, replies)
	if c.server.isNoteworthy(took) {
		c.server.noteSlow(c.session, []command.Call{call}, took, nil)
	}
}
