package resp

import (
	"fmt"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/stats"
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
			c.shard.Executed(calls[i].Spec.ID(), int64(same), took)
		}
	}
	for i := range calls {
		if calls[i].Spec != nil {
			c.shard.Answered(calls[i].Spec.ID(), replies)
		}
		if i < len(calls)-1 {
			replies = reply.Skip(replies)
		}
	}
	c.countLookups()
	if c.server.isNoteworthy(took) {
		c.server.noteSlow(c.session, calls, took, c.phases(took))
	}
}

// countLookups takes over how many keys the run has looked for. Most runs of writes have looked for none.
func (c *Conn) countLookups() {
	lookups := &c.request.Run.Lookups
	if lookups.Hits > 0 {
		c.shard.Hits.Add(lookups.Hits)
	}
	if lookups.Misses > 0 {
		c.shard.Misses.Add(lookups.Misses)
	}
	*lookups = command.Lookups{}
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
func (s *Server) noteSlow(client *session, calls []command.Call, took time.Duration, phases []stats.Phase) {
	now := s.now()
	for i := range calls {
		spec := calls[i].Spec
		if spec == nil || spec.Flags&command.FlagSkipSlowlog != 0 {
			continue
		}
		if s.isSlow(took) {
			s.metrics.SlowRuns.Inc()
			s.slowLog.Note(slowRun(client, calls[i:], took, phases, now), s.tuning.SlowLogCommands.Load())
		}
		if s.isLate(took) {
			event := "command"
			if spec.Flags&command.FlagFast != 0 {
				event = "fast-command"
			}
			s.noteLate(event, now, took)
		}
		return
	}
}

// timed notes how long a command of the connection or the node took, and what became of it.
func (c *Conn) timed(call command.Call, began monotonic, replies []byte) {
	c.clock = c.server.monotonic()
	took := time.Duration(c.clock - began)
	c.shard.Executed(call.Spec.ID(), 1, took)
	c.shard.Answered(call.Spec.ID(), replies)
	if c.server.isNoteworthy(took) {
		c.server.noteSlow(c.session, []command.Call{call}, took, nil)
	}
}

// phases says where the time of the run went that was just answered, nil if it had no way through the cluster or did
// not come to its end. The parts add up to the whole. The store is asked only here: what is not slow costs nothing.
func (c *Conn) phases(took time.Duration) []stats.Phase {
	r := &c.request
	if r.Stale || r.outcome != Done {
		return nil
	}
	p := c.server.store.Phases(r)
	wait := max(took-p.Disk-p.Replicate-p.Apply-p.Reply, 0)
	if r.Body == nil {
		return []stats.Phase{
			{Name: "wait", Took: wait}, {Name: "read-index", Took: p.Replicate}, {Name: "reply", Took: p.Reply},
		}
	}
	return []stats.Phase{
		{Name: "wait", Took: wait}, {Name: "disk", Took: p.Disk}, {Name: "replicate", Took: p.Replicate},
		{Name: "apply", Took: p.Apply}, {Name: "reply", Took: p.Reply},
	}
}

// How much of a command the slow log keeps (as Redis does).
const (
	slowArguments     = 32
	slowArgumentBytes = 128
)

// slowWords are the arguments as they are kept.
func slowWords(spec *command.Spec, args [][]byte) []string {
	var words []string
	for i, arg := range args {
		switch {
		case i == slowArguments-1 && len(args) > slowArguments:
			return append(words, fmt.Sprintf("... (%d more arguments)", len(args)-i))
		case isSecret(spec, args, i):
			words = append(words, "(redacted)")
		case len(arg) > slowArgumentBytes:
			words = append(words, fmt.Sprintf("%s... (%d more bytes)", arg[:slowArgumentBytes], len(arg)-slowArgumentBytes))
		default:
			words = append(words, string(arg))
		}
	}
	return words
}

// slowRun is a run that took long, as the slow log keeps it.
func slowRun(client *session, calls []command.Call, took time.Duration, phases []stats.Phase,
	now time.Time) stats.SlowRun {
	run := stats.SlowRun{
		At: now, Took: took, Phases: phases, Args: slowWords(calls[0].Spec, calls[0].Args),
		Address: client.address, Name: client.facts.name,
	}
	if len(calls) > 1 {
		run.Args = append(run.Args, fmt.Sprintf("... (%d more commands)", len(calls)-1))
	}
	return run
}

// Late is for the replicated state machine to say how long something took that many clients share: a sync of the log
// (fsync), a commit, an application (apply), a confirmation of reads (read-index). What took as long as
// latency-monitor-threshold is an event of LATENCY. It blocks nothing.
func (s *Server) Late(event string, took time.Duration) {
	if s.isLate(took) {
		s.noteLate(event, s.now(), took)
	}
}

func (s *Server) noteLate(event string, now time.Time, took time.Duration) {
	s.metrics.LateEvents.Inc()
	s.latencies.Note(event, now, took)
}

// estimated is what the writes of a run that is being gathered do, by estimate.
type estimated struct {
	work int
	// made is the weight of the values that they leave, by key, where that is at least minMade and does not follow from
	// the length of the run.
	made map[string]int
	// longest is the length of the longest write.
	longest int
}

const (
	// minMade is the weight of a value that a run makes in order to be noted: lighter ones cost next to nothing.
	minMade = 4 << 10
	// minGrown is from which length of the run on its values count as if all of it had been added to each.
	minGrown = 32 << 10
)

// add adds a write, bytes the length of its arguments.
func (e *estimated) add(call *command.Call, bytes int, cost command.Estimate) {
	e.work += cost.Work
	e.longest = max(e.longest, bytes)
	if cost.Made < minMade {
		return
	}
	if e.made == nil {
		e.made = make(map[string]int)
	}
	call.Spec.Changed(call.Args, func(key []byte) { e.made[string(key)] = max(e.made[string(key)], cost.Made) })
}

// estimate is what a write is estimated to do behind the others of the run, bytes the length of its arguments.
func (c *Conn) estimate(call *command.Call, bytes int) command.Estimate {
	return call.Spec.Estimate(call.Args, bytes, (*foreseen)(c))
}

// foreseen is what the next call of a run may find at its keys: what is stored, and what the calls before it may have
// made of that. By what is stored alone a run could be any amount of work:
//
//  1. A pipeline says SETRANGE a 536870911 x, and then a thousand times BITOP NOT b a.
//  2. Nothing is stored yet, so each of the thousand looks cheap, and all go into one entry.
type foreseen Conn

// Weigh is that of command.Stored.
func (f *foreseen) Weigh(key []byte) int {
	weight, brought := max(f.server.store.Weigh(f.request.Run.Database, key), f.writes.made[string(key)]), 0
	if f.writes.longest >= minMade {
		brought = f.writes.longest
	}
	if f.bodyBytes >= minGrown {
		brought = f.bodyBytes
	}
	return weight + brought
}

// Hearing is that of command.Audience.
func (f *foreseen) Hearing(channel, message []byte, sharded bool) int {
	return f.server.channels.Work(channel, len(channel)+len(message), sharded)
}

// maxTransactionWork is how much work a transaction with writes may be, if it has several commands: two seconds or so,
// in which the nodes execute nothing else. Others are cut at a thousandth of that.
const maxTransactionWork = 1 << 10 * command.MaxEntryWork

// isTooMuchWork reports whether the writes of a transaction are estimated to be too much for one entry, by what is
// stored and by what those before each of them make of that. Its reads do not count: what is much of them is put off.
func (c *Conn) isTooMuchWork(t *transaction) bool {
	if !t.writes {
		return false
	}
	stored := queuedBefore{
		store: c.server.store, audience: c.server.channels, database: c.request.Run.Database,
		swapped: map[int]int{}, made: map[string]int{},
	}
	work, commands := 0, 0
	for i := range t.calls {
		call := &t.calls[i]
		stored.follow(c, call.Spec, call.Args)
		if !call.IsWrite() && !call.Fills() {
			continue
		}
		cost := call.Spec.Estimate(call.Args, argv.Size(call.Args), &stored)
		if work, commands = work+cost.Work, commands+1; cost.Made >= minMade {
			call.Spec.Changed(call.Args, func(key []byte) {
				stored.made[string(key)] = max(stored.made[string(key)], cost.Made)
			})
		}
	}
	return commands > 1 && work > maxTransactionWork
}

// queuedBefore is what a command of a transaction may find at its keys. It is no bound, unlike foreseen: by that a run
// is cut, and by this a transaction is refused.
type queuedBefore struct {
	store    Store
	audience *channels.Table
	// database is the one in which the command is. swapped says for databases that SWAPDB gave another number which one
	// each was before: by that the store knows what is in it.
	database int
	swapped  map[int]int
	// made is the weight of what the commands before it have made, by key, in whichever database.
	made map[string]int
}

// Weigh is that of command.Stored.
func (q *queuedBefore) Weigh(key []byte) int {
	return max(q.store.Weigh(q.before(q.database), key), q.made[string(key)])
}

// Hearing is that of command.Audience. How long the messages are does not count: by that the transaction has its bound,
// and together they are no more work than one as long.
func (q *queuedBefore) Hearing(channel, _ []byte, sharded bool) int {
	return q.audience.Work(channel, 0, sharded)
}

// before is the number that a database had before the transaction.
func (q *queuedBefore) before(database int) int {
	if was, is := q.swapped[database]; is {
		return was
	}
	return database
}

// follow takes note of a command that says in which databases the next ones are.
func (q *queuedBefore) follow(c *Conn, spec *command.Spec, args [][]byte) {
	switch {
	case spec.Wraps > 0:
		if inner, fault := commands.Find(args[spec.Wraps:]); fault == command.NoFault && inner.Wraps == 0 {
			q.follow(c, inner, args[spec.Wraps:])
		}
	case spec == node.Select:
		if database, refusal := c.parseDatabase(args[1]); refusal == "" {
			q.database = database
		}
	case spec == data.SwapDB:
		first, refusal := c.parseDatabase(args[1])
		second, refused := c.parseDatabase(args[2])
		if refusal == "" && refused == "" {
			q.swapped[first], q.swapped[second] = q.before(second), q.before(first)
		}
	}
}
