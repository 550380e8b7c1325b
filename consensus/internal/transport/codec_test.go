package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/consensus/raft"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// carried is the table of message.go: which fields each kind carries besides those of the header.
var carried = map[string]string{
	"PreVote":        "Previous",
	"PreVoteReply":   "Reject Clock LogTime",
	"Vote":           "Previous Hint",
	"VoteReply":      "Reject Clock LogTime",
	"Append":         "Previous Entries Commit Epoch LogTime",
	"AppendReply":    "Index Epoch Reject Previous Hint Clock",
	"Heartbeat":      "Commit Epoch LogTime",
	"HeartbeatReply": "Epoch PromiseMillis Clock",
	"TimeoutNow":     "Previous",
	"Install":        "Snapshot Epoch Hint",
	"InstallReply":   "Index Clock Reject Snapshot",
	"Forward":        "Boot Batches",
	"ReadIndex":      "Request",
	"ReadIndexReply": "Request Index Stamp Reject",
	"AskTransfer":    "",
	"Presence":       "Request Absent Confirmed",
	"Notice":         "Notice",
	"Report":         "Report",
	"Verdict":        "Verdict",
}

const testCluster = 0xC1C2C3C4C5C6C7C8

// everyKind is a message of every kind there is, in the order of their frames, with no other field set.
func everyKind() []engine.Message {
	var kinds []engine.Message
	for k := raft.MessageKind(1); k.Known(); k++ {
		kinds = append(kinds, engine.Message{Message: raft.Message{Kind: k}})
	}
	for k := engine.Kind(1); k.Known(); k++ {
		kinds = append(kinds, engine.Message{Own: k})
	}
	return kinds
}

// testEntry is a sealed entry with a body of the given size.
func testEntry(index raftlog.Index, bodyBytes int) raftlog.Entry {
	e := raftlog.Entry{
		Index: index, Term: 7, Kind: raftlog.EntryCommand, Level: 1,
		Tag: raftlog.Tag{Origin: 2, Boot: 0xB007, Sequence: raftlog.Sequence(index)}, Stamp: 1_700_000_000_000, Offset: -3,
		Body: bytes.Repeat([]byte{byte(index)}, bodyBytes),
	}
	e.Seal()
	return e
}

// testAppend carries entries from node 1 to node 2.
func testAppend(entries ...raftlog.Entry) engine.Message {
	return engine.Message{Message: raft.Message{Kind: raft.Append, From: 1, To: 2, Term: 7, Entries: entries}}
}

// sample is a message of m's kind with every field set that the kind carries, drawn from r.
func sample(m engine.Message, r *rand.Rand) engine.Message {
	mark := func() raftlog.Mark {
		return raftlog.Mark{Term: raftlog.Term(r.Uint64()), Index: raftlog.Index(r.Uint64())}
	}
	all := engine.Message{
		Message: raft.Message{
			Reject: r.IntN(2) == 1, Previous: mark(), Hint: mark(),
			Commit: raftlog.Index(r.Uint64()), Index: raftlog.Index(r.Uint64()), Epoch: raft.Epoch(r.Uint64()),
			Clock: raftlog.Stamp(r.Uint64()), LogTime: raftlog.Stamp(r.Uint64()), PromiseMillis: raftlog.Stamp(r.Uint64()),
		},
		Request: r.Uint64(), Stamp: raftlog.Stamp(r.Uint64()), Boot: raftlog.Boot(r.Uint64()),
	}
	for i := range r.IntN(5) {
		all.Entries = append(all.Entries, testEntry(raftlog.Index(i+1), r.IntN(2*referenceBytes)))
		all.Batches = append(all.Batches, engine.ForwardedBatch{
			Sequence: raftlog.Sequence(r.Uint64()), Level: uint8(r.Uint64()), Body: make([]byte, r.IntN(2*referenceBytes)),
		}, engine.ForwardedBatch{Sequence: raftlog.Sequence(r.Uint64()), Skip: true, Left: r.Uint32()}, engine.ForwardedBatch{
			Sequence: raftlog.Sequence(r.Uint64()), Piece: true, Left: r.Uint32(), Body: make([]byte, r.IntN(2*referenceBytes)),
			InSession: r.IntN(2) == 1,
		}, engine.ForwardedBatch{Sequence: raftlog.Sequence(r.Uint64()), InSession: true, Body: []byte{1}})
	}
	for range 1 + r.IntN(5) {
		all.Absent = append(all.Absent, raftlog.NodeID(len(all.Absent)*1000+1+r.IntN(1000)))
		all.Confirmed = append(all.Confirmed, engine.Confirmed{
			Node: all.Absent[len(all.Absent)-1], Boot: raftlog.Boot(r.Uint64()), Index: raftlog.Index(r.Uint64()),
		})
	}
	all.Notice = make([]byte, 1+r.IntN(2*referenceBytes))
	all.Snapshot = &raftlog.SnapshotMark{
		Mark: mark(), Configuration: make([]byte, r.IntN(2*referenceBytes)), FileHash: r.Uint64(), FileBytes: r.Uint64(),
	}
	all.Report, all.Verdict = sampleStates(r, all.Snapshot)
	m.From, m.To = 1+raftlog.NodeID(r.Uint32()), 1+raftlog.NodeID(r.Uint32())
	m.Term = raftlog.Term(r.Uint64())
	from, to := reflect.ValueOf(&all).Elem(), reflect.ValueOf(&m).Elem()
	for _, name := range strings.Fields(carried[m.KindName()]) {
		to.FieldByName(name).Set(from.FieldByName(name))
	}
	if m.Kind == raft.InstallReply {
		m.Snapshot = nameOf(m.Snapshot)
	}
	return m
}

// nameOf is the name of a snapshot's file: what messages carry that only ask for it.
func nameOf(s *raftlog.SnapshotMark) *raftlog.SnapshotMark {
	return &raftlog.SnapshotMark{Mark: s.Mark, FileHash: s.FileHash}
}

// sampleStates is a report and a verdict with every field set, but for the lists and the snapshot in some cases.
func sampleStates(r *rand.Rand, snapshot *raftlog.SnapshotMark) (*engine.StateReport, *engine.StateVerdict) {
	note := func() engine.StateNote {
		return engine.StateNote{Index: raftlog.Index(r.Uint64()), Hash: r.Uint64(), Level: uint8(r.Uint32())}
	}
	quarantine := func() raftlog.Quarantine {
		agreed := raftlog.Index(r.Uint32())
		return raftlog.Quarantine{Differs: agreed + 1, Agreed: agreed, Reinstalled: raftlog.Index(r.Uint64())}
	}
	report := &engine.StateReport{Quarantine: quarantine(), Floor: raftlog.Index(r.Uint64())}
	verdict := &engine.StateVerdict{Odd: raftlog.NodeID(r.Uint64()), OddAt: note(), Undecided: raftlog.Index(r.Uint64())}
	for range r.IntN(4) {
		report.Notes = append(report.Notes, note())
		verdict.Agreed = append(verdict.Agreed, note())
		verdict.Quarantined = append(verdict.Quarantined, engine.Quarantined{
			ID: raftlog.NodeID(r.Uint64()), Quarantine: quarantine(),
		})
	}
	for id := range raftlog.NodeID(r.IntN(4)) {
		verdict.Differing = append(verdict.Differing, id+1)
	}
	if r.IntN(2) == 0 {
		verdict.Snapshot, report.Part = snapshot, nameOf(snapshot)
	}
	return report, verdict
}

// encode is the frames of the messages as one piece.
func encode(t testing.TB, messages ...engine.Message) []byte {
	t.Helper()
	var a assembly
	for i := range messages {
		a.message(testCluster, &messages[i])
	}
	want := a.bytes()
	var wire recorder
	if err := a.writeTo(&wire, time.Second); err != nil {
		t.Fatal(err)
	}
	if wire.Len() != want || a.bytes() != 0 {
		t.Fatalf("wrote %d bytes of %d, %d left", wire.Len(), want, a.bytes())
	}
	return wire.Bytes()
}

// recorder is a connection that keeps what is written to it.
type recorder struct {
	net.Conn
	bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error)      { return r.Buffer.Write(p) }
func (r *recorder) Read(p []byte) (int, error)       { return r.Buffer.Read(p) }
func (r *recorder) SetWriteDeadline(time.Time) error { return nil }

// decode reads messages until the end of the stream, whose error is nil at a frame's end.
func decode(wire []byte) ([]engine.Message, error) {
	frames := newFrameReader(bytes.NewReader(wire), MaxFrameBytes(DefaultMaxEntryBytes))
	var all []engine.Message
	for {
		h, body, err := frames.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		var m engine.Message
		if err := decodeMessage(&h, body, &m); err != nil {
			return all, err
		}
		all = append(all, m)
	}
}

// equal compares what messages say; an empty list and none say the same.
func equal(a, b engine.Message) bool {
	return fmt.Sprintf("%+v", plain(a)) == fmt.Sprintf("%+v", plain(b))
}

func plain(m engine.Message) []any {
	snapshot, entries, batches := m.Snapshot, m.Entries, m.Batches
	report, verdict := m.Report, m.Verdict
	m.Snapshot, m.Entries, m.Batches, m.Report, m.Verdict = nil, nil, nil, nil, nil
	if len(m.Confirmed) == 0 {
		m.Confirmed = nil
	}
	if len(m.Absent) == 0 {
		m.Absent = nil
	}
	out := []any{fmt.Sprintf("%#v", m), len(entries), len(batches)} // their String leaves fields out
	for _, e := range entries {
		body := e.Body
		e.Body = nil
		out = append(out, fmt.Sprintf("%#v", e), body)
	}
	for _, b := range batches {
		out = append(out, b)
	}
	if snapshot != nil {
		out = append(out, *snapshot)
	}
	if report != nil {
		out = append(out, *report)
	}
	if verdict != nil {
		ruled := *verdict
		if ruled.Snapshot != nil {
			out = append(out, *ruled.Snapshot)
		}
		ruled.Snapshot = nil
		out = append(out, ruled)
	}
	return out
}

func TestEveryKindComesBackAsItWasSent(t *testing.T) {
	const seed, rounds = 1, 30
	r := rand.New(rand.NewPCG(seed, 0))
	for _, kind := range everyKind() {
		for range rounds {
			sent := sample(kind, r)
			got, err := decode(encode(t, sent))
			if err != nil || len(got) != 1 || !equal(sent, got[0]) {
				t.Fatalf("seed %d: %s: error %v\nsent %+v\n got %+v", seed, kind.KindName(), err, plain(sent), got)
			}
		}
	}
}

// The comments in the two files message.go are what core and engine are written against: a kind that gains a field
// there must gain it here.
func TestTheTableIsTheOneOfTheProtocol(t *testing.T) {
	field := make(map[string]bool)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[engine.Message]()) {
		field[f.Name] = !strings.Contains(inHeader, " "+f.Name+" ")
	}
	row := regexp.MustCompile(`(?m)^//\t(\w*) +(?:\w+ -> \w+ +)?(.+)$`)
	listed, kind := make(map[string]map[string]bool), ""
	for _, path := range []string{"../../raft/message.go", "../engine/message.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range row.FindAllStringSubmatch(string(source), -1) {
			if found[1] != "" {
				kind = found[1]
				listed[kind] = make(map[string]bool)
			}
			for _, word := range regexp.MustCompile(`\w+`).FindAllString(found[2], -1) {
				if field[word] {
					listed[kind][word] = true
				}
			}
		}
	}
	for _, m := range everyKind() {
		want := make(map[string]bool)
		for _, name := range strings.Fields(carried[m.KindName()]) {
			want[name] = true
		}
		if got := listed[m.KindName()]; !maps.Equal(got, want) {
			t.Errorf("%s: message.go lists %v, the codec carries %v", m.KindName(), got, want)
		}
	}
}

// inHeader are the fields of a message that travel in the header of the frame.
const inHeader = " Message Kind Own From To Term "

// A field that the codec forgot, or one that message.go gained, shows here and not as a zero in production.
func TestEachFieldTravelsWithTheKindsThatUseItAndNoOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 0))
	for _, kind := range everyKind() {
		name := kind.KindName()
		if _, listed := carried[name]; !listed {
			t.Fatalf("%s is not in the table", name)
		}
		sent := sample(kind, r)
		for len(sent.Entries) == 0 && kind.Kind == raft.Append || len(sent.Batches) == 0 && kind.Own == engine.Forward {
			sent = sample(kind, r)
		}
		sent.Reject = mayReject(&sent)
		got, err := decode(encode(t, sent))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		value := reflect.ValueOf(got[0])
		for _, field := range reflect.VisibleFields(value.Type()) {
			if strings.Contains(inHeader, " "+field.Name+" ") {
				continue
			}
			wanted := strings.Contains(" "+carried[name]+" ", " "+field.Name+" ")
			if present := !value.FieldByIndex(field.Index).IsZero(); present != wanted {
				t.Errorf("%s: field %s arrived: %t, wanted: %t", name, field.Name, present, wanted)
			}
		}
	}
}

func TestMessageBytesCoversTheFrame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	for _, kind := range everyKind() {
		for range 50 {
			m := sample(kind, r)
			if got, frame := messageBytes(&m), len(encode(t, m)); frame > got {
				t.Fatalf("%s: frame of %d bytes, counted as %d", kind.KindName(), frame, got)
			}
		}
	}
}

func TestManyFramesInOneWriteKeepTheirOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	var sent []engine.Message
	for range 20 {
		for _, kind := range everyKind() {
			sent = append(sent, sample(kind, r))
		}
	}
	got, err := decode(encode(t, sent...))
	if err != nil || len(got) != len(sent) {
		t.Fatalf("%d of %d messages, error %v", len(got), len(sent), err)
	}
	for i := range sent {
		if !equal(sent[i], got[i]) {
			t.Fatalf("message %d: sent %+v, got %+v", i, sent[i], got[i])
		}
	}
}

func TestAnEntryOfTheLargestSizePasses(t *testing.T) {
	large := testEntry(9, DefaultMaxEntryBytes)
	sent := testAppend(testEntry(8, 1<<20), large)
	if n := messageBytes(&sent); n > MaxFrameBytes(DefaultMaxEntryBytes) {
		t.Fatalf("%d bytes do not fit into a frame of %d", n, MaxFrameBytes(DefaultMaxEntryBytes))
	}
	got, err := decode(encode(t, sent))
	if err != nil || len(got) != 1 || !bytes.Equal(got[0].Entries[1].Body, large.Body) {
		t.Fatalf("%d messages, error %v", len(got), err)
	}
}

func TestDecodedBodiesDoNotShareTheReadBuffer(t *testing.T) {
	first := testAppend(testEntry(1, 100))
	second := testAppend(testEntry(2, 100))
	var wire []byte
	wire = append(wire, encode(t, first)...)
	for range 2000 {
		wire = append(wire, encode(t, second)...)
	}
	got, err := decode(wire)
	if err != nil || !equal(got[0], first) {
		t.Fatalf("the first message changed after later ones were read: %+v, error %v", got[0], err)
	}
}

func TestMisuseByThisNodePanics(t *testing.T) {
	for name, m := range map[string]engine.Message{
		"unknown kind":                {Message: raft.Message{Kind: 99}},
		"unknown kind of the engine":  {Own: 99},
		"a set out of order":          {Own: engine.Presence, Absent: []raftlog.NodeID{2, 1}},
		"marks out of order":          {Own: engine.Presence, Confirmed: []engine.Confirmed{{Node: 2}, {Node: 1}}},
		"a mark of no node":           {Own: engine.Presence, Confirmed: []engine.Confirmed{{Node: 0}}},
		"no node in a set":            {Own: engine.Presence, Absent: []raftlog.NodeID{0, 1}},
		"reject on a kind that can't": {Message: raft.Message{Kind: raft.Heartbeat, Reject: true}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			new(assembly).message(1, &m)
		}()
	}
}
