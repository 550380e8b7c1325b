package fsm

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// The origin of a run executes reads with its writes, and fixed replies; the other nodes see the body alone. Many keys
// are overdue: each entry removes as many of them on the one as on the others, and the images stay equal. No work of
// the origin for its client may count as work of the log.
func TestAnOriginSweepsAsManyKeysAsTheOthers(t *testing.T) {
	const keys = 2000
	origin, other := newMachine(t), newMachine(t)
	var data []byte
	for i := range keys {
		data = argv.Append(data, words(fmt.Sprintf("set key%d v px 5", i)))
	}
	origin.Apply(1, now, data, nil)
	other.Apply(1, now, data, nil)
	for round := 0; other.Stats().Overdue > 0 || round == 0; round++ {
		calls := [][][]byte{words(fmt.Sprintf("set new%d v", round))}
		for i := range 10 * (round % 4) { // none in some rounds
			calls = append(calls, words(fmt.Sprintf("mget key%d new%d", i, round)), words("no such command"))
		}
		calls = append(calls, words("del key1 key2"))
		run := newRun(2, calls...)
		written := run.Body(nil, argv.Append)
		origin.Apply(origin.Index()+1, now+100, written, run)
		other.Apply(other.Index()+1, now+100, written, nil)
		if a, b := origin.Stats(), other.Stats(); a.Overdue != b.Overdue || a.Expired != b.Expired {
			t.Fatalf("round %d: %d keys are overdue on the origin, %d elsewhere", round, a.Overdue, b.Overdue)
		}
		if origin.Hash() != other.Hash() || !bytes.Equal(imageOf(t, origin), imageOf(t, other)) {
			t.Fatalf("round %d: the states differ", round)
		}
	}
	checkHash(t, origin)
}
