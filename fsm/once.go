package fsm

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/sessions"
)

// Errors of RAFT.ONCE and RAFT.SESSION. The first word is the contract: docs/outcomes.md says what each means.
const (
	replyGone = "REPLYGONE The sequence was executed before: the command is not executed now. The reply is not kept"
	tooOld    = "TOOOLD The sequence is 0, or 128 or more below the highest one of the session: the command is not " +
		"executed now. Whether it was before is not known any more"
	sequenceUsed = "SEQUENCEUSED The sequence was another command: this one is not executed"
	notASession  = "ERR a session and a sequence are numbers from 0 to 9223372036854775807"
	fullOfThem   = "ERR there are too many sessions: CLOSE those that are not used any more, or wait until some expire"
	invalidTTL   = "ERR a TTL is a number of milliseconds, at least 1"
)

// noSession is the error for a session that there is not.
func (m *Machine) noSession(id uint64) string {
	if id > m.state.LastNumber() {
		return "NOSESSION There never was a session " + strconv.FormatUint(id, 10) + ": the command is not executed"
	}
	return "NOSESSION Session " + strconv.FormatUint(id, 10) +
		" has expired or was closed, or never was: the command is not executed now"
}

// sessionFunctions are those of the commands on sessions, but RAFT.ONCE.
var sessionFunctions = []exec.Function{
	{Of: data.RaftSessionClose, Write: closeSession},
	{Of: data.RaftSessionInfo, Read: sessionInfo},
	{Of: data.RaftSessionOpen, Write: openSession},
}

// openSession is RAFT.SESSION OPEN [TTL milliseconds].
func openSession(w *exec.Writer, c exec.Call) []byte {
	ttl := int64(sessions.DefaultTTLMillis)
	if options := c.Args[2:]; len(options) > 0 {
		if len(options) != 2 || !exec.Is(options[0], "TTL") {
			return c.Error(reply.Syntax)
		}
		var ok bool
		if ttl, ok = number.Parse(options[1]); !ok || ttl < 1 {
			return c.Error(invalidTTL)
		}
	}
	id := w.NextNumber()
	if !w.Sessions().Open(id, w.Now().Log, ttl) {
		return c.Error(fullOfThem)
	}
	return c.Integer(int64(id))
}

// closeSession is RAFT.SESSION CLOSE session.
func closeSession(w *exec.Writer, c exec.Call) []byte {
	id, ok := parseNumber(c.Args[2])
	switch {
	case !ok:
		return c.Error(notASession)
	case w.Sessions().Close(id, w.Now().Log):
		return c.Integer(1)
	}
	return c.Integer(0)
}

// sessionInfo is RAFT.SESSION INFO session. Times are those of the state: a session ends when the log says so.
func sessionInfo(v exec.View, c exec.Call) []byte {
	id, ok := parseNumber(c.Args[2])
	if !ok {
		return c.Error(notASession)
	}
	info, found := v.Space.Session(id)
	if !found {
		return c.Error("NOSESSION There is no session " + strconv.FormatUint(id, 10))
	}
	dst := reply.MapHeader(c.Reply, c.Protocol, 6)
	for _, field := range [...]struct {
		name  string
		value int64
	}{
		{"session", int64(id)},
		{"ttl", info.TTLMillis},
		{"left", info.Deadline - v.Space.Now().Log},
		{"highest", int64(info.Highest)},
		{"replies", int64(info.Replies)},
		{"reply-bytes", int64(info.ReplyBytes)},
	} {
		dst = reply.Integer(reply.BulkString(dst, field.name), field.value)
	}
	return dst
}

// parseNumber reads a number that is not negative.
func parseNumber(arg []byte) (uint64, bool) {
	n, ok := number.Parse(arg)
	return uint64(n), ok && n >= 0
}

// carried is where the command begins in the arguments of RAFT.ONCE.
const carried = 3

// once is RAFT.ONCE session sequence command [arg …]: it executes the command unless the session had that sequence
// before, and answers with the first reply.
//
// What cannot be executed in any session takes no sequence and touches none: unknown commands, wrong numbers of
// arguments, commands that RAFT.ONCE does not take, and those of a later level than the cluster's. Nodes of different
// builds may give different reasons there, and all have the same state.
func (m *Machine) once(_ *exec.Writer, c exec.Call) []byte {
	session, isSession := parseNumber(c.Args[1])
	sequence, isSequence := parseNumber(c.Args[2])
	if !isSession || !isSequence {
		return c.Error(notASession)
	}
	within := c
	within.Args = c.Args[carried:]
	spec, fault := commands.Find(within.Args)
	switch {
	case fault != command.NoFault:
		return refuse(within, spec, fault)
	case commands.RefusedOnce(spec) != "":
		return c.Error(reply.RefusedOnce(spec.Name, commands.RefusedOnce(spec)))
	case m.isLater(spec):
		return c.Error(reply.NeedsLevel(spec.Name, spec.Level, m.level))
	}
	outcome, kept := m.state.Sessions().Begin(session, sequence, m.state.Now().Log)
	switch outcome {
	case sessions.Replayed:
		return replayed(c, kept, m.fingerprint(within.Args))
	case sessions.ReplyGone:
		return c.Error(replyGone)
	case sessions.NoSession:
		return c.Error(m.noSession(session))
	case sessions.TooOld:
		return c.Error(tooOld)
	}
	return m.first(c, spec, session, sequence)
}

// Settled reports whether RAFT.ONCE will never execute a sequence from this state on: then it needs no memory, and says
// what became of an earlier attempt. False says nothing, for this node may be behind. It may be called where Query may.
func (m *Machine) Settled(session, sequence uint64) bool {
	return m.ready && session <= m.state.LastNumber() &&
		m.state.Sessions().Settled(session, sequence, m.state.Now().Log)
}

// replayed answers with a reply that was kept, if it was the same command. Of a reply that was too long only the
// fingerprint is kept.
func replayed(c exec.Call, kept []byte, of uint32) []byte {
	made, neutral := binary.LittleEndian.Uint32(kept), kept[fingerprintBytes:]
	switch {
	case made != of:
		return c.Error(sequenceUsed)
	case len(neutral) == 0:
		return c.Error(replyGone)
	case !c.IsWatched():
		return c.Reply
	case isCrowded(c, neutral):
		return c.TooLong()
	}
	return reply.Render(c.Reply, neutral, c.Protocol)
}

// isCrowded reports whether the run has so many replies that the client does not get another one, unless it is as short
// as an error.
func isCrowded(c exec.Call, neutral []byte) bool {
	return len(neutral) > exec.ValueOverheadBytes && !c.Fits(0)
}

// first executes a command for the first time, and keeps its reply.
//
// All nodes keep the same bytes, whether a client waits or not, in whatever protocol, and whatever it may receive at
// once. So the command is executed on each node into a buffer of its own, for no protocol, and with a bound that is the
// same everywhere. Where the reply is too long to be kept, the client gets it once.
func (m *Machine) first(c exec.Call, spec *command.Spec, session, sequence uint64) []byte {
	own := &m.keeping
	*own = c.KeepingOf(m.maxKept())
	args, chance := c.Args[carried:], m.state.Chance(session, sequence)
	var made []byte
	if spec.MayWrite(args) {
		made = m.write(spec, c.Kept(own).Writing(args))
	} else {
		v := m.viewInLog(chance, c.Lookups())
		made = reads[spec.ID()](v, c.Kept(own).Unasked().Reading(args))
	}
	keeps := !own.TooLong && len(made) <= own.MaxBytes
	of := m.fingerprint(args)
	m.record = binary.LittleEndian.AppendUint32(m.record[:0], of)
	if keeps {
		m.record = append(m.record, made...)
		m.kept += len(made)
	}
	m.state.Sessions().Record(session, sequence, m.state.Now().Log, m.record)
	switch {
	case !c.IsWatched():
		return made // for its memory, which is used again
	case !keeps && !spec.MayWrite(args):
		// For the client alone, and if it is put off, when the entry with its arguments is gone.
		return m.readBeside(m.viewInLog(chance, nil), spec, c.Reading(lasting(args)))
	case keeps && isCrowded(c, made):
		return c.TooLong()
	case reply.IsShared(made):
		return append(c.Reply, made...) // where it is already, unless it became too long for the buffer
	}
	m.record = append(m.record[:0], made...)
	return reply.Render(c.Reply, m.record, c.Protocol)
}

// lasting are copies of arguments.
func lasting(args [][]byte) [][]byte {
	own := make([][]byte, len(args))
	for i, arg := range args {
		own[i] = bytes.Clone(arg)
	}
	return own
}

// viewInLog is what a read sees that is a part of the log. chance is what it may take for random.
func (m *Machine) viewInLog(chance uint64, lookups *command.Lookups) exec.View {
	return exec.View{
		Space: m.writer.Space(), Database: m.writer.Database(), Now: m.state.Now(), Random: chance,
		MaxValueBytes: m.maxValueBytes, Lookups: lookups, Limits: m.own.encodings,
		Use: m.state.UseAt(m.state.Now(), m.own.countsUses()),
	}
}

// fingerprintBytes is the length of a fingerprint, which stands before each reply that is kept.
const fingerprintBytes = 4

const (
	// maxKeptReplyBytes is the longest reply that is kept.
	maxKeptReplyBytes = 1 << 20
	// maxEntryKeptBytes bounds the replies to the commands of one entry that are kept. Every node makes, copies and sums
	// them while all clients wait, and some kilobytes of the log can ask for a thousand long values.
	maxEntryKeptBytes = 4 << 20
	// shortReplyBytes is the length of a reply that is kept whatever was kept of the entry: most are as short.
	shortReplyBytes = 256
)

// maxKept is how long the next reply may be to be kept.
func (m *Machine) maxKept() int {
	return max(shortReplyBytes, min(maxKeptReplyBytes, maxEntryKeptBytes-m.kept))
}

// wholeBytes is how long an argument may be that is taken into a fingerprint as a whole; of others only so much from
// either end counts: this is against mistakes.
const wholeBytes = 256

// castagnoli is CRC32C, for which processors have instructions.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fingerprint tells commands apart, so that a program which uses a sequence twice by mistake, or two programs that use
// one session, get no reply to another command. The same command in another database is another one.
func (m *Machine) fingerprint(args [][]byte) (sum uint32) {
	if database := m.writer.Database(); database != 0 {
		m.record = binary.AppendUvarint(m.record[:0], uint64(database))
		sum = crc32.Update(sum, castagnoli, m.record)
	}
	for _, arg := range args {
		m.record = binary.AppendUvarint(m.record[:0], uint64(len(arg)))
		if len(arg) > 2*wholeBytes {
			m.record = append(m.record, arg[:wholeBytes]...)
			arg = arg[len(arg)-wholeBytes:]
		}
		m.record = append(m.record, arg...)
		sum = crc32.Update(sum, castagnoli, m.record)
	}
	return sum
}
