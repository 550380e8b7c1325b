package fsm

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// TestUpcomingBodiesChangeNothing applies a random log to two machines. One of them is told now and then what comes
// next: truly, only in part, of bodies that do not come, or of equal ones at another place in memory.
func TestUpcomingBodiesChangeNothing(t *testing.T) {
	r := random(t, 78)
	plain, warned := newMachine(t), newMachine(t)
	log := randomLog(r, 4000)
	for _, line := range [][]byte{body("select 3", "set a 1", "incr a"), body("raft.session open")} {
		log = append(log, logEntry{data: line}, log[r.IntN(len(log))])
	}
	for sequence := range 200 {
		line := toArgs([]string{"raft.once", "1", string(rune('0' + sequence%10)), "incr", "a"})
		log = append(log, logEntry{data: argv.Append(argv.Append(nil, line), randomCommand(r))}, log[r.IntN(4000)])
	}
	for i, e := range log {
		switch from := min(i+r.IntN(3)*r.IntN(2), len(log)-1); r.IntN(4) {
		case 0:
			var bodies [][]byte
			for _, coming := range log[from:min(len(log), from+r.IntN(50))] {
				bodies = append(bodies, coming.data)
			}
			warned.Upcoming(bodies)
		case 1:
			warned.Upcoming([][]byte{bytes.Clone(e.data), e.data})
		case 2:
			warned.Freeze().Release()
		}
		plain.Apply(plain.Index()+1, e.stamp, bytes.Clone(e.data), nil)
		warned.Apply(warned.Index()+1, e.stamp, e.data, nil)
		if plain.Hash() != warned.Hash() {
			t.Fatalf("the states differ behind entry %d, %q", warned.Index(), e.data)
		}
		if warned.coming.taken > warned.coming.count {
			t.Fatalf("%d keys were taken of %d", warned.coming.taken, warned.coming.count)
		}
	}
	checkHash(t, warned)
	if !bytes.Equal(imageOf(t, plain), imageOf(t, warned)) {
		t.Fatal("the images differ")
	}
}

// TestUpcomingKeysAreTaken counts the commands that find what was fetched for them.
func TestUpcomingKeysAreTaken(t *testing.T) {
	m := newMachine(t)
	do(m, words("raft.session open"))
	taken := func(data []byte) (keys int) {
		for rest := data; len(rest) > 0; {
			args, behind, ok := m.next(rest)
			if !ok {
				t.Fatalf("%q is no body", data)
			}
			if u := &m.coming; u.taken > 0 && u.keys[u.taken-1].Is(keyOf(args)) {
				keys++
			}
			rest = behind
		}
		m.coming.end()
		return keys
	}
	single := [][]byte{body("set a 1"), body("incr b"), body("flushall"), body("raft.once 1 1 set c 2"), body("del d")}
	m.Upcoming(single)
	for i, want := range []int{1, 1, 0, 1, 1} {
		if got := taken(single[i]); got != want {
			t.Errorf("of %q %d keys are taken, want %d", single[i], got, want)
		}
	}
	if got := taken(body("set a 1")); got != 0 {
		t.Errorf("of a body that was not told %d keys are taken", got)
	}
	var many []byte
	for range 2*soughtKeys + 1 {
		many = append(many, body("set key value")...)
	}
	if got := taken(many); got != 2*soughtKeys {
		t.Errorf("of %d commands in a body %d are taken, all but the last one alone", 2*soughtKeys+1, got)
	}
	if got := taken(body("select 5", "set a 1", "set b 2")); got != 2 {
		t.Errorf("behind SELECT %d keys are taken", got)
	}
	for _, sought := range m.coming.keys {
		if sought.Key != nil || sought.Space != nil {
			t.Fatal("bodies that were applied are kept")
		}
	}
	m.Upcoming(single)
	if err := m.Restore(7, nil); err != nil || m.coming.count > 0 {
		t.Errorf("places of keys outlive the seed that they came from: %d, %v", m.coming.count, err)
	}
}

func TestUpcomingAllocatesNothing(t *testing.T) {
	m := newMachine(t)
	bodies := [][]byte{body("set a 1"), body("set b 2", "del c"), body("set d 4")}
	round := func() {
		m.Upcoming(bodies)
		for _, b := range bodies {
			m.Apply(m.Index()+1, 0, b, nil)
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 3 {
		t.Errorf("three SETs make %v allocations, want those of the values", n)
	}
	get := newRun(2, words("get a"), words("get b"), words("get none"))
	m.Query(0, get)
	if n := testing.AllocsPerRun(100, func() { get.Reply = get.Reply[:0]; m.Query(0, get) }); n != 0 {
		t.Errorf("a query of three keys makes %v allocations", n)
	}
}

// TestManyReadsAnswerAsOne compares the replies to many reads in a run, for which keys are fetched together, with those
// to each alone.
func TestManyReadsAnswerAsOne(t *testing.T) {
	m := newMachine(t)
	var calls [][][]byte
	for i := range 3*soughtKeys + 1 {
		key := benchKey(make([]byte, 16), i*7)
		if i%3 > 0 {
			m.state.Space(0).Set(key, key[8:])
		}
		calls = append(calls, [][]byte{[]byte("GET"), key})
	}
	calls = append(calls, words("dbsize"), words("mget a b"), words("nosuch"), words("get"))
	want := ""
	for _, call := range calls {
		want += do(m, call)
	}
	if got := do(m, calls...); got != want {
		t.Errorf("together %q, alone %q", got, want)
	}
}
