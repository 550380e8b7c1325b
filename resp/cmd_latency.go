package resp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/metrics"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/stats"
)

// latencyHandlers answer LATENCY.
var latencyHandlers = []handler{
	{of: node.LatencyDoctor, answer: latencyDoctor},
	{of: node.LatencyGraph, answer: latencyGraph},
	help(node.LatencyHelp),
	{of: node.LatencyHistogram, answer: latencyHistogram},
	{of: node.LatencyHistory, answer: latencyHistory},
	{of: node.LatencyLatest, answer: latencyLatest},
	{of: node.LatencyReset, answer: latencyReset},
}

// latencyLatest is LATENCY LATEST: for each event its name, when it last happened, how long it took then, and at most.
func latencyLatest(c *Conn, dst []byte, _ [][]byte) []byte {
	events := c.server.latencies.Events()
	dst = reply.ArrayHeader(dst, len(events))
	for _, name := range stats.Names(events) {
		e := events[name]
		last := e.Samples[len(e.Samples)-1]
		dst = reply.BulkString(reply.ArrayHeader(dst, 4), name)
		dst = reply.Integer(reply.Integer(reply.Integer(dst, last.Second), last.Millis), e.Longest)
	}
	return dst
}

// latencyHistory is LATENCY HISTORY event.
func latencyHistory(c *Conn, dst []byte, args [][]byte) []byte {
	e := c.server.latencies.Events()[string(args[2])]
	dst = reply.ArrayHeader(dst, len(e.Samples))
	for _, sample := range e.Samples {
		dst = reply.Integer(reply.Integer(reply.ArrayHeader(dst, 2), sample.Second), sample.Millis)
	}
	return dst
}

// latencyGraph is LATENCY GRAPH event. The first line is Redis's: programs read it.
func latencyGraph(c *Conn, dst []byte, args [][]byte) []byte {
	name := string(args[2])
	e, known := c.server.latencies.Events()[name]
	if !known {
		return reply.Error(dst, "ERR No samples available for event '"+name+"'")
	}
	return reply.Verbatim(dst, c.protocol(), "txt", e.Graph(name, c.server.now()))
}

// latencyDoctor is LATENCY DOCTOR: sentences for people.
func latencyDoctor(c *Conn, dst []byte, _ [][]byte) []byte {
	t := c.server.tuning
	report := stats.Report(c.server.latencies.Events(), t.LatencyThresholdMillis.Load(), t.SlowerThanMicros.Load())
	return reply.Verbatim(dst, c.protocol(), "txt", report)
}

// latencyReset is LATENCY RESET [event ...]: it answers how many events had samples.
func latencyReset(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) == 2 {
		return reply.Integer(dst, int64(c.server.latencies.Reset()))
	}
	var names []string
	for _, event := range args[2:] {
		names = append(names, string(event))
	}
	return reply.Integer(dst, int64(c.server.latencies.Forget(names...)))
}

// latencyHistogram is LATENCY HISTOGRAM [command ...]: for each command that was called, how often, and how many calls
// took at most so many microseconds, for each power of two where that number grows.
func latencyHistogram(c *Conn, dst []byte, args [][]byte) []byte {
	wanted := func(string) bool { return true }
	if len(args) > 2 {
		wanted = func(name string) bool {
			return slices.ContainsFunc(args[2:], func(arg []byte) bool {
				container, _, _ := strings.Cut(name, "|")
				return strings.EqualFold(string(arg), name) || strings.EqualFold(string(arg), container)
			})
		}
	}
	count := 0
	var body []byte
	c.server.everyCommand(func(spec *command.Spec, all *metrics.Total) {
		if all.Times.Count() == 0 || !wanted(spec.Name) {
			return
		}
		count++
		body = reply.MapHeader(reply.BulkString(body, spec.Name), c.protocol(), 2)
		body = reply.Integer(reply.BulkString(body, "calls"), all.Calls)
		body = reply.BulkString(body, "histogram_usec")
		body = appendTimes(body, c.protocol(), &all.Times)
	})
	return append(reply.MapHeader(dst, c.protocol(), count), body...)
}

// appendTimes appends the bounds at which the number of times grows, each with the number up to it.
func appendTimes(dst []byte, protocol int, times *metrics.Times) []byte {
	type bound struct{ micros, upTo int64 }
	var bounds []bound
	seen := int64(0)
	for longest, n := range times.Steps() {
		seen += n
		limit := int64(1)
		for limit < longest {
			limit *= 2
		}
		if last := len(bounds) - 1; last >= 0 && bounds[last].micros == limit {
			bounds[last].upTo = seen
		} else {
			bounds = append(bounds, bound{limit, seen})
		}
	}
	slices.SortFunc(bounds, func(a, b bound) int { return cmp.Compare(a.micros, b.micros) })
	dst = reply.MapHeader(dst, protocol, len(bounds))
	for _, b := range bounds {
		dst = reply.Integer(reply.Integer(dst, b.micros), b.upTo)
	}
	return dst
}

// slowLogHandlers answer the commands that show slow runs.
var slowLogHandlers = []handler{
	{of: node.RaftSlowLog, answer: raftSlowLog},
	{of: node.SlowLogGet, answer: slowLogGet},
	help(node.SlowLogHelp),
	{of: node.SlowLogLen, answer: slowLogLen},
	{of: node.SlowLogReset, answer: slowLogReset},
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
