package fsm

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
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
	calls = append(calls, words("get "+strings.Repeat("a", 2*soughtKeyBytes)))
	want := ""
	for _, call := range calls {
		want += do(m, call)
	}
	if got := do(m, calls...); got != want {
		t.Errorf("together %q, alone %q", got, want)
	}
}

// repeated is a body of n equal commands.
func repeated(n int, args ...string) (b []byte) {
	for range n {
		b = argv.Append(b, toArgs(args))
	}
	return b
}

// TestEachCommandIsLookedAtOnce counts commands that are looked at. The time under the machine's lock grows with them.
// Commands without a key are in every place, where bounds that count keys do not see them.
func TestEachCommandIsLookedAtOnce(t *testing.T) {
	long := string(make([]byte, soughtKeyBytes+1))
	for name, of := range map[string]func(n int) []byte{
		"an empty key":      func(n int) []byte { return repeated(n, "incr", "") },
		"no argument":       func(n int) []byte { return repeated(n, "flushall") },
		"a key":             func(n int) []byte { return repeated(n, "incr", "a") },
		"a long key":        func(n int) []byte { return repeated(n, "incr", long) },
		"SELECT":            func(n int) []byte { return repeated(n, "select", "3") },
		"none behind a key": func(n int) []byte { return append(body("incr a"), repeated(n-1, "incr", "")...) },
		"none behind keys":  func(n int) []byte { return append(repeated(n/2, "incr", "a"), repeated(n-n/2, "flushdb")...) },
		"a key behind none": func(n int) []byte { return append(repeated(n-1, "incr", ""), body("incr a")...) },
	} {
		for n, want := range map[int]int{2: 2, 31: 31, 32: 32, 33: 32, 34: 34, 63: 63, 64: 64, 65: 64, 66: 66, 5000: 5000} {
			for _, shown := range []bool{false, true} {
				m, b := newMachine(t), of(n)
				if shown {
					m.Upcoming([][]byte{b, repeated(3, "incr", "")})
					if m.coming.looked > soughtKeys {
						t.Fatalf("%d × %s: %d are looked at together", n, name, m.coming.looked)
					}
				}
				for rest := b; len(rest) > 0; {
					var ok bool
					if _, rest, ok = m.next(rest); !ok {
						t.Fatal("this is no body")
					}
					if ahead := m.coming.looked - m.coming.passed; ahead >= soughtKeys {
						t.Fatalf("%d × %s: %d are looked at ahead", n, name, ahead)
					}
				}
				got := int(m.coming.looked)
				if shown && n < soughtKeys {
					got -= min(3, soughtKeys-n) // of the other body
				}
				if got != want {
					t.Errorf("%d × %s, shown %v: %d are looked at, want %d", n, name, shown, got, want)
				}
			}
		}
	}
}

// TestALookEndsBehindMuch is about long commands, at the edges of the bounds.
func TestALookEndsBehindMuch(t *testing.T) {
	set := func(size int) []byte { // a command of so many bytes
		args := append(words("set a"), make([]byte, size))
		for argv.Size(args) > size {
			args[2] = args[2][1:]
		}
		return argv.Append(nil, args)
	}
	del := func(arguments int) []byte {
		return argv.Append(nil, append(words("del"), slices.Repeat(words("a"), arguments-1)...))
	}
	for name, test := range map[string]struct {
		first, second []byte
		looked, all   uint64
	}{
		"bytes n-1":       {set(soughtBytes - 1), del(2), 2, 2},
		"bytes n":         {set(soughtBytes), del(2), 1, 3},
		"bytes n+1":       {set(soughtBytes + 1), del(2), 1, 3},
		"much behind":     {del(2), set(soughtBytes), 2, 2},
		"arguments n-1":   {set(20), del(soughtArguments - 1), 3, 3},
		"arguments n":     {set(20), del(soughtArguments), 3, 3},
		"arguments n+1":   {set(20), del(soughtArguments + 1), 1, 1},
		"most arguments":  {set(20), del(argv.MaxArgs), 1, 1},
		"arguments first": {del(soughtArguments + 1), del(2), 0, 2},
	} {
		m := newMachine(t)
		b := slices.Concat(test.first, test.second, body("set b 1"))
		shown := test.looked
		if shown == 3 { // all of the body
			shown++
		}
		m.Upcoming([][]byte{b, body("set c 1"), nil})
		if got := m.coming.looked; got != shown {
			t.Errorf("%s: a look at bodies reaches %d commands, want %d", name, got, shown)
		}
		m = newMachine(t)
		args, rest, _ := m.next(b)
		if got := m.coming.looked; args == nil || got != test.looked {
			t.Errorf("%s: a look reaches %d commands, want %d", name, got, test.looked)
		}
		for len(rest) > 0 {
			_, rest, _ = m.next(rest)
		}
		if got := m.coming.looked; got != test.all {
			t.Errorf("%s: %d commands are looked at, want %d", name, got, test.all)
		}
		if held := cap(m.coming.arguments); held > 2*soughtArguments {
			t.Errorf("%s: %d arguments are held", name, held)
		}
	}
	for bytes, want := range map[int]int{soughtKeyBytes - 1: 1, soughtKeyBytes: 1, soughtKeyBytes + 1: 0} {
		m := newMachine(t)
		m.next(repeated(2, "set", string(make([]byte, bytes)), "1"))
		if got := m.coming.count / 2; got != want {
			t.Errorf("of keys of %d bytes %d are fetched for each command, want %d", bytes, got, want)
		}
	}
}

// TestBodiesThatEndEarlyAreLookedAtInPart applies transactions that do not happen, and empty and damaged bodies. None
// of them makes more than one look.
func TestBodiesThatEndEarlyAreLookedAtInPart(t *testing.T) {
	m := newMachine(t)
	do(m, words("set k 1"))
	head := argv.Append(nil, command.TransactionHead([]command.Watched{{Key: []byte("k"), Index: 0, Present: false}}))
	var bodies [][]byte
	for range 10 {
		bodies = append(bodies, append(bytes.Clone(head), repeated(1000, "incr", "")...), nil, []byte{0}, []byte{2, 1, 'x'},
			append(bytes.Clone(head), repeated(1000, "del", "a")...))
	}
	m.Upcoming(bodies)
	for i, b := range bodies {
		before := m.coming.looked
		m.Apply(m.Index()+1, 0, b, nil)
		if got := m.coming.looked - before; got > soughtKeys {
			t.Fatalf("%d commands of body %d are looked at", got, i)
		}
	}
	if got := do(m, words("exists a")); got != ":0\r\n" {
		t.Fatalf("a transaction happened: %q", got)
	}
}
