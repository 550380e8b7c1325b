package engine

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/internal/sessions"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// sessionLog feeds an applier with entries in sessions, as the log does.
type sessionLog struct {
	t       *testing.T
	applier *Applier
	machine *journal
	index   raftlog.Index
	stamp   raftlog.Stamp
}

func newSessionLog(t *testing.T) *sessionLog {
	o := DefaultOptions()
	o.ID, o.Boot = 1, 7
	m := &journal{}
	l := &sessionLog{t: t, machine: m, applier: NewApplier(o, m, SnapshotState{}), stamp: 1000}
	l.entry(raftlog.EntryConfiguration, membership.Encode(&membership.Configuration{
		ClusterID: 1, NextID: 2, Members: []membership.Member{{ID: 1, Incarnation: 1}}, Voters: []raftlog.NodeID{1},
	}))
	return l
}

// entry applies an entry as one of this node's, and returns its batch.
func (l *sessionLog) entry(kind raftlog.EntryKind, body []byte) *Batch {
	l.index++
	b, report := &Batch{Body: body, InSession: kind.Traits().InSession}, Applied{}
	e := raftlog.Entry{Index: l.index, Term: 1, Kind: kind, Level: 1, Stamp: l.stamp, Body: body}
	if kind.Traits().ForMachine {
		e.Tag = raftlog.Tag{Origin: 1, Boot: 7, Sequence: raftlog.Sequence(l.index)}
		l.applier.Register([]Sent{{Batch: b, Term: 1, Sequence: e.Tag.Sequence}}, &report)
	}
	l.applier.Apply([]raftlog.Entry{e}, &report)
	return b
}

func (l *sessionLog) session(body raftlog.SessionBody) *Batch {
	return l.entry(raftlog.EntrySession, append(body.AppendHeader(nil), body.Command...))
}

func (l *sessionLog) open(ttlMillis int64) uint64 {
	l.t.Helper()
	b := l.session(raftlog.SessionBody{Operation: raftlog.SessionOpen, TTLMillis: ttlMillis})
	if b.Outcome != Done || b.Session != Opened || b.Times.Index != l.index {
		l.t.Fatalf("opened: %+v", b)
	}
	return uint64(b.Times.Index)
}

func (l *sessionLog) expect(session, sequence uint64, want SessionOutcome, times int) []byte {
	l.t.Helper()
	command := fmt.Sprintf("%d/%d", session, sequence)
	b := l.session(raftlog.SessionBody{
		Operation: raftlog.SessionCommand, Session: session, Sequence: sequence, Command: []byte(command),
	})
	if b.Outcome != Done || b.Session != want || l.machine.count(command) != times {
		l.t.Fatalf("%s: %v %d, executed %d times; want %d, %d times", command, b.Outcome, b.Session,
			l.machine.count(command), want, times)
	}
	return b.Result
}

func TestARetryIsNotExecutedAgain(t *testing.T) {
	l := newSessionLog(t)
	s := l.open(1000)
	first := l.expect(s, 1, Executed, 1)
	for range 3 {
		if again := l.expect(s, 1, Replayed, 1); !bytes.Equal(again, first) || len(first) == 0 {
			t.Fatalf("%q, then %q", first, again)
		}
	}
	l.expect(s, 200, Executed, 1)
	l.expect(s, 200-sessions.Window, TooOld, 0)
	l.expect(s+1, 1, NoSession, 0)
	if b := l.session(raftlog.SessionBody{Operation: raftlog.SessionClose, Session: s}); b.Session != Closed {
		t.Errorf("%+v", b)
	}
	l.expect(s, 201, NoSession, 0)
	if b := l.entry(raftlog.EntrySession, []byte("no body of a session")); b.Outcome != Done || b.Result != nil {
		t.Errorf("%+v", b)
	}
}

// Time ends a session at once, whoever removes it; the leader learns when to add an entry for that.
func TestSessionsEndByLogTime(t *testing.T) {
	l := newSessionLog(t)
	s := l.open(1600)
	var report Applied
	l.applier.reportState(&report)
	if report.Due != 3000 { // the end of the second in which it ends
		t.Errorf("due at %d, it is %d", report.Due, l.stamp)
	}
	before := l.applier.StateHash() - l.machine.Hash()
	l.stamp += 1700
	l.expect(s, 1, NoSession, 0)
	l.stamp = 2999
	l.expect(s, 1, NoSession, 0)
	if l.applier.sessions.Len() != 1 {
		t.Error("it was removed before it is due")
	}
	l.stamp++
	l.expect(s, 1, NoSession, 0)
	if after := l.applier.StateHash() - l.machine.Hash(); before == 0 || after != 0 {
		t.Errorf("the table has the hash %d, then %d", before, after)
	}
}

func TestAFullTableRefusesToOpen(t *testing.T) {
	l := newSessionLog(t)
	for range sessions.DefaultLimits().MaxSessions {
		l.open(1000)
	}
	opening := raftlog.SessionBody{Operation: raftlog.SessionOpen, TTLMillis: 1000}
	if b := l.session(opening); b.Session != Full {
		t.Errorf("outcome %d", b.Session)
	}
	l.stamp += 1063 // all have ended; an entry removes some, and there is room again
	if b := l.session(opening); b.Session != Opened {
		t.Errorf("outcome %d", b.Session)
	}
}

// A snapshot carries the sessions. What is restored from it goes on as if nothing had been.
func TestSessionsComeBackFromAnImage(t *testing.T) {
	l := newSessionLog(t)
	s := l.open(1000)
	first := l.expect(s, 1, Executed, 1)
	var report Applied
	frozen := l.applier.Freeze(&report)
	var file bytes.Buffer
	if _, err := frozen.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(file.Bytes())
	base := frozen.SnapshotState
	if err := base.ReadFront(&file); err != nil {
		t.Fatal(err)
	}
	if got := base.StateHash(l.machine.Hash()); got != frozen.StateHash || got == l.machine.Hash() {
		t.Errorf("the hash is %d, it was %d", got, frozen.StateHash)
	}
	l.applier.Jumped(base, &report)
	if again := l.expect(s, 1, Replayed, 1); !bytes.Equal(again, first) {
		t.Errorf("%q, then %q", first, again)
	}
	for end := range len(whole) - len(file.Bytes()) - 10 {
		cut := SnapshotState{Mark: base.Mark}
		if err := cut.ReadFront(bytes.NewReader(whole[:end])); err == nil {
			t.Fatalf("%d of %d bytes are enough", end, len(whole))
		}
	}
	// A session of an entry behind the mark would be opened again, and that is an error of the program.
	for index, refused := range map[raftlog.Index]bool{raftlog.Index(s) - 1: true, raftlog.Index(s): false} {
		at := SnapshotState{Mark: raftlog.Mark{Index: index}}
		if err := at.ReadFront(bytes.NewReader(whole)); (err != nil) != refused {
			t.Errorf("session %d in a snapshot at %d: %v", s, index, err)
		}
	}
}

// A host without sessions has the image and the hash that it would have without them.
func TestNoSessionsLeaveNoTrace(t *testing.T) {
	l := newSessionLog(t)
	s := l.open(1000)
	l.session(raftlog.SessionBody{Operation: raftlog.SessionClose, Session: s})
	var report Applied
	frozen := l.applier.Freeze(&report)
	var file bytes.Buffer
	if _, err := frozen.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(file.Bytes(), []byte{0, 0, 0, 0, '['}) || frozen.StateHash != l.machine.Hash() {
		t.Errorf("the image is %q, the hash %d, that of the machine %d", file.Bytes(), frozen.StateHash, l.machine.Hash())
	}
}

// A body above the size of a piece is in the session as a whole: announced, taken in pieces of any size, applied once,
// and its retry is replayed. The machine is shown the command alone.
func TestBodiesInPiecesAreInSessions(t *testing.T) {
	for pieceBytes := 1; pieceBytes < 40; pieceBytes++ {
		l := newSessionLog(t)
		s := l.open(1000)
		shown := &shownBodies{journal: l.machine}
		l.applier.machine = shown
		body := raftlog.SessionBody{
			Operation: raftlog.SessionCommand, Session: s, Sequence: 1, Command: []byte("a command in pieces"),
		}
		encoded := append(body.AppendHeader(nil), body.Command...)
		for range 2 {
			l.pieces(encoded, pieceBytes)
		}
		if n := l.machine.count(string(body.Command)); n != 1 || shown.wrong != "" {
			t.Fatalf("pieces of %d bytes: applied %d times, %s", pieceBytes, n, shown.wrong)
		}
		if shown.last != nil {
			t.Errorf("pieces of %d bytes: the machine still waits for %q", pieceBytes, shown.last)
		}
	}
}

// pieces applies a body in pieces.
func (l *sessionLog) pieces(body []byte, pieceBytes int) {
	var report Applied
	piece := func(part []byte, left int) {
		l.index++
		l.applier.Apply([]raftlog.Entry{{
			Index: l.index, Term: 1, Kind: raftlog.EntrySessionPiece, Level: 1, Stamp: l.stamp, Left: uint32(left),
			Tag: raftlog.Tag{Origin: 1, Boot: 9, Sequence: raftlog.Sequence(l.index)}, Body: part,
		}}, &report)
	}
	piece(nil, len(body))
	for at := 0; at < len(body); at += pieceBytes {
		end := min(at+pieceBytes, len(body))
		piece(body[at:end], len(body)-end)
	}
}

// shownBodies checks what the machine is shown.
type shownBodies struct {
	*journal
	last  []byte
	wrong string
}

func (s *shownBodies) Prepare(body []byte, totalBytes int) {
	const command = "a command in pieces"
	if s.last = body; body != nil && (!bytes.HasPrefix([]byte(command), body) || totalBytes != len(command)) {
		s.wrong = fmt.Sprintf("shown %q of %d bytes", body, totalBytes)
	}
}

func (s *shownBodies) Apply(index uint64, stamp int64, data []byte, local any) []byte {
	if len(data) > 0 {
		if &data[0] != &s.last[0] {
			s.wrong = "the command lies elsewhere"
		}
		s.last = nil
	}
	return s.journal.Apply(index, stamp, data, local)
}

// A body in a session goes from a follower to the leader and into every log as what it is, also in pieces.
func TestForwardedBatchesSayThatTheyAreInASession(t *testing.T) {
	for batch, kind := range map[*ForwardedBatch]raftlog.EntryKind{
		{}:                             raftlog.EntryCommand,
		{InSession: true}:              raftlog.EntrySession,
		{Piece: true}:                  raftlog.EntryPiece,
		{InSession: true, Piece: true}: raftlog.EntrySessionPiece,
	} {
		if p := batch.proposal(raftlog.Tag{}); p.Kind != kind {
			t.Errorf("%+v becomes %v", batch, p.Kind)
		}
	}
}
