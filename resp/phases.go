package resp

import (
	"time"

	"github.com/raftredis/raftredis/internal/reply"
)

// leg is a part of the time that a run took.
type leg struct {
	name string
	took time.Duration
}

// phases says where the time of the run went that was just answered, nil if it had no way through the cluster or did
// not come to its end. The parts add up to the whole. The store is asked only here: what is not slow costs nothing.
func (c *Conn) phases(took time.Duration) []leg {
	r := &c.request
	if r.Stale || r.outcome != Done {
		return nil
	}
	p := c.server.store.Phases(r)
	wait := max(took-p.Disk-p.Replicate-p.Apply-p.Reply, 0)
	if r.Body == nil {
		return []leg{{"wait", wait}, {"read-index", p.Replicate}, {"reply", p.Reply}}
	}
	return []leg{
		{"wait", wait}, {"disk", p.Disk}, {"replicate", p.Replicate}, {"apply", p.Apply}, {"reply", p.Reply},
	}
}

// raftSlowLog is RAFT.SLOWLOG [count]: of the entries of SLOWLOG GET, their number, when they were noted, how many
// microseconds they took, and how many of these each phase took, in the order in which they passed.
func raftSlowLog(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) > 2 {
		return reply.Error(dst, reply.Syntax)
	}
	return c.listSlow(dst, args[1:], func(dst []byte, entry *slowEntry) []byte {
		dst = reply.Integer(reply.ArrayHeader(dst, 4), entry.id)
		dst = reply.Integer(reply.Integer(dst, entry.at.Unix()), entry.took.Microseconds())
		dst = reply.MapHeader(dst, c.protocol(), len(entry.phases))
		for _, one := range entry.phases {
			dst = reply.Integer(reply.BulkString(dst, one.name), one.took.Microseconds())
		}
		return dst
	})
}

// Late is for the replicated state machine to say how long something took that many clients share: a sync of the log
// (fsync), a commit, an application (apply), a confirmation of reads (read-index). What took as long as
// latency-monitor-threshold is an event of LATENCY. It waits for nobody.
func (s *Server) Late(event string, took time.Duration) {
	if s.isLate(took) {
		s.latencies.note(event, s.now(), took)
	}
}
