package fsm

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"

	"github.com/raftredis/raftredis/internal/command"
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
	if id > m.space.LastNumber() {
		return "NOSESSION There never was a session " + strconv.FormatUint(id, 10) + ": the command is not executed"
	}
	return "NOSESSION Session " + strconv.FormatUint(id, 10) +
		" has expired or was closed, or never was: the command is not executed now"
}

// onceFunctions are those of the commands on sessions.
var onceFunctions = []function{
	{of: command.RaftOnce, write: once},
	{of: command.RaftSessionClose, write: closeSession},
	{of: command.RaftSessionInfo, read: sessionInfo},
	{of: command.RaftSessionOpen, write: openSession},
}

// openSession is RAFT.SESSION OPEN [TTL milliseconds].
func openSession(m *Machine, c call) []byte {
	ttl := int64(sessions.DefaultTTLMillis)
	if options := c.args[2:]; len(options) > 0 {
		if len(options) != 2 || !is(options[0], "TTL") {
			return c.error(reply.Syntax)
		}
		var ok bool
		if ttl, ok = number.Parse(options[1]); !ok || ttl < 1 {
			return c.error(invalidTTL)
		}
	}
	id := m.space.NextNumber()
	if !m.space.Sessions().Open(id, m.space.Now().Log, ttl) {
		return c.error(fullOfThem)
	}
	return c.integer(int64(id))
}

// closeSession is RAFT.SESSION CLOSE session.
func closeSession(m *Machine, c call) []byte {
	id, ok := parseNumber(c.args[2])
	switch {
	case !ok:
		return c.error(notASession)
	case m.space.Sessions().Close(id, m.space.Now().Log):
		return c.integer(1)
	}
	return c.integer(0)
}

// sessionInfo is RAFT.SESSION INFO session. Times are those of the state: a session ends when the log says so.
func sessionInfo(v view, c call) []byte {
	id, ok := parseNumber(c.args[2])
	if !ok {
		return c.error(notASession)
	}
	info, found := v.space.Session(id)
	if !found {
		return c.error("NOSESSION There is no session " + strconv.FormatUint(id, 10))
	}
	dst := reply.MapHeader(c.reply, c.protocol, 6)
	for _, field := range [...]struct {
		name  string
		value int64
	}{
		{"session", int64(id)},
		{"ttl", info.TTLMillis},
		{"left", info.Deadline - v.space.Now().Log},
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
func once(m *Machine, c call) []byte {
	session, isSession := parseNumber(c.args[1])
	sequence, isSequence := parseNumber(c.args[2])
	if !isSession || !isSequence {
		return c.error(notASession)
	}
	within := c
	within.args = c.args[carried:]
	spec, fault := command.Find(within.args)
	switch {
	case fault != command.NoFault:
		return within.refuse(spec, fault)
	case spec.RefusedOnce() != "":
		return c.error(reply.RefusedOnce(spec.Name, spec.RefusedOnce()))
	case m.isLater(spec):
		return c.error(reply.NeedsLevel(spec.Name, spec.Level, m.level))
	}
	outcome, kept := m.space.Sessions().Begin(session, sequence, m.space.Now().Log)
	switch outcome {
	case sessions.Replayed:
		return c.replayed(kept, m.fingerprint(within.args))
	case sessions.ReplyGone:
		return c.error(replyGone)
	case sessions.NoSession:
		return c.error(m.noSession(session))
	case sessions.TooOld:
		return c.error(tooOld)
	}
	return m.first(c, spec, session, sequence)
}

// Settled reports whether RAFT.ONCE will never execute a sequence from this state on: then it needs no memory, and says
// what became of an earlier attempt. False says nothing, for this node may be behind. It may be called where Query may.
func (m *Machine) Settled(session, sequence uint64) bool {
	return m.ready && session <= m.space.LastNumber() &&
		m.space.Sessions().Settled(session, sequence, m.space.Now().Log)
}

// replayed answers with a reply that was kept, if it was the same command. Of a reply that was too long only the
// fingerprint is kept.
func (c call) replayed(kept []byte, of uint32) []byte {
	made, neutral := binary.LittleEndian.Uint32(kept), kept[fingerprintBytes:]
	switch {
	case made != of:
		return c.error(sequenceUsed)
	case len(neutral) == 0:
		return c.error(replyGone)
	case c.maxReply == noReply:
		return c.reply
	case c.isFull(neutral):
		return c.tooLong()
	}
	return reply.Render(c.reply, neutral, c.protocol)
}

// isFull reports whether the run has so many replies that the client does not get another one, unless it is as short as
// an error.
func (c call) isFull(neutral []byte) bool { return len(neutral) > valueOverheadBytes && !c.fits(0) }

// first executes a command for the first time, and keeps its reply.
//
// All nodes keep the same bytes, whether a client waits or not, in whatever protocol, and whatever it may receive at
// once. So the command is executed on each node into a buffer of its own, for no protocol, and with a bound that is the
// same everywhere. Where the reply is too long to be kept, the client gets it once.
func (m *Machine) first(c call, spec *command.Spec, session, sequence uint64) []byte {
	own := &m.keeping
	*own = keeping{
		before: len(c.reply), left: c.left(), chance: m.space.Chance(session, sequence), maxBytes: m.maxKept(),
	}
	within := c
	within.args, within.protocol, within.keeping = c.args[carried:], reply.Neutral, own
	within.reply = c.reply[len(c.reply):]
	var made []byte
	if spec.Class == command.Write {
		made = m.write(spec, within)
	} else {
		made = m.look(spec, within)
	}
	keeps := !own.tooLong && len(made) <= own.maxBytes
	of := m.fingerprint(within.args)
	m.record = binary.LittleEndian.AppendUint32(m.record[:0], of)
	if keeps {
		m.record = append(m.record, made...)
		m.kept += len(made)
	}
	m.space.Sessions().Record(session, sequence, m.space.Now().Log, m.record)
	switch {
	case c.maxReply == noReply:
		return made // for its memory, which is used again
	case !keeps && spec.Class == command.Read:
		return m.lookAgain(spec, c)
	case keeps && c.isFull(made):
		return c.tooLong()
	case reply.IsShared(made):
		return append(c.reply, made...) // where it is already, unless it became too long for the buffer
	}
	m.record = append(m.record[:0], made...)
	return reply.Render(c.reply, m.record, c.protocol)
}

// look executes a read as a part of the log. What it may not depend on is not there: who asks, and how much that client
// may receive.
func (m *Machine) look(spec *command.Spec, c call) []byte {
	var lookups *command.Lookups
	if c.run != nil {
		lookups = &c.run.Lookups
	}
	v := view{&m.space, m.space.Now(), c.keeping.chance, m.maxValueBytes, lookups}
	c.run, c.writes, c.maxReply, c.keeping.left = nil, false, noReply, 0
	return m.reads[spec.ID()](v, c)
}

// lookAgain executes a read for the client alone: its reply is too long to be kept.
func (m *Machine) lookAgain(spec *command.Spec, c call) []byte {
	v := view{&m.space, m.space.Now(), m.keeping.chance, m.maxValueBytes, nil}
	c.args, c.writes = c.args[carried:], false
	return m.reads[spec.ID()](v, c)
}

// keeping is what a command needs to know whose reply is kept.
type keeping struct {
	// before is how many bytes of replies the run has before this one, left how many of them were left out.
	before, left int
	// chance is what the command may take for random.
	chance uint64
	// maxBytes is how long the reply may be to be kept: the same on all nodes.
	maxBytes int
	// tooLong says that the reply is not kept. It depends on the command and the state alone.
	tooLong bool
}

// fits reports whether a reply may grow by some bytes and be kept.
func (k *keeping) fits(bytes int) bool {
	if bytes > k.maxBytes {
		k.tooLong = true
	}
	return !k.tooLong
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
// one session, get no reply to another command.
func (m *Machine) fingerprint(args [][]byte) (sum uint32) {
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
