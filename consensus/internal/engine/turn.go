package engine

import (
	"fmt"
	"math"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Inputs is everything that arrived since the last turn. The caller owns and reuses it; the engine owns what it points
// to.
type Inputs struct {
	// Ticks is how many ticks of logical time passed. Now is the wall clock, Elapsed a clock of which only differences
	// mean something, in milliseconds: it is above 0, never jumps and never goes back. Where Options.LeaseMillis is not 0
	// it is read when all else of the inputs is there: a read that came in later must not be answered by the lease of an
	// earlier moment.
	Ticks   int
	Now     raftlog.Stamp
	Elapsed raftlog.Stamp
	// Messages came from peers, of all kinds. Their entries are checked; configurations may be undecoded.
	Messages []Message
	// Batches and Reads are new. The clients of the batches in Left and of the reads in LeftReads are gone.
	Batches   []*Batch
	Reads     []*Read
	Left      []*Batch
	LeftReads []*Read
	// Appended is the highest append operation that is durable; 0 for no news.
	Appended raftlog.OperationNumber
	// Written is the last index that was written to history; 0 for no news.
	Written raftlog.Index
	// Applied are the applier's reports, in order.
	Applied []Applied
	// Fetched are the answers to Outputs.Fetch.
	Fetched []Fetched
	// Taken is the answer to Work.Freeze, Received the one to Outputs.Install; nil for no news.
	Taken    *Taken
	Received *Received
	// FetchedBytes is what came of the file that is being fetched since the last turn.
	FetchedBytes int64
	// Retired: what Outputs.Retain asked for is done.
	Retired bool
	// LentBytes is what history held below Outputs.Own when that was last looked at: for followers and readers alone.
	LentBytes int64
	// Needed is the first entry that a reader of committed entries has yet to read from history; 0 if there is no reader.
	Needed raftlog.Index
	// TakeSnapshot asks for a snapshot, whatever the log weighs.
	TakeSnapshot bool
	// LinksUp names peers with a new connection: messages that were sent before may be lost.
	LinksUp []raftlog.NodeID
	// Gone are processes of other nodes that seem to have ended. All that came from one of them before is in Messages of
	// this turn, or of an earlier one.
	Gone []Gone
	// HandOver asks a leader to give leadership away; a follower ignores it. TakeOver asks a follower to ask for
	// leadership; a leader ignores it.
	HandOver bool
	TakeOver bool
	// Changes and Arrivals are answered in the same turn.
	Changes  []*ChangeRequest
	Arrivals []*Arrival
}

// Reset empties the inputs for the next turn and keeps their memory.
func (in *Inputs) Reset() {
	clear(in.Messages)
	clear(in.Batches)
	clear(in.Reads)
	clear(in.Left)
	clear(in.LeftReads)
	clear(in.Applied)
	clear(in.Fetched)
	clear(in.Changes)
	clear(in.Arrivals)
	*in = Inputs{
		Messages: in.Messages[:0], Batches: in.Batches[:0], Reads: in.Reads[:0], Left: in.Left[:0],
		LeftReads: in.LeftReads[:0], Applied: in.Applied[:0], Fetched: in.Fetched[:0], LinksUp: in.LinksUp[:0],
		Gone: in.Gone[:0], Changes: in.Changes[:0], Arrivals: in.Arrivals[:0],
	}
}

// Fetched is the answer to one raft.FetchRequest; Entries is empty when it failed. Compacted says that they are gone
// for good: see ErrCompacted.
type Fetched struct {
	To        raftlog.NodeID
	Previous  raftlog.Mark
	Entries   []raftlog.Entry
	Compacted bool
}

// Outputs is everything a turn wants done. Order matters in one place: Work must reach the applier before Messages
// leave (invariant E3). The caller owns it and passes the same one each turn; Turn empties it first.
type Outputs struct {
	// Work goes to the applier, in order, always.
	Work Work
	// Messages may leave at once.
	Messages []Message
	// Appends go to the log writer, in order. Their promises leave when they are durable.
	Appends []raft.AppendOperation
	// Fill goes to the history filler: committed, durable entries. The answer is Inputs.Written.
	Fill []raftlog.Entry
	// Fetch asks for old entries from history; the answers are Inputs.Fetched.
	Fetch []raft.FetchRequest
	// Install asks for the file of another node's snapshot, nil for none; the answer is Inputs.Received. StopInstall says
	// that this file is not needed any more, or not from there; the answer still comes, most likely an error.
	Install     *raft.InstallRequest
	StopInstall bool
	// Retain, unless nil, names all snapshot files that may still be needed; the owner removes the others. The answer
	// is Inputs.Retired. Trim is the first entry of history that may still be needed; 0 for no news. Own is then the
	// first one that this node itself needs; from Trim on up to it all is there for followers.
	Retain []raftlog.SnapshotMark
	Trim   raftlog.Index
	Own    raftlog.Index
	// Reset names peers whose incoming connection must be closed.
	Reset []raftlog.NodeID
	// Peers are the nodes to hold links to, this node included, if they changed in this turn; nil otherwise.
	Peers []membership.Member
	// Ended, EndedReads, EndedChanges and EndedArrivals must be woken.
	Ended         []*Batch
	EndedReads    []*Read
	EndedChanges  []*ChangeRequest
	EndedArrivals []*Arrival
	// Again asks for another turn at once: this one left work for lack of room in a group of the log.
	Again bool
	// Fatal, when not nil, ends the process: the log holds what this build cannot understand.
	Fatal error
}

func (out *Outputs) reset() {
	clear(out.Messages)
	clear(out.Appends)
	clear(out.Ended)
	clear(out.EndedReads)
	clear(out.EndedChanges)
	clear(out.EndedArrivals)
	*out = Outputs{
		Messages: out.Messages[:0], Appends: out.Appends[:0], Fetch: out.Fetch[:0], Reset: out.Reset[:0],
		Ended: out.Ended[:0], EndedReads: out.EndedReads[:0],
		EndedChanges: out.EndedChanges[:0], EndedArrivals: out.EndedArrivals[:0],
	}
}

// Turn takes everything that arrived, steps the protocol, and puts everything that must be done into out. It is the
// whole behaviour of a node's loop.
func (e *Engine) Turn(in *Inputs, out *Outputs) {
	out.reset()
	e.out = out
	e.setClock(in)
	e.takeCompletions(in)
	for i := range in.Messages {
		e.step(&in.Messages[i])
	}
	e.passTime(in.Ticks)
	e.takeGone(in)
	e.takeClients(in)
	e.noticeTerm()
	e.takeArrivals(in)
	e.takeChanges(in)
	e.raiseLevel()
	e.reportStates()
	e.rule()
	e.keepQuarantine()
	e.resendIfStuck()
	e.continueResend()
	e.assignWaiting()
	e.moveTime()
	e.endStalled()
	e.appendBatches() // last: batches take whatever room there is
	e.continueHandOver(in)
	e.registerReads() // before messages are built: no message sent before a read was registered carries its epoch
	e.continueInstall()
	e.drainReady()
	e.arrangePeers(in.Ticks)
	e.finishReads()
	e.observe()
	e.noticeSnapshots()
	e.handWork(in.Ticks)
	e.fillHistory()
	e.askForFile()
	e.retireFiles()
	e.trimHistory(in.Needed)
	e.expire(in.Ticks)
	e.withhold()
	e.out = nil
}

// passTime counts the ticks since the last turn. It runs after messages were taken, because a late turn has both, and
// does not know which came first:
//
//  1. The process is held up for a moment, at the end of an election timeout.
//  2. A heartbeat arrives, and waits in the mailbox.
//  3. The turn finds the heartbeat and the ticks. If ticks came first, the node would campaign against a leader whose
//     heartbeat it already has; and a leader would step down before it counts its followers' answers.
func (e *Engine) passTime(ticks int) {
	for range ticks {
		e.tick++
		e.core.Tick()
	}
}

// takeCompletions takes what the other goroutines finished.
func (e *Engine) takeCompletions(in *Inputs) {
	if in.Appended != 0 {
		e.core.Appended(in.Appended)
	}
	if in.Written != 0 {
		e.filling = false
		e.written = in.Written
		e.core.Written(in.Written)
	}
	for i := range in.Applied {
		e.takeApplied(&in.Applied[i])
	}
	for _, f := range in.Fetched {
		if e.understood(f.Entries) {
			e.core.Fetched(f.To, f.Previous, f.Entries, f.Compacted)
		}
	}
	e.takeSnapshots(in)
	for _, id := range in.LinksUp {
		e.core.LinkUp(id)
		e.presence.owe(id)
		if id == e.stream.leader {
			e.resend()
		}
	}
}

// takeClients takes what clients asked for and gave up.
func (e *Engine) takeClients(in *Inputs) {
	for _, b := range in.Left {
		b.gone = true
		e.dropGone = true
	}
	for _, r := range in.LeftReads {
		r.gone, e.reads.left = true, true
	}
	for _, b := range in.Batches {
		e.admit(b)
	}
	for _, r := range in.Reads {
		e.admitRead(r)
	}
}

// step takes one message from a peer.
func (e *Engine) step(m *Message) {
	if m.Own == 0 {
		e.stepProtocol(&m.Message)
		return
	}
	e.core.Hear(m.From, m.Term)
	switch m.Own {
	case Forward:
		e.takeForward(m)
	case ReadIndex:
		e.takeReadIndex(m)
	case ReadIndexReply:
		e.takeReadIndexReply(m)
	case AskTransfer:
		e.takeAskTransfer(m)
	case Presence:
		e.takePresence(m)
	case Report:
		e.takeStateReport(m)
	case Verdict:
		e.takeStateVerdict(m)
	}
}

// stepProtocol passes a message of the protocol to the core.
func (e *Engine) stepProtocol(m *raft.Message) {
	if e.understood(m.Entries) {
		e.fitToJournal(m)
		e.core.Step(m)
	}
}

// fitToJournal cuts off the entries of an Append that the journal has no room for, as if the leader had sent a shorter
// message: the leader sends the rest again. The rest of the message is still stepped: even without entries it proves
// how far the logs agree, and only that lets the commit index move, history take entries, and room come back. Votes
// never wait for room, nor do the small entries that begin a term: without them nothing before them can be committed.
//
// The message may replace what follows Previous, so that does not count: a full log must take the entries with which a
// new leader replaces it.
func (e *Engine) fitToJournal(m *raft.Message) {
	if m.Kind != raft.Append || e.core.WindowBytes()+SizeOf(m.Entries) <= e.options.JournalRoomBytes {
		return
	}
	if e.options.Weakened.Down(guard.JournalHasRoom) {
		return
	}
	bytes := 0
	if m.Previous.Index > e.written {
		bytes = SizeOf(e.core.Entries(e.written+1, m.Previous.Index, math.MaxInt)) // all: it may exceed the room
	}
	for i := range m.Entries {
		bytes += m.Entries[i].Size()
		if bytes > e.options.JournalRoomBytes && m.Entries[i].Kind.Traits().WaitsForRoom {
			m.Entries = m.Entries[:i]
			return
		}
	}
}

// understood checks levels and configurations, and ends the process when an entry needs a newer build: if this node
// skipped the entry, its state would differ from the others'.
func (e *Engine) understood(entries []raftlog.Entry) bool {
	err := CheckLevels(entries, e.options.Level)
	if err == nil {
		err = checkConfigurations(entries)
	}
	if err != nil && e.out.Fatal == nil {
		e.out.Fatal = err
	}
	return err == nil
}

// drainReady moves what the protocol wants into the outputs. It repeats when the protocol asked for a configuration to
// be proposed.
func (e *Engine) drainReady() {
	for {
		rd := &e.ready
		if !e.core.Ready(rd) {
			return
		}
		for i := range rd.Messages {
			e.out.Messages = append(e.out.Messages, Message{Message: rd.Messages[i]})
		}
		if rd.Append.Number != 0 {
			e.out.Appends = append(e.out.Appends, keepOperation(rd.Append))
		}
		e.out.Fetch = append(e.out.Fetch, rd.Fetch...)
		e.snapshots.fetches += len(rd.Fetch)
		e.considerOffer(rd.Offer)
		e.beginInstall(rd.Install)
		e.commit = rd.Commit
		if rd.Confirmed > e.reads.confirmed {
			e.reads.confirmed = rd.Confirmed
		}
		if rd.Propose == nil {
			return
		}
		if _, err := e.core.ProposeConfiguration(rd.Propose); err != nil {
			panic(fmt.Sprintf("engine: the next step of a membership change is refused: %v", err)) // it is asked for once
		}
	}
}

// keepOperation copies the promises of an operation, which outlives the Ready that showed it. Its entries are the
// window's, and stay as they are.
func keepOperation(op raft.AppendOperation) raft.AppendOperation {
	op.Promises = append([]raft.Message(nil), op.Promises...)
	return op
}
