package engine

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// pieceWriter is an origin that announces bodies and sends pieces in its turn. What it has sent comes into the log
// later, or never.
type pieceWriter struct {
	id    raftlog.NodeID
	boot  raftlog.Boot
	total int
	sent  int
	// sequence is the last one, announced that of the body.
	sequence, announced raftlog.Sequence
	queue               []raftlog.Entry
}

// step has the origin do something that it may do, as far as its node has applied the log.
func (w *pieceWriter) step(chance *rand.Rand, state *assemblies) {
	own := state.state(1, w.id, w.boot)
	switch {
	case chance.IntN(12) == 0: // its node starts again
		w.boot, w.total = w.boot+10, 0
	case w.total == 0 || chance.IntN(20) == 0:
		w.total, w.sent = 1+chance.IntN(6), 0
		w.add(raftlog.Entry{Left: uint32(w.total)})
		w.announced = w.sequence
	case own.OwnTurn && own.Own == w.announced && w.sent < w.total:
		n := 1 + chance.IntN(w.total-w.sent)
		body := make([]byte, n)
		for i := range body {
			body[i] = byte('a' + chance.IntN(26))
		}
		w.sent += n
		w.add(raftlog.Entry{Left: uint32(w.total - w.sent), Body: body})
	case chance.IntN(3) == 0:
		w.add(raftlog.Entry{})
		w.total = 0
	}
}

func (w *pieceWriter) add(e raftlog.Entry) {
	w.sequence++
	e.Kind, e.Tag = raftlog.EntryPiece, raftlog.Tag{Origin: w.id, Boot: w.boot, Sequence: w.sequence}
	w.queue = append(w.queue, e)
}

// randomPieces makes a log as origins and leaders make one, and says which body takes effect with each entry.
func randomPieces(chance *rand.Rand, length int) (log []raftlog.Entry, bodies []string) {
	writers := []*pieceWriter{{id: 1, boot: 1}, {id: 2, boot: 2}, {id: 3, boot: 3}}
	var state assemblies
	term := raftlog.Term(1)
	for len(log) < length {
		w := writers[chance.IntN(len(writers))]
		e := raftlog.Entry{Kind: raftlog.EntryCommand, Body: []byte("small")}
		switch draw := chance.IntN(40); {
		case draw == 0:
			term++
			e = raftlog.Entry{Kind: raftlog.EntryNoOp}
			state.dropAll()
			for _, w := range writers {
				w.queue, w.total = nil, 0 // no later leader appends what was meant for an earlier one
			}
		case draw < 3 && len(state.list) > 0:
			first := state.list[0]
			e = raftlog.Entry{Kind: raftlog.EntryPiece, Tag: raftlog.Tag{Origin: first.Origin, Boot: first.Boot}}
		case draw < 22:
			w.step(chance, &state)
			continue
		case draw < 38:
			if len(w.queue) == 0 {
				continue
			}
			e, w.queue = w.queue[0], w.queue[1:]
		}
		e.Index, e.Term = raftlog.Index(len(log)+1), term
		body := ""
		switch traits := e.Kind.Traits(); {
		case traits.Piece:
			body = string(state.take(&e, guard.Set{}))
		case traits.ForMachine:
			body = string(e.Body)
		}
		log, bodies = append(log, e), append(bodies, body)
	}
	return log, bodies
}

// A reader that begins anywhere finds the bodies that every node applied, or is told to begin earlier: never another
// body, and never none where there is one. One that cannot begin earlier is told so at the body that it cannot have.
func TestBodiesAreFoundFromAnywhere(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	found, begunEarlier, lost := 0, 0, 0
	for round := range uint64(60) {
		log, want := randomPieces(rand.New(rand.NewPCG(seed, round)), 120)
		for from := range log {
			for _, partial := range []bool{false, true} {
				var b Bodies
				for i := from; i < len(log); i++ {
					body, err := b.Take(&log[i])
					switch {
					case errors.Is(err, ErrBegunEarlier) && log[i].Left > 0:
						t.Fatalf("round %d, from %d: entry %d, a piece before the last, is not passed over", round, from+1, i+1)
					case errors.Is(err, ErrBegunEarlier) && !partial:
						begunEarlier++
						if again, err := b.Take(&log[i]); again != nil || !errors.Is(err, ErrBegunEarlier) {
							t.Fatalf("round %d, from %d: entry %d, taken again, gives %q, %v", round, from+1, i+1, again, err)
						}
					case errors.Is(err, ErrBegunEarlier):
						lost++
						continue // it is told, and goes on
					case string(body) != want[i]:
						t.Fatalf("round %d, from %d: entry %d gives %q, want %q", round, from+1, i+1, body, want[i])
					}
					if err != nil {
						break
					}
					found++
				}
			}
		}
		var whole Bodies
		for i := range log {
			if body, err := whole.Take(&log[i]); err != nil || string(body) != want[i] {
				t.Fatalf("round %d: from the beginning entry %d gives %q, %v; want %q", round, i+1, body, err, want[i])
			}
		}
	}
	if found == 0 || begunEarlier < 100 || lost < 100 {
		t.Fatalf("%d found, %d begun earlier, %d lost: the test proves little", found, begunEarlier, lost)
	}
}

// What ends the body of an earlier process of an origin says nothing of the body of the present one.
func TestTheEndOfABootSaysNothingOfAnother(t *testing.T) {
	var b Bodies
	end := raftlog.Entry{Index: 5, Term: 1, Kind: raftlog.EntryPiece, Tag: raftlog.Tag{Origin: 1, Boot: 1}}
	last := raftlog.Entry{
		Index: 6, Term: 1, Kind: raftlog.EntryPiece, Body: []byte("z"), Tag: raftlog.Tag{Origin: 1, Boot: 2, Sequence: 9},
	}
	if _, err := b.Take(&end); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Take(&last); !errors.Is(err, ErrBegunEarlier) {
		t.Fatalf("the last piece of another boot: %v", err)
	}
}
