package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Kind says what a message of the engine's own is. Its numbers are part of the wire format.
type Kind uint8

// The engine's own messages carry what the protocol does not know: batches on their way to the log, questions for a
// read index, who is absent.
//
// Which fields a kind uses:
//
//	kind            from -> to           fields besides From, To, Term
//	Forward         origin -> leader     Boot, Batches; Term is the one that the batches are meant for
//	ReadIndex       follower -> leader   Request
//	ReadIndexReply  leader -> follower   Request, Index, Stamp; or Reject
//	AskTransfer     follower -> leader   nothing: hand leadership to the sender
//	Presence        leader -> member     Request (it rises with every change within the term), Absent, Confirmed
//	Notice          member -> member     Notice; it is for the host, and never comes to the engine
//	Report          member -> leader     Report
//	Verdict         leader -> member     Verdict
const (
	Forward Kind = iota + 1
	ReadIndex
	ReadIndexReply
	AskTransfer
	Presence
	Notice
	Report
	Verdict
	kinds
)

// Known reports whether the kind is one of those above.
func (k Kind) Known() bool { return k > 0 && k < kinds }

// String is the kind's name.
func (k Kind) String() string {
	names := [...]string{
		"?", "Forward", "ReadIndex", "ReadIndexReply", "AskTransfer", "Presence", "Notice", "Report", "Verdict",
	}
	if !k.Known() {
		return names[0]
	}
	return names[k]
}

// Message is what nodes send each other: an envelope around a message of the protocol, or a message of the engine's
// own. It is a flat value, so that mailboxes and turns move messages without allocating. What it points to is
// immutable.
type Message struct {
	// Message is the protocol's. A message of the engine's own has Kind 0 in it, and uses From, To and Term besides the
	// fields that its own kind names.
	raft.Message
	// Own is the kind of a message of the engine's own, 0 for one of the protocol's.
	Own Kind
	// Request is the fresh number of one attempt to learn a read index, or of one state of Absent.
	Request uint64
	// Stamp is the leader's time.
	Stamp   raftlog.Stamp
	Boot    raftlog.Boot
	Batches []ForwardedBatch
	// Absent are the voters that count as down for the leader, in ascending order.
	Absent []raftlog.NodeID
	// Confirmed is how far the members' disks are, in ascending order of their ids.
	Confirmed []Confirmed
	// Notice is what the sender's host tells the other hosts.
	Notice []byte
	// Report is what a member says of its state, Verdict what the leader says of all: states.go.
	Report  *StateReport
	Verdict *StateVerdict
}

// ForwardedBatch is a batch of commands on its way from its origin to the leader.
type ForwardedBatch struct {
	Sequence raftlog.Sequence
	// Skip marks a batch that its origin gave up: it takes its place in the sequence and nothing else. Left is how many
	// others before it were given up, too, and are named by this one.
	Skip  bool
	Level uint8
	// Piece marks a part of a batch, or what announces or ends one; Left is then that of its entry: see
	// raftlog.EntryPiece.
	Piece bool
	Left  uint32
	// InSession: Body, or the body that it is a piece of, is a raftlog.SessionBody.
	InSession bool
	Body      []byte
}

// KindName is the name of the message's kind, whichever of the two it has.
func (m *Message) KindName() string {
	if m.Own != 0 {
		return m.Own.String()
	}
	return m.Kind.String()
}

// String is the message in one line, for logs and transcripts: who, what, and the fields that its kind uses.
func (m Message) String() string {
	if m.Own == 0 {
		return m.Message.String()
	}
	text := fmt.Sprintf("%d->%d %v term=%d", m.From, m.To, m.Own, m.Term)
	if m.Reject {
		text += " reject"
	}
	switch m.Own {
	case Forward:
		text += fmt.Sprintf(" boot=%x batches=%d", uint64(m.Boot), len(m.Batches))
	case ReadIndex:
		text += fmt.Sprintf(" request=%d", m.Request)
	case ReadIndexReply:
		text += fmt.Sprintf(" request=%d index=%d", m.Request, m.Index)
	case Presence:
		text += fmt.Sprintf(" request=%d absent=%d", m.Request, m.Absent)
	case Notice:
		text += fmt.Sprintf(" bytes=%d", len(m.Notice))
	case Report:
		text += fmt.Sprintf(" notes=%d quarantine=%+v floor=%d", len(m.Report.Notes), m.Report.Quarantine, m.Report.Floor)
	case Verdict:
		text += fmt.Sprintf(" agreed=%d odd=%d at=%d quarantined=%d", len(m.Verdict.Agreed), m.Verdict.Odd,
			m.Verdict.OddAt.Index, len(m.Verdict.Quarantined))
	}
	return text
}
