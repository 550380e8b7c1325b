package fsm

import (
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// drawn is RANDOMKEY with a given chance.
func drawn(m *Machine, chance uint64) string {
	run := newRun(2, words("randomkey"))
	run.Random = chance
	m.Query(0, run)
	return string(run.Reply)
}

func TestRandomKeyOfNothingIsNull(t *testing.T) {
	m := newMachine(t)
	if got := drawn(m, 1); got != "$-1\r\n" {
		t.Fatalf("got %q", got)
	}
	scriptAt(t, m, now, "set a 1 px 5")
	tick(m, now+5)
	if got := drawn(m, 1); got != "$-1\r\n" {
		t.Fatalf("got %q, and the key has ended", got)
	}
}

// TestRandomKeyPicksAllKeysAlike counts how often keys are drawn that lie alone, in small slots, and in a large one.
func TestRandomKeyPicksAllKeysAlike(t *testing.T) {
	const keys, draws = 300, 60_000
	m := newMachine(t)
	for i := range keys {
		tag := i // alone
		switch {
		case i >= 200:
			tag = -1 // a hundred in one slot
		case i >= 100:
			tag = i / 10
		}
		m.state.Space(0).Set(fmt.Appendf(nil, "{%d}%d", tag, i), nil)
	}
	counts := map[string]int{}
	for chance := range uint64(draws) {
		counts[drawn(m, chance)]++
	}
	var large int
	for i := range keys {
		key := fmt.Sprintf("{%d}%d", i, i)
		if i >= 200 {
			key = fmt.Sprintf("{-1}%d", i)
			n := counts[fmt.Sprintf("$%d\r\n%s\r\n", len(key), key)]
			large += n
			continue // by the gaps between hashes: alike on the whole only
		} else if i >= 100 {
			key = fmt.Sprintf("{%d}%d", i/10, i)
		}
		if n := counts[fmt.Sprintf("$%d\r\n%s\r\n", len(key), key)]; n < draws/keys*6/10 || n > draws/keys*15/10 {
			t.Errorf("%s was drawn %d times of %d", key, n, draws)
		}
	}
	if large < draws/3*9/10 || large > draws/3*11/10 {
		t.Errorf("a third of the keys was drawn %d times of %d", large, draws)
	}
}

// TestRandomKeyFindsTheOneThatIsLeft has one key present among many that are overdue, at both ends of the key space.
func TestRandomKeyFindsTheOneThatIsLeft(t *testing.T) {
	const many = 5000
	for _, left := range []string{"foo", "{6ZJ}", "{3560}"} { // somewhere, and whatever lies far in front or behind
		m := newMachine(t)
		for i := range many {
			key := fmt.Appendf(nil, "key %d", i)
			m.state.Space(0).PutUntil(m.state.Space(0).Place(key), key, keyspace.NewEntry(key, nil), keyspace.At(now+1))
		}
		m.state.Space(0).Set([]byte(left), nil)
		tick(m, now+1)
		if m.Stats().Keys != 1 || m.Stats().Overdue < many/2 {
			t.Fatalf("%+v", m.Stats())
		}
		for chance := range uint64(50) {
			if got, want := drawn(m, chance), fmt.Sprintf("$%d\r\n%s\r\n", len(left), left); got != want {
				t.Fatalf("chance %d: got %q, want %q", chance, got, want)
			}
		}
	}
}

// TestRandomKeysOfOneRunDiffer needs no help from the connection.
func TestRandomKeysOfOneRunDiffer(t *testing.T) {
	m := newMachine(t)
	for i := range 1000 {
		m.state.Space(0).Set(fmt.Appendf(nil, "%03d", i), nil)
	}
	replies := stringsOf("*\r\n" + do(m, words("randomkey"), words("randomkey"), words("randomkey")))
	if len(replies) != 3 || replies[0] == replies[1] && replies[1] == replies[2] {
		t.Fatalf("got %q", replies)
	}
	if now1, now2 := doAt(t, m, 1, words("randomkey")), doAt(t, m, 2, words("randomkey")); now1 == now2 {
		t.Fatalf("a millisecond later it is %q again", now2)
	}
}
