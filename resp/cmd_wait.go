package resp

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/migration"
	"github.com/raftredis/raftredis/resp/wire"
)

// waitHandlers answer the commands that wait for other nodes, or for other servers.
var waitHandlers = []handler{
	{of: data.Migrate, answer: migrate, slow: true},
	{of: node.Wait, answer: wait, slow: true},
	{of: node.WaitAOF, answer: waitAOF, slow: true},
}

// reach is how far the writes up to an index have come.
type reach struct {
	// local says that they are on this node's own disk; others counts the nodes besides one on whose disks they are.
	local  bool
	others int
	// final says that this node will not learn of more.
	final bool
}

// reachOf counts the nodes that have everything up to an index which this node has applied. What was applied is on the
// disks of a majority of the voters, on whichever node the client asks: so many are known without hearing from any. A
// leader knows how far each other node is; no other node does, and what it can say now it can say at once.
func (p *Progress) reachOf(index uint64) reach {
	known := reach{local: p.Own >= index, final: !p.Leads}
	others := 0
	for _, match := range p.Others {
		if match >= index {
			others++
		}
	}
	if p.Voters > 0 {
		known.others = max(others, p.Voters/2) // a majority, without the one that stands for Redis's master
	}
	return known
}

// parseWait reads the number of replicas and the time of WAIT and WAITAOF, or returns the text of an error.
func parseWait(replicas, timeout []byte) (wanted int64, period time.Duration, failure string) {
	wanted, ok := number.Parse(replicas)
	if !ok {
		return 0, 0, reply.NotInteger
	}
	period, failure = parseTimeout(timeout)
	return wanted, period, failure
}

// wait is WAIT replicas milliseconds: it answers how many nodes besides one have, on their disks, everything that this
// node has applied when it comes; so also every write that was acknowledged to this client.
func wait(c *Conn, dst []byte, args [][]byte) []byte {
	wanted, period, failure := parseWait(args[1], args[2])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	enough := func(s reach) bool { return int64(s.others) >= wanted }
	return c.awaitReach(dst, period, enough, func(dst []byte, s reach) []byte {
		return reply.Integer(dst, int64(s.others))
	})
}

// Error texts of WAITAOF, to the letter those of Redis.
const (
	waitLocal    = "ERR value is out of range, value must between 0 and 1"
	waitPositive = "ERR value is out of range, must be positive"
)

// waitAOF is WAITAOF local replicas milliseconds: as WAIT, but this node's own disk may be asked for too, and is told
// first. With Redis, WAIT is content with memory; here nothing but disks ever counts.
func waitAOF(c *Conn, dst []byte, args [][]byte) []byte {
	local, ok := number.Parse(args[1])
	switch {
	case !ok:
		return reply.Error(dst, reply.NotInteger)
	case local < 0 || local > 1:
		return reply.Error(dst, waitLocal)
	}
	wanted, period, failure := parseWait(args[2], args[3])
	switch {
	case failure != "":
		return reply.Error(dst, failure)
	case wanted < 0:
		return reply.Error(dst, waitPositive)
	}
	enough := func(s reach) bool { return int64(s.others) >= wanted && (s.local || local == 0) }
	return c.awaitReach(dst, period, enough, func(dst []byte, s reach) []byte {
		return reply.Integer(reply.Integer(reply.ArrayHeader(dst, 2), int64(digit(s.local))), int64(s.others))
	})
}

// awaitReach waits until what is applied now has come far enough, or time is over, or there is nothing more to learn.
// In a transaction it does not wait.
func (c *Conn) awaitReach(
	dst []byte, period time.Duration, enough func(reach) bool, answer func([]byte, reach) []byte,
) []byte {
	index := c.server.node.Applied()
	if c.isAnswering() {
		progress := c.server.node.Progress()
		return answer(dst, progress.reachOf(index))
	}
	c.awaitInterruptibly(&c.server.progress, period, func(dst []byte, last bool) ([]byte, bool) {
		progress := c.server.node.Progress()
		now := progress.reachOf(index)
		ended := last || enough(now) || (now.final && now.local)
		if ended {
			dst = answer(dst, now)
		}
		return dst, ended
	})
	return dst
}

// maxMigrations is how many calls of MIGRATE work at once; others wait for one of them to end. Each has a portion of
// keys in memory, which may be one value of any length.
const maxMigrations = 8

// migrate is MIGRATE host port key|"" database timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password]
// [KEYS key [key ...]]. It goes on without the connection, and ends soon when that does.
func migrate(c *Conn, dst []byte, args [][]byte) []byte {
	if text := c.movedFrom([]command.Call{{Spec: data.Migrate, Args: args}}); text != "" {
		return reply.Error(dst, text)
	}
	order, failure := migration.Parse(args)
	if failure != "" {
		return reply.Error(dst, failure)
	}
	server, held := c.server, order.Bytes()
	if !server.input.Take(held) {
		return reply.Error(dst, wire.ErrNoRoom.Reply)
	}
	ctx, cancel := context.WithCancel(context.Background())
	from := &migrated{server: server, database: c.facts().database, woken: make(chan struct{}, 1)}
	c.inBackground(func() func(dst []byte) []byte {
		defer server.input.Give(held)
		result := from.run(ctx, order)
		if result.IsError {
			return func(dst []byte) []byte { return reply.Error(dst, result.Text) }
		}
		return func(dst []byte) []byte { return reply.Simple(dst, result.Text) }
	})
	c.awaited.abandon = cancel
	return dst
}

// migrated is the key space as MIGRATE moves keys out of it: a migration.Source. One goroutine uses it.
type migrated struct {
	server   *Server
	database int
	// woken is ready when a request may have been completed.
	woken chan struct{}
}

// run carries out an order when it is its turn.
func (m *migrated) run(ctx context.Context, order *migration.Order) migration.Result {
	select {
	case m.server.migrations <- struct{}{}:
		defer func() { <-m.server.migrations }()
		return order.Run(ctx, m, m.server.isClosing)
	case <-ctx.Done():
	case <-m.server.closing:
	}
	return migration.Result{Text: nodeStops, IsError: true}
}

// Weigh is about how many bytes the value at a key has.
func (m *migrated) Weigh(key []byte) int { return m.server.store.Weigh(m.database, key) }

// request is one for the store. It completes by waking the goroutine.
func (m *migrated) request(calls ...command.Call) *Request {
	r := &Request{wake: func() {
		select {
		case m.woken <- struct{}{}:
		default:
		}
	}}
	r.Run.Calls, r.Run.Protocol = calls, reply.RESP2
	r.Run.Database, r.Run.Databases = m.database, m.server.limits.Databases
	return r
}

// await waits until the store has completed a request. The end of ctx abandons it.
func (m *migrated) await(ctx context.Context, r *Request) Outcome {
	done := ctx.Done()
	for !r.completed() {
		select {
		case <-m.woken:
		case <-done:
			m.server.store.Abandon(r)
			done = nil
		}
	}
	return r.end()
}

// Read has the values of keys, and the state in which they were looked at: a transaction of reads alone, which sees one
// state.
func (m *migrated) Read(ctx context.Context, keys [][]byte) (items []migration.Item, failure string) {
	r := m.request()
	run := &r.Run
	run.Head, run.LateBytes = command.TransactionHead(nil), command.LeftOutBytes
	for _, key := range keys {
		run.Calls = append(run.Calls,
			command.Call{Spec: data.PTTL, Args: [][]byte{[]byte("pttl"), key}},
			command.Call{Spec: data.Dump, Args: [][]byte{[]byte("dump"), key}})
	}
	watch := append([][]byte{[]byte("watch")}, keys...)
	run.Calls = append(run.Calls, command.Call{Spec: node.Watch, Args: watch})
	for answered := false; !answered; answered = m.server.store.View(r) {
		r.begin()
		m.server.store.Read(r)
		switch outcome := m.await(ctx, r); {
		case outcome == NotDone:
			return nil, m.server.notDoneText(m.server.node.Standing().State)
		case outcome != Done:
			return nil, outcomeTexts[outcome]
		}
		run.Reply, run.MaxReplyBytes = nil, maxMigratedBytes+int(m.server.tuning.MaxBulkBytes.Load())
	}
	run.Join()
	return readItems(run.Reply, run.Watched)
}

// maxMigratedBytes is how long the values of a portion are together at most, beside one that is as long as an argument
// may be: what would be longer is refused by the target as well.
const maxMigratedBytes = 16 << 20

// readItems takes what PTTL and DUMP have answered for each of the keys that were seen.
func readItems(replies []byte, seen []command.Watched) (items []migration.Item, failure string) {
	line, rest := cutLine(replies)
	if line[0] != '*' {
		return nil, string(line[1:])
	}
	for _, watched := range seen {
		item := migration.Item{Seen: watched}
		line, rest = cutLine(rest)
		left, _ := number.Parse(line[1:])
		line, rest = cutLine(rest)
		switch length, _ := strconv.Atoi(string(line[1:])); {
		case line[0] == '-':
			item.Failure = string(line[1:])
		case length < 0: // there is no such key
			continue
		default:
			item.Payload, rest = rest[:length], rest[length+len("\r\n"):]
		}
		if left >= 0 {
			item.Millis = max(left, 1) // 0 would be for ever
		}
		items = append(items, item)
	}
	return items, ""
}

// cutLine takes the first line from replies that the state machine has made.
func cutLine(replies []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(replies, []byte("\r\n"))
	return line, rest
}

// Remove removes keys, each by a transaction that depends on it, all at once. Nothing ends this but the store: the
// target has the keys, and what is left here would be there twice.
func (m *migrated) Remove(_ context.Context, items []migration.Item) []migration.Fate {
	requests, fates := make([]*Request, len(items)), make([]migration.Fate, len(items))
	for i := range items {
		seen := items[i].Seen
		r := m.request(command.Call{Spec: data.Del, Args: [][]byte{[]byte("DEL"), seen.Key}})
		r.Run.Head = command.TransactionHead([]command.Watched{seen})
		r.Body = r.Run.Body(make([]byte, 0, m.removalBytes(r)), argv.Append)
		r.Run.Summarize(command.SummedBytes)
		requests[i] = r
		r.begin()
		m.server.store.Write(r)
	}
	for i, r := range requests {
		switch outcome := m.await(context.Background(), r); {
		case outcome == Uncertain:
			fates[i] = migration.Unknown
		case outcome != Done:
			fates[i] = migration.Kept
		case !isArray(r.Run.Reply):
			fates[i] = migration.Changed
		}
	}
	return fates
}

// removalBytes is the length of the body of a removal.
func (m *migrated) removalBytes(r *Request) int {
	length := argv.Size(r.Run.Head) + argv.Size(r.Run.Calls[0].Args)
	if selection := r.Run.Selection(); selection != nil {
		length += argv.Size(selection)
	}
	return length
}
