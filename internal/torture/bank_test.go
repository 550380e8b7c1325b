package torture

import (
	"math"
	"strings"
	"testing"
)

// moved is a transfer that was executed; seen are the balances of both accounts that were told.
func moved(kind bankKind, from, to int, amount, seenFrom, seenTo, call, end int64) bankAct {
	a := bankAct{kind: kind, from: from, to: to, amount: amount, call: at(call), end: at(end)}
	a.seen[from], a.seen[to] = seenFrom, seenTo
	return a
}

// looked is an audit.
func looked(call, end int64, seen ...int64) bankAct {
	a := bankAct{kind: bankAudit, call: at(call), end: at(end)}
	copy(a.seen[:], seen)
	return a
}

// bankStory is a history in which nothing is wrong.
func bankStory() *book {
	lost := moved(bankSet, 0, 1, 5, -7, 7, 60, 0)
	lost.unknown, lost.end = true, math.MaxInt64
	late := moved(bankSet, 0, 1, 9, 0, 0, 30, 40)
	late.late = true
	return &book{acts: []bankAct{
		looked(0, 1),
		moved(bankSet, 0, 1, 3, 0, 0, 10, 20),
		late,
		moved(bankAdd, 0, 1, 4, -7, 7, 45, 50),
		looked(51, 52, -7, 7),
		lost,
		looked(70, 80, -12, 12),
		looked(70, 90, -7, 7),
	}}
}

func TestBank_AHistoryWithoutFaultPasses(t *testing.T) {
	if err := bankStory().check(); err != nil {
		t.Error(err)
	}
}

func TestBank_EveryFaultIsFound(t *testing.T) {
	for name, spoil := range map[string]func(b *book){
		"a late transfer was executed": func(b *book) { b.acts[2].late = false },
		"an executed one was not":      func(b *book) { b.acts[1].late = true },
		"half of one is seen":          func(b *book) { b.acts[4].seen[1] = 3 },
		"an old state is seen":         func(b *book) { b.acts[4] = looked(51, 52, -3, 3) },
		"one of unknown fate goes and comes": func(b *book) {
			b.acts = append(b.acts, looked(100, 110, -7, 7), looked(120, 130, -12, 12), looked(140, 150, -7, 7))
		},
		"a sum is another one": func(b *book) { b.acts[3].seen[0]-- },
	} {
		b := bankStory()
		spoil(b)
		if err := b.check(); err == nil || !strings.Contains(err.Error(), "no order") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
