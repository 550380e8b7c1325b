package fsm

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// varied is a string of which each part differs from the others, with a hole of zeros in its middle.
func varied(length int) []byte {
	text := make([]byte, length)
	for i := range text {
		if i < length/2 || i > length/2+3*value.ChunkBytes {
			text[i] = byte(i*7+i>>8) | 1
		}
	}
	return text
}

// prepare shows a machine a body that comes in steps, with an empty entry between any two of them.
func prepare(m *Machine, body []byte, step int) {
	for here := 0; here < len(body); {
		here = min(here+step, len(body))
		m.Prepare(body[:here], len(body))
		m.Apply(m.Index()+1, 0, nil, nil)
	}
}

// idle lets as many entries pass as prepare does.
func idle(m *Machine, body []byte, step int) {
	for range (len(body) + step - 1) / step {
		m.Apply(m.Index()+1, 0, nil, nil)
	}
}

// longCommands are those that take long strings, in all sizes at which something changes.
func longCommands() (all map[string][][][]byte) {
	all = map[string][][][]byte{}
	for _, length := range []int{
		defaultAheadBytes - 1, defaultAheadBytes, defaultAheadBytes + 1, 5*value.ChunkBytes + 3, 1 << 20, 1<<20 + 1,
	} {
		long, key := varied(length), []byte("k")
		for name, args := range map[string][][]byte{
			"SET": {key, long}, "SET EX": {key, long, []byte("EX"), []byte("100")},
			"SET KEEPTTL": {key, long, []byte("KEEPTTL")},
			"SET XX GET":  {[]byte("there"), long, []byte("XX"), []byte("GET")}, "SET NX": {[]byte("there"), long, []byte("NX")},
			"SETEX": {key, []byte("100"), long}, "PSETEX": {key, []byte("100000"), long}, "SETNX": {key, long},
			"GETSET": {[]byte("there"), long}, "MSET": {key, long, []byte("a"), []byte("b"), []byte("c"), varied(length / 2)},
			"MSETNX": {key, long, []byte("c"), varied(length / 2)}, "MSET twice": {key, long, key, varied(length + 1)},
			"APPEND": {[]byte("there"), long}, "APPEND new": {key, long}, "SETRANGE": {[]byte("there"), []byte("3"), long},
			"SETRANGE new": {key, []byte("0"), long}, "DEL": {long, key}, "zeros": {key, make([]byte, length)},
		} {
			word := strings.Fields(name)[0]
			if word == "zeros" {
				word = "SET"
			}
			all[fmt.Sprintf("%s of %d", name, length)] = [][][]byte{append([][]byte{[]byte(word)}, args...)}
		}
		all[fmt.Sprintf("two commands of %d", length)] = [][][]byte{
			{[]byte("SET"), key, long}, {[]byte("SET"), []byte("other"), varied(length + 5)},
		}
	}
	return all
}

// A body that was prepared has the effect that it has without, in the state and in everything that follows: the hash is
// that of the contents, however the value came.
func TestWhatIsPreparedHasTheSameEffect(t *testing.T) {
	all := longCommands()
	for number, name := range slices.Sorted(maps.Keys(all)) {
		var body []byte
		for _, args := range all[name] {
			body = argv.Append(body, args)
		}
		for _, step := range []int{[]int{1 << 20, 40_001, len(body)}[number%3]} {
			plain, prepared := newMachine(t), newMachine(t)
			for _, m := range []*Machine{plain, prepared} {
				do(m, words("SET there something EX 1000"))
				do(m, [][]byte{[]byte("APPEND"), []byte("there"), varied(10_000)})
			}
			idle(plain, body, step)
			prepare(prepared, body, step)
			for _, m := range []*Machine{plain, prepared} {
				m.Apply(m.Index()+1, 0, body, nil)
				if m.ahead.body != nil || m.ahead.texts != nil {
					t.Fatalf("%s: the body is kept", name)
				}
			}
			for _, line := range []string{
				"GETRANGE k 0 100", "STRLEN k", "APPEND k more", "SETRANGE k 9000 xyz", "COPY k copy", "SETRANGE k 5000 abc",
				"SETRANGE copy 4090 copied", "APPEND copy end", "RENAME copy moved", "SETBIT k 7 1", "BITCOUNT moved", "DEL k",
			} {
				if got, want := do(prepared, words(line)), do(plain, words(line)); got != want {
					t.Fatalf("%s in steps of %d: %s answers %.80q, and %.80q without", name, step, line, got, want)
				}
				if prepared.Hash() != plain.Hash() {
					t.Fatalf("%s in steps of %d: behind %s the states differ", name, step, line)
				}
			}
			if !bytes.Equal(imageOf(t, prepared), imageOf(t, plain)) {
				t.Fatalf("%s in steps of %d: the images differ", name, step)
			}
			checkHash(t, prepared)
		}
	}
}

// Whatever is shown, whole or not, in whatever order: entries have the effect that they have without.
func TestWhatIsPreparedAndDoesNotComeIsNothing(t *testing.T) {
	long := varied(300_000)
	set := argv.Append(nil, [][]byte{[]byte("SET"), []byte("k"), long})
	other := argv.Append(nil, [][]byte{[]byte("SET"), []byte("k"), varied(300_000)[:299_999]})
	for name, show := range map[string]func(m *Machine){
		"a part":             func(m *Machine) { m.Prepare(set[:200_000], len(set)) },
		"nothing":            func(m *Machine) { m.Prepare(set[:200_000], len(set)); m.Prepare(nil, 0) },
		"another one":        func(m *Machine) { m.Prepare(other, len(other)) },
		"another's part":     func(m *Machine) { m.Prepare(set[:250_000], len(set)); m.Prepare(other[:2], len(other)) },
		"a copy of it":       func(m *Machine) { m.Prepare(bytes.Clone(set), len(set)) },
		"the same as a part": func(m *Machine) { m.Prepare(set, len(set)+1) },
		"no encoding":        func(m *Machine) { m.Prepare(bytes.Repeat([]byte{0}, 100), 100) },
		"a length too many":  func(m *Machine) { m.Prepare([]byte{3, 3, 'S', 'E', 'T', 1, 'k', 0xff, 0xff, 0x7f, 1}, 11) },
	} {
		plain, shown := newMachine(t), newMachine(t)
		show(shown)
		for _, m := range []*Machine{plain, shown} {
			m.Apply(1, 0, set, nil)
			m.Apply(2, 0, body("APPEND k x"), nil)
		}
		if plain.Hash() != shown.Hash() || content(shown.state.Space(0).Get([]byte("k"))) != string(long)+"x" {
			t.Errorf("%s: the states differ", name)
		}
	}
}

// A body that begins as the last one, at the same place, is another one if that was given up.
func TestABodyThatIsGivenUpIsForgotten(t *testing.T) {
	m := newMachine(t)
	set := argv.Append(nil, [][]byte{[]byte("SET"), []byte("k"), varied(300_000)})
	m.Prepare(set[:100_000], len(set))
	m.Prepare(nil, 0)
	if m.ahead.body != nil || m.ahead.texts != nil || m.ahead.arriving != nil {
		t.Fatal("something is kept")
	}
	m.Prepare(set[:200_000], len(set))
	if m.Discard(); m.ahead.body != nil {
		t.Fatal("something is kept without a state")
	}
}

// Bodies that are compared by their sums only are the commands of the run all the same: no other ones, and none more.
func TestALongBodyOfOtherCommandsPanics(t *testing.T) {
	long := varied(command.SummedBytes + 5)
	set := [][]byte{[]byte("SET"), []byte("k"), long}
	for _, c := range []struct {
		name    string
		body    [][][]byte
		refused bool
	}{
		{"the same", [][][]byte{set}, false},
		{"its name in lower case", [][][]byte{{[]byte("set"), []byte("k"), long}}, false},
		{"another command", [][][]byte{{[]byte("APPEND"), []byte("k"), long}}, true},
		{"no command", [][][]byte{{[]byte("NONE"), []byte("k"), long}}, true},
		{"too few arguments", [][][]byte{{[]byte("SET"), long}}, true},
		{"one more", [][][]byte{set, words("DEL k")}, true},
		{"one before", [][][]byte{words("DEL k"), set}, true},
	} {
		var body []byte
		for _, args := range c.body {
			body = argv.Append(body, args)
		}
		m, run := newMachine(t), newRun(2, set)
		run.Submitted = bytes.Clone(body) // as if the sums of two bodies were equal
		if run.Summarize(command.SummedBytes); !run.Summed {
			t.Fatal("a long body has no sum")
		}
		prepare(m, body, 1<<20)
		func() {
			defer func() {
				if panicked := recover() != nil; panicked != c.refused {
					t.Errorf("%s: refused %v, want %v", c.name, panicked, c.refused)
				}
			}()
			m.Apply(m.Index()+1, 0, body, run)
		}()
	}
}

// The run that waits for another body than the one that comes is noticed also where checksums are compared.
func TestASubmittedBodyOfAnotherSumPanics(t *testing.T) {
	args := [][]byte{[]byte("SET"), []byte("k"), varied(command.SummedBytes + 5)}
	for _, c := range []struct {
		name    string
		spoil   func(run *command.Run)
		refused bool
	}{
		{"as it was", func(*command.Run) {}, false},
		{"without a sum", func(run *command.Run) { run.Summed = false }, false},
		{"another byte", func(run *command.Run) { run.Submitted[1000] ^= 1; run.Summarize(command.SummedBytes) }, true},
		{"a byte less", func(run *command.Run) { run.Submitted = run.Submitted[:len(run.Submitted)-1] }, true},
		{"another byte, without a sum", func(run *command.Run) { run.Submitted[1000] ^= 1; run.Summed = false }, true},
	} {
		m, run := newMachine(t), newRun(2, args)
		body := bytes.Clone(run.Body(nil, argv.Append))
		if run.Summarize(command.SummedBytes); !run.Summed {
			t.Fatal("a long body has no sum")
		}
		c.spoil(run)
		prepare(m, body, 1<<20)
		func() {
			defer func() {
				if panicked := recover() != nil; panicked != c.refused {
					t.Errorf("%s: refused %v, want %v", c.name, panicked, c.refused)
				}
			}()
			m.Apply(m.Index()+1, 0, body, run)
		}()
	}
}

// A short value that is left of many long ones does not keep their memory: only one that is nearly all of a body
// shares it.
func TestAValueKeepsNoBodyThatIsMuchLonger(t *testing.T) {
	for _, c := range []struct {
		other int
		keeps bool
	}{{0, true}, {90_000, true}, {150_000, false}, {1 << 20, false}} {
		m := newMachine(t)
		body := argv.Append(nil, [][]byte{
			[]byte("MSET"), []byte("k"), varied(1 << 20), []byte("other"), varied(c.other + 1)[:c.other],
		})
		prepare(m, body, 1<<20)
		m.Apply(m.Index()+1, 0, body, nil)
		at := bytes.Index(body, varied(1 << 20)[:100])
		body[at] ^= 0xff
		if shares := content(m.state.Space(0).Get([]byte("k")))[0] != varied(1 << 20)[0]; shares != c.keeps {
			t.Errorf("beside %d bytes a value of 1 MiB shares the body: %v, want %v", c.other, shares, c.keeps)
		}
	}
}

// What Prepare makes lies apart, and what lies apart is no number: so it must be longer than every number.
func TestNoNumberIsMadeAhead(t *testing.T) {
	for _, number := range []string{"-9223372036854775808", "9223372036854775807"} {
		if len(number) >= minAheadBytes {
			t.Errorf("%s could be made ahead", number)
		}
		m := New(Options{AheadBytes: minAheadBytes})
		if err := m.Restore(1, nil); err != nil {
			t.Fatal(err)
		}
		body := argv.Append(nil, [][]byte{[]byte("SET"), []byte("k"), []byte(number)})
		prepare(m, body, 5)
		m.Apply(m.Index()+1, 0, body, nil)
		if got := do(m, words("INCRBY k 0")); got != ":"+number+"\r\n" {
			t.Errorf("%s answers %q", number, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("less is taken")
		}
	}()
	New(Options{AheadBytes: minAheadBytes - 1})
}
