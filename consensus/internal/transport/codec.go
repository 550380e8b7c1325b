package transport

import (
	"encoding/binary"
	"fmt"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The bodies of messages. One description of each kind serves both directions, so that what is written is what is read:
// fields calls the coder for each field that the kind carries, in the order of the wire, and the coder copies from the
// message to the frame or from the frame to the message.
//
// All numbers are u64 little endian unless said otherwise; a mark is term, index. Lists begin with their count, u32.
//
//	entry   as raftlog.Entry has it, header and body: the bytes that also lie in every journal
//	nodes   ids, each greater than the one before
//	marks   id, boot, index; ids as in nodes
//	batch   sequence; what u8 (0 commands, 1 skip, 2 piece), level u8, zero u16; left u32, of a piece or a skip; length
//	        of the body u32; body. A skip has neither level nor body
//	bytes   length u32, then the bytes
//	file    mark, hash: a file of a snapshot; zeros for none

// nodeBytes is the size of an encoded node id.
const nodeBytes = 8

// confirmedBytes is the size of an encoded engine.Confirmed.
const confirmedBytes = 24

// batchHeaderBytes is the size of an encoded batch without its body.
const batchHeaderBytes = 20

// coder writes to out, or reads from in when out is nil. The first error stays; after it reads give zeros.
type coder struct {
	out *assembly
	in  []byte
	err error
}

// fields is the table of the wire format: which fields each kind carries besides those of the frame's header.
func fields(c *coder, m *engine.Message) {
	if m.Own != 0 {
		ownFields(c, m)
		return
	}
	switch m.Kind {
	case raft.PreVote, raft.TimeoutNow:
		c.mark(&m.Previous)
	case raft.Vote:
		c.mark(&m.Previous)
		c.mark(&m.Hint)
	case raft.PreVoteReply, raft.VoteReply:
		number(c, &m.Clock)
		number(c, &m.LogTime)
	case raft.Append:
		c.mark(&m.Previous)
		number(c, &m.Commit)
		number(c, &m.Epoch)
		number(c, &m.LogTime)
		c.entries(&m.Entries)
	case raft.AppendReply:
		number(c, &m.Index)
		number(c, &m.Epoch)
		c.mark(&m.Previous)
		c.mark(&m.Hint)
		number(c, &m.Clock)
	case raft.Heartbeat:
		number(c, &m.Commit)
		number(c, &m.Epoch)
		number(c, &m.LogTime)
	case raft.HeartbeatReply:
		number(c, &m.Epoch)
		number(c, &m.PromiseMillis)
		number(c, &m.Clock)
	case raft.Install:
		c.snapshot(&m.Snapshot)
		number(c, &m.Epoch)
		c.mark(&m.Hint)
	case raft.InstallReply:
		number(c, &m.Index)
		number(c, &m.Clock)
		c.file(&m.Snapshot)
	default:
		panic(fmt.Sprintf("transport: no body for message kind %d", m.Kind))
	}
}

// ownFields is the part of the table for the engine's own kinds.
func ownFields(c *coder, m *engine.Message) {
	switch m.Own {
	case engine.Forward:
		number(c, &m.Boot)
		c.batches(&m.Batches)
	case engine.ReadIndex:
		number(c, &m.Request)
	case engine.ReadIndexReply:
		number(c, &m.Request)
		number(c, &m.Index)
		number(c, &m.Stamp)
	case engine.AskTransfer:
	case engine.Presence:
		number(c, &m.Request)
		c.nodes(&m.Absent)
		c.confirmed(&m.Confirmed)
	case engine.Notice:
		c.bytes(&m.Notice)
	case engine.Report:
		c.report(&m.Report)
	case engine.Verdict:
		c.verdict(&m.Verdict)
	default:
		panic(fmt.Sprintf("transport: no body for the engine's kind %d", m.Own))
	}
}

// mayReject reports whether messages of m's kind use raft.Message.Reject.
func mayReject(m *engine.Message) bool {
	switch m.Kind {
	case raft.PreVoteReply, raft.VoteReply, raft.AppendReply, raft.InstallReply:
		return true
	}
	return m.Own == engine.ReadIndexReply
}

// messageBytes is the size of the message's frame.
func messageBytes(m *engine.Message) int {
	const fixedBytes = frameOverheadBytes + 64 // no kind has more than 64 bytes of plain fields
	size := fixedBytes + nodeBytes*len(m.Absent) + confirmedBytes*len(m.Confirmed) + len(m.Notice)
	for i := range m.Entries {
		size += m.Entries[i].Size()
	}
	for i := range m.Batches {
		size += batchHeaderBytes + len(m.Batches[i].Body)
	}
	if m.Snapshot != nil {
		size += len(m.Snapshot.Configuration)
	}
	if m.Report != nil || m.Verdict != nil {
		size += stateBytes(m)
	}
	return size
}

// decodeMessage makes m the message that the frame carries. What m points to aliases the body.
func decodeMessage(h *header, body []byte, m *engine.Message) error {
	if h.kind >= firstControlFrame || !h.kind.known() {
		return fmt.Errorf("%w: kind %d is not a message", ErrBadFrame, h.kind)
	}
	*m = engine.Message{Message: raft.Message{From: h.from, To: h.to, Term: h.term, Reject: h.flags&flagReject != 0}}
	if h.kind < firstOwnFrame {
		m.Kind = raft.MessageKind(h.kind)
	} else {
		m.Own = engine.Kind(h.kind - firstOwnFrame)
	}
	if h.flags&^flagReject != 0 || h.flags != 0 && !mayReject(m) {
		return fmt.Errorf("%w: flags %04x on %s", ErrBadFrame, h.flags, m.KindName())
	}
	c := coder{in: body}
	fields(&c, m)
	if c.err != nil {
		return fmt.Errorf("%w: body of %s: %w", ErrBadFrame, m.KindName(), c.err)
	}
	if len(c.in) != 0 {
		return fmt.Errorf("%w: body of %s: %d bytes too many", ErrBadFrame, m.KindName(), len(c.in))
	}
	return nil
}

// number codes one u64.
func number[T ~uint64 | ~int64](c *coder, v *T) {
	if c.out != nil {
		c.out.scratch = binary.LittleEndian.AppendUint64(c.out.scratch, uint64(*v))
		return
	}
	*v = T(binary.LittleEndian.Uint64(c.take(8)))
}

func (c *coder) mark(v *raftlog.Mark) {
	number(c, &v.Term)
	number(c, &v.Index)
}

// length codes a u32 that counts things of at least eachBytes: no count is believed that the rest of the frame could
// not hold, so that nothing is allocated on a count's word alone.
func (c *coder) length(n, eachBytes int) int {
	if c.out != nil {
		c.out.scratch = binary.LittleEndian.AppendUint32(c.out.scratch, uint32(n))
		return n
	}
	n = int(binary.LittleEndian.Uint32(c.take(4)))
	if n > len(c.in)/eachBytes {
		c.fail(fmt.Errorf("a count of %d with %d bytes left", n, len(c.in)))
		return 0
	}
	return n
}

func (c *coder) entries(v *[]raftlog.Entry) {
	n := c.length(len(*v), raftlog.EntryHeaderBytes)
	if c.out != nil {
		for i := range *v {
			c.out.scratch = (*v)[i].AppendHeader(c.out.scratch)
			c.out.bulk((*v)[i].Body)
		}
		return
	}
	if n == 0 {
		return
	}
	*v = make([]raftlog.Entry, n)
	for i := range *v {
		e, size, err := raftlog.DecodeEntry(c.in)
		if err != nil {
			c.fail(err)
			return
		}
		(*v)[i], c.in = e, c.in[size:]
	}
}

// nodes codes a set of nodes. There is one way to write a set: ids that do not ascend are refused.
func (c *coder) nodes(v *[]raftlog.NodeID) {
	n := c.length(len(*v), nodeBytes)
	if c.out == nil && n > 0 {
		*v = make([]raftlog.NodeID, n)
	}
	previous := raftlog.NodeID(0)
	for i := range *v {
		id := &(*v)[i]
		number(c, id)
		if *id <= previous {
			c.fail(fmt.Errorf("node %d behind node %d in a set", *id, previous))
			return
		}
		previous = *id
	}
}

// confirmed codes the marks of a set of nodes, as nodes codes the set.
func (c *coder) confirmed(v *[]engine.Confirmed) {
	n := c.length(len(*v), confirmedBytes)
	if c.out == nil && n > 0 {
		*v = make([]engine.Confirmed, n)
	}
	previous := raftlog.NodeID(0)
	for i := range *v {
		mark := &(*v)[i]
		number(c, &mark.Node)
		number(c, &mark.Boot)
		number(c, &mark.Index)
		if mark.Node <= previous {
			c.fail(fmt.Errorf("node %d behind node %d in a set", mark.Node, previous))
			return
		}
		previous = mark.Node
	}
}

// bytes codes bytes whose meaning the transport does not know.
func (c *coder) bytes(v *[]byte) {
	n := c.length(len(*v), 1)
	if c.out != nil {
		c.out.bulk(*v)
		return
	}
	if n > 0 {
		*v = c.take(n)
	}
}

func (c *coder) batches(v *[]engine.ForwardedBatch) {
	n := c.length(len(*v), batchHeaderBytes)
	if c.out == nil && n > 0 {
		*v = make([]engine.ForwardedBatch, n)
	}
	for i := range *v {
		c.batch(&(*v)[i])
	}
}

// What a batch is.
const (
	batchOfCommands byte = iota
	batchSkip
	batchPiece
)

func inSession(b *engine.ForwardedBatch) byte {
	if b.InSession {
		return 1
	}
	return 0
}

func (c *coder) batch(b *engine.ForwardedBatch) {
	number(c, &b.Sequence)
	if c.out != nil {
		what := batchOfCommands
		switch {
		case b.Skip:
			what, b = batchSkip, &engine.ForwardedBatch{Left: b.Left}
		case b.Piece:
			what = batchPiece
		}
		c.out.scratch = append(c.out.scratch, what, b.Level, inSession(b), 0)
		c.out.scratch = binary.LittleEndian.AppendUint32(c.out.scratch, b.Left)
		c.length(len(b.Body), 1)
		c.out.bulk(b.Body)
		return
	}
	about := c.take(8)
	b.Skip, b.Piece, b.Level, b.InSession = about[0] == batchSkip, about[0] == batchPiece, about[1], about[2] == 1
	b.Left = binary.LittleEndian.Uint32(about[4:])
	body := c.take(c.length(0, 1))
	switch {
	case about[0] > batchPiece || about[2] > 1 || about[3] != 0:
		c.fail(fmt.Errorf("batch %d: reserved bytes are in use", b.Sequence))
		return
	case b.Left != 0 && !b.Piece && !b.Skip, b.Skip && (b.Level != 0 || len(body) != 0 || b.InSession),
		b.Skip && uint64(b.Sequence) <= uint64(b.Left):
		c.fail(fmt.Errorf("batch %d: more than its kind has", b.Sequence))
		return
	}
	if !b.Skip {
		b.Body = body
	}
}

func (c *coder) snapshot(v **raftlog.SnapshotMark) {
	if c.out == nil {
		*v = new(raftlog.SnapshotMark)
	}
	s := *v
	c.mark(&s.Mark)
	number(c, &s.FileHash)
	number(c, &s.FileBytes)
	n := c.length(len(s.Configuration), 1)
	if c.out != nil {
		c.out.bulk(s.Configuration)
		return
	}
	s.Configuration = c.take(n)
}

// file codes the name of a file of a snapshot: its mark and its hash, zeros for none.
func (c *coder) file(v **raftlog.SnapshotMark) {
	var name raftlog.SnapshotMark
	if *v != nil {
		name = **v
	}
	c.mark(&name.Mark)
	number(c, &name.FileHash)
	switch named := name.Mark != (raftlog.Mark{}); {
	case c.out != nil:
	case named:
		*v = &name
	case name.FileHash != 0:
		c.fail(fmt.Errorf("the hash of a file without a mark"))
	}
}

// noBytes is what a coder reads where the body has ended.
var noBytes [8]byte

// take reads the next n bytes. Beyond the end it fails and returns zeros, of which no caller takes more than eight.
func (c *coder) take(n int) []byte {
	if len(c.in) < n {
		c.fail(fmt.Errorf("%d bytes missing", n-len(c.in)))
		return noBytes[:]
	}
	taken := c.in[:n:n]
	c.in = c.in[n:]
	return taken
}

// fail keeps the first error and ends the input.
func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.in = nil
}
