package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

const leftOutBytes = command.LeftOutBytes

// newLate is a run whose connection joins long values.
func newLate(calls ...[][]byte) *command.Run {
	run := newRun(2, calls...)
	run.LateBytes = leftOutBytes
	return run
}

// ask answers a run of reads as a node does: from a frozen state if the present one will not do.
func ask(m *Machine, run *command.Run) (froze bool) {
	m.Query(0, run)
	if !run.WantsFreeze {
		return false
	}
	run.WantsFreeze = false
	image := m.Freeze()
	defer image.Release()
	image.Query(0, run)
	return true
}

// holders are the ways in which a machine holds a long string at k.
var holders = map[string]func(m *Machine, text []byte){
	"with its key": func(m *Machine, text []byte) { do(m, [][]byte{[]byte("SET"), []byte("k"), text}) },
	"in chunks of this generation": func(m *Machine, text []byte) {
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[:1000]})
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[1000:]})
	},
	"in chunks of an older one": func(m *Machine, text []byte) {
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[:1000]})
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[1000:]})
		m.Freeze().Release()
		do(m, words("DEL none")) // from an entry on, queries see that
	},
	"in chunks of this generation, frozen since": func(m *Machine, text []byte) {
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[:1000]})
		do(m, [][]byte{[]byte("APPEND"), []byte("k"), text[1000:]})
		m.Freeze().Release()
	},
	"made ahead": func(m *Machine, text []byte) {
		body := argv.Append(nil, [][]byte{[]byte("SET"), []byte("k"), text})
		prepare(m, body, 100_000)
		m.Apply(m.Index()+1, 0, body, nil)
	},
}

// changes are what may happen to the string between the answer and its copy.
var changes = []string{
	"SETRANGE k 10 changed", "APPEND k more", "SETBIT k 4000 1", "DEL k", "FLUSHALL", "RENAME k other", "SET k other",
	"COPY k other", "GETDEL k",
}

// G12: A long value is not copied when the run is executed, but when its connection takes the replies; and it is what
// it was when the run was executed, whatever happens in between.
func TestALongReplyIsWhatItWasWhenItWasAnswered(t *testing.T) {
	for _, length := range []int{leftOutBytes - 1, leftOutBytes, leftOutBytes + 1} {
		for held, hold := range holders {
			for _, change := range changes {
				m, text := newMachine(t), varied(length)
				hold(m, text)
				run := newLate(words("STRLEN k"), words("GET k"), words("GETRANGE k 1 -2"), words("MGET none k"))
				want := fmt.Sprintf(":%d\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n*2\r\n$-1\r\n$%d\r\n%s\r\n",
					length, length, text, length-2, text[1:length-1], length, text)
				froze := ask(m, run)
				if left := run.Long.Bytes(); (left > 0) != (length >= leftOutBytes) || left > 0 && len(run.Reply) > 2*leftOutBytes {
					t.Fatalf("%s, of %d bytes: %d are left out", held, length, left)
				}
				if wants := strings.HasPrefix(held, "in chunks of this generation") && length >= leftOutBytes; froze != wants {
					t.Fatalf("%s, of %d bytes: asks for a frozen state: %v", held, length, froze)
				}
				if run.Lookups != (command.Lookups{Hits: 4, Misses: 1}) {
					t.Fatalf("%s: %+v are counted", held, run.Lookups)
				}
				do(m, words(change))
				do(m, words("SETRANGE k 20 again"))
				if run.Join(); string(run.Reply) != want || run.Long.Bytes() != 0 {
					t.Fatalf("%s, of %d bytes, behind %s: the reply has %d bytes, want %d, or others",
						held, length, change, len(run.Reply), len(want))
				}
			}
		}
	}
}

// The same of what writes answer, and of reads that ride along with writes: each at its place.
func TestALongReplyOfAWriteIsWhatItWas(t *testing.T) {
	const length = leftOutBytes + 5
	text := string(varied(length))
	long := fmt.Sprintf("$%d\r\n%s\r\n", length, text)
	changed := fmt.Sprintf("$%d\r\n%s\r\n", length, text[:10]+"changed"+text[17:])
	for held, hold := range holders {
		for calls, want := range map[string]string{
			"GETSET k v":          long,
			"SET k v GET":         long,
			"GETDEL k":            long,
			"GETEX k EX 100":      long,
			"SET a b|GET k|GET k": "+OK\r\n" + long + long,
			"GET k|SETRANGE k 10 changed|GET k|APPEND k x|STRLEN k": fmt.Sprintf("%s:%d\r\n%s:%d\r\n:%d\r\n",
				long, length, changed, length+1, length+1),
			"GETEX k PERSIST|SETRANGE k 10 changed|GETDEL k|GET k": fmt.Sprintf("%s:%d\r\n%s$-1\r\n", long, length, changed),
		} {
			m := newMachine(t)
			hold(m, []byte(text))
			var all [][][]byte
			for _, one := range strings.Split(calls, "|") {
				all = append(all, words(one))
			}
			run := newLate(all...)
			m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			if run.Long.Bytes() < length {
				t.Fatalf("%s, %s: %d bytes are left out", held, calls, run.Long.Bytes())
			}
			do(m, words("SETRANGE k 30 later"))
			do(m, words("APPEND k later"))
			if run.Join(); string(run.Reply) != want {
				t.Fatalf("%s: %s answers %d bytes, want %d, or others", held, calls, len(run.Reply), len(want))
			}
			checkHash(t, m)
		}
	}
}

// A long reply that was made before, as to ECHO, is not copied there either.
func TestALongFixedReplyIsJoined(t *testing.T) {
	for length, left := range map[int]int{leftOutBytes - 1: 0, leftOutBytes: leftOutBytes} {
		fixed := varied(length)
		for name, calls := range map[string][][][]byte{
			"reads": {words("GET k"), nil, words("GET none")}, "writes": {words("SET a b"), nil, words("GET k")},
			"first": {nil, words("GET k")},
		} {
			m := newMachine(t)
			do(m, [][]byte{[]byte("APPEND"), []byte("k"), varied(1000)})
			do(m, [][]byte{[]byte("APPEND"), []byte("k"), varied(leftOutBytes)}) // asks for a frozen state
			want, run := "", &command.Run{Protocol: 2, LateBytes: leftOutBytes}
			for _, args := range calls {
				if args == nil {
					run.Calls = append(run.Calls, command.Call{Fixed: fixed})
					want += string(fixed)
					continue
				}
				run.Calls = append(run.Calls, newCall(args))
				switch string(args[0]) + string(args[1]) {
				case "GETk":
					want += fmt.Sprintf("$%d\r\n%s%s\r\n", 1000+leftOutBytes, varied(1000), varied(leftOutBytes))
				case "SETa":
					want += "+OK\r\n"
				default:
					want += "$-1\r\n"
				}
			}
			if run.HasWrite() {
				m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			} else {
				ask(m, run)
			}
			if got := run.Long.Bytes(); got != left+1000+leftOutBytes {
				t.Errorf("%s, %d bytes: %d bytes are left out, want %d more than the value has", name, length, got, left)
			}
			if run.Join(); string(run.Reply) != want {
				t.Errorf("%s, %d bytes: the reply has %d bytes, want %d, or others", name, length, len(run.Reply), len(want))
			}
		}
	}
}

// What is left out counts where replies are bounded: at the bound, and one byte below.
func TestLongRepliesCountAgainstTheBound(t *testing.T) {
	const length = leftOutBytes + 5
	const each, first = length + exec.ValueOverheadBytes, length + len("$262149\r\n\r\n")
	for bound, fits := range map[int]int{each - 1: 0, each: 1, first + each - 1: 1, first + each: 2} {
		m := newMachine(t)
		do(m, [][]byte{[]byte("SET"), []byte("k"), varied(length)})
		run := newLate(words("SET a b"), words("GET k"), words("GET k"))
		run.MaxReplyBytes = bound + len("+OK\r\n")
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		run.Join()
		got, refused := bytes.Count(run.Reply, []byte("$")), strings.Count(string(run.Reply), exec.ReplyTooLong)
		if got != fits || refused != 2-fits {
			t.Errorf("within %d bytes, %d values of %d fit, want %d", bound, got, length, fits)
		}
	}
	m := newMachine(t)
	do(m, [][]byte{[]byte("SET"), []byte("k"), varied(length)})
	run := newLate(words("GET k"), words("GET k"))
	run.MaxReplyBytes = 1 << 30
	if ask(m, run); run.Left != 1 || run.Long.Bytes() != length {
		t.Errorf("%d calls are left to a later query, and %d bytes left out; want 1 and %d",
			run.Left, run.Long.Bytes(), length)
	}
}

// G12: A part of a long value keeps all of it until it is copied: where that is more than the bound allows, it is
// copied at once. The reply is the same, at the bound and beside it, and what is kept is never beyond it.
func TestAPartOfALongValueCountsAsAllOfIt(t *testing.T) {
	const whole, part = 4*leftOutBytes + 7, leftOutBytes + 1
	for held, hold := range holders {
		text := varied(whole)
		asks := words(fmt.Sprintf("GETRANGE k 5 %d", 5+part-1))
		one := fmt.Sprintf("$%d\r\n%s\r\n", part, text[5:5+part])
		first := len("+OK\r\n") // what is in the replies when the first part comes
		for bound, left := range map[int]int{
			first + whole - 1: 0, first + whole: part, first + whole + 1: part, 0: 3 * part, 8 * whole: 3 * part,
		} {
			m := newMachine(t)
			hold(m, text)
			run := newLate(words("SET a b"), asks, asks, asks)
			run.MaxReplyBytes = bound
			m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			if kept := run.Long.Held(); bound > 0 && kept > bound {
				t.Errorf("%s: the replies keep %d bytes, allowed are %d", held, kept, bound)
			}
			if got := run.Long.Bytes(); got != left {
				t.Errorf("%s, within %d bytes: %d bytes are left out, want %d", held, bound, got, left)
			}
			if run.Join(); string(run.Reply) != "+OK\r\n"+one+one+one {
				t.Errorf("%s, within %d bytes: %d bytes of replies, want %d, or others", held, bound, len(run.Reply), 3*len(one))
			}
		}
	}
}

// A query that left out a part of a long value leaves the rest to a later one: so one value at most is kept.
func TestAPartOfALongValueIsSentFirst(t *testing.T) {
	m := newMachine(t)
	do(m, [][]byte{[]byte("SET"), []byte("k"), varied(4 * leftOutBytes)})
	run := newLate(words("GETRANGE k 0 9"), words("GETRANGE k 0 9"), words("GETRANGE k 0 9"))
	run.LateBytes, run.MaxReplyBytes = 10, 8*leftOutBytes
	if ask(m, run); run.Left != 2 || run.Long.Held() != 4*leftOutBytes {
		t.Errorf("%d calls are left to a later query, and %d bytes held", run.Left, run.Long.Held())
	}
}

// The room for the values that are not left out is made once, and is not much more than they need.
func TestMGetMakesRoomOnce(t *testing.T) {
	m, text, long := newMachine(t), varied(leftOutBytes-1), varied(leftOutBytes)
	do(m, [][]byte{[]byte("SET"), []byte("k"), text})
	do(m, [][]byte{[]byte("SET"), []byte("long"), long})
	run, want := newLate(words("MGET k long k k none k k k k k")), []byte("*10\r\n")
	for _, value := range [][]byte{text, long, text, text, nil, text, text, text, text, text} {
		if value == nil {
			want = reply.Null(want, 2)
		} else {
			want = reply.Bulk(want, value)
		}
	}
	if ask(m, run); run.Long.Bytes() != leftOutBytes || cap(run.Reply) > len(run.Reply)+32<<10 {
		t.Errorf("%d bytes are left out, and %d bytes lie in room for %d", run.Long.Bytes(), len(run.Reply), cap(run.Reply))
	}
	if run.Join(); !bytes.Equal(run.Reply, want) {
		t.Errorf("the reply has %d bytes, want %d, or others", len(run.Reply), len(want))
	}
}

// A run that does not say that its replies are joined gets them whole.
func TestRepliesAreWholeUnlessTheyAreJoined(t *testing.T) {
	for held, hold := range holders {
		m, text := newMachine(t), varied(2*leftOutBytes)
		hold(m, text)
		if got, want := do(m, words("GET k")), string(reply.Bulk(nil, text)); got != want {
			t.Errorf("%s: GET answers %d bytes, want %d", held, len(got), len(want))
		}
		if got := do(m, words("GETSET k v")); got != string(reply.Bulk(nil, text)) {
			t.Errorf("%s: GETSET answers %d bytes", held, len(got))
		}
	}
}
