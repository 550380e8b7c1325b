package resp

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/stats"
)

// slowLogHandlers answer the commands that show slow runs.
var slowLogHandlers = []handler{
	{of: command.RaftSlowLog, answer: raftSlowLog},
	{of: command.SlowLogGet, answer: slowLogGet},
	help(command.SlowLogHelp),
	{of: command.SlowLogLen, answer: slowLogLen},
	{of: command.SlowLogReset, answer: slowLogReset},
}

// slowLogGet is SLOWLOG GET [count]: the newest first, ten unless another number is given; -1 means all.
func slowLogGet(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) > 3 {
		return reply.Error(dst, reply.SubcommandSyntax(args))
	}
	return c.listSlow(dst, args[2:], func(dst []byte, run *stats.SlowRun) []byte {
		dst = reply.Integer(reply.ArrayHeader(dst, 6), run.ID)
		dst = reply.Integer(dst, run.At.Unix())
		dst = reply.Integer(dst, run.Took.Microseconds())
		dst = reply.ArrayHeader(dst, len(run.Args))
		for _, arg := range run.Args {
			dst = reply.BulkString(dst, arg)
		}
		return reply.BulkString(reply.BulkString(dst, run.Address), run.Name)
	})
}

// raftSlowLog is RAFT.SLOWLOG [count]: of the entries of SLOWLOG GET, their number, when they were noted, how many
// microseconds they took, and how many of these each phase took, in the order in which they passed.
func raftSlowLog(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) > 2 {
		return reply.Error(dst, reply.Syntax)
	}
	return c.listSlow(dst, args[1:], func(dst []byte, run *stats.SlowRun) []byte {
		dst = reply.Integer(reply.ArrayHeader(dst, 4), run.ID)
		dst = reply.Integer(reply.Integer(dst, run.At.Unix()), run.Took.Microseconds())
		dst = reply.MapHeader(dst, c.protocol(), len(run.Phases))
		for _, phase := range run.Phases {
			dst = reply.Integer(reply.BulkString(dst, phase.Name), phase.Took.Microseconds())
		}
		return dst
	})
}

// listSlow answers with the newest runs, as many as the argument says, ten if there is none.
func (c *Conn) listSlow(dst []byte, args [][]byte, show func(dst []byte, run *stats.SlowRun) []byte) []byte {
	count := int64(10)
	if len(args) > 0 {
		var ok bool
		if count, ok = number.Parse(args[0]); !ok || count < -1 {
			return reply.Error(dst, "ERR count should be greater than or equal to -1")
		}
	}
	runs := c.server.slowRuns(count)
	dst = reply.ArrayHeader(dst, len(runs))
	for i := range runs {
		dst = show(dst, &runs[i])
	}
	return dst
}

// slowRuns are the newest of the slow log, all if count is negative.
func (s *Server) slowRuns(count int64) []stats.SlowRun {
	return s.slowLog.Newest(count, s.tuning.SlowLogCommands.Load())
}

func slowLogLen(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, int64(len(c.server.slowRuns(-1))))
}

func slowLogReset(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.slowLog.Reset()
	return reply.OK(dst)
}
