package resp

import (
	"fmt"
	"sync"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// slowLogHandlers answer the commands that show slow runs.
var slowLogHandlers = []handler{
	{of: command.RaftSlowLog, answer: raftSlowLog},
	{of: command.SlowLogGet, answer: slowLogGet},
	help(command.SlowLogHelp),
	{of: command.SlowLogLen, answer: slowLogLen},
	{of: command.SlowLogReset, answer: slowLogReset},
}

// slowLog keeps the runs that took longest lately, each by its first command.
type slowLog struct {
	mu     sync.Mutex
	lastID int64
	// entries are the newest last.
	entries []slowEntry
}

type slowEntry struct {
	id            int64
	at            time.Time
	took          time.Duration
	args          []string
	address, name string
	// phases are empty for what had no way through the cluster.
	phases []leg
}

// What of a command is kept: as much as Redis keeps.
const (
	slowArguments     = 32
	slowArgumentBytes = 128
)

// note keeps a run, if it is to be kept.
func (l *slowLog) note(s *session, calls []command.Call, took time.Duration, phases []leg, now time.Time,
	most int64) {
	entry := slowEntry{
		at: now, took: took, phases: phases, args: slowWords(calls[0].Spec, calls[0].Args),
		address: s.address, name: s.facts.name,
	}
	if len(calls) > 1 {
		entry.args = append(entry.args, fmt.Sprintf("... (%d more commands)", len(calls)-1))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.id = l.lastID
	l.lastID++
	l.entries = append(l.entries, entry)
	l.trim(most)
}

// trim drops the oldest entries beyond so many.
func (l *slowLog) trim(most int64) {
	if excess := int64(len(l.entries)) - most; excess > 0 {
		l.entries = append(l.entries[:0], l.entries[excess:]...)
	}
}

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

// slowLogGet is SLOWLOG GET [count]: the newest first, ten unless another number is given; -1 means all.
func slowLogGet(c *Conn, dst []byte, args [][]byte) []byte {
	if len(args) > 3 {
		return reply.Error(dst, reply.SubcommandSyntax(args))
	}
	return c.listSlow(dst, args[2:], func(dst []byte, entry *slowEntry) []byte {
		dst = reply.Integer(reply.ArrayHeader(dst, 6), entry.id)
		dst = reply.Integer(dst, entry.at.Unix())
		dst = reply.Integer(dst, entry.took.Microseconds())
		dst = reply.ArrayHeader(dst, len(entry.args))
		for _, arg := range entry.args {
			dst = reply.BulkString(dst, arg)
		}
		return reply.BulkString(reply.BulkString(dst, entry.address), entry.name)
	})
}

// listSlow answers with the newest entries, as many as the argument says, ten if there is none.
func (c *Conn) listSlow(dst []byte, args [][]byte, show func(dst []byte, entry *slowEntry) []byte) []byte {
	count := int64(10)
	if len(args) > 0 {
		var ok bool
		if count, ok = number.Parse(args[0]); !ok || count < -1 {
			return reply.Error(dst, "ERR count should be greater than or equal to -1")
		}
	}
	l := &c.server.slowLog
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(c.server.tuning.SlowLogCommands.Load())
	n := len(l.entries)
	if count >= 0 {
		n = int(min(count, int64(n)))
	}
	dst = reply.ArrayHeader(dst, n)
	for i := range n {
		dst = show(dst, &l.entries[len(l.entries)-1-i])
	}
	return dst
}

func slowLogLen(c *Conn, dst []byte, _ [][]byte) []byte {
	l := &c.server.slowLog
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim(c.server.tuning.SlowLogCommands.Load())
	return reply.Integer(dst, int64(len(l.entries)))
}

func slowLogReset(c *Conn, dst []byte, _ [][]byte) []byte {
	l := &c.server.slowLog
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
	return reply.OK(dst)
}
