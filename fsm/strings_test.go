package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
)

// answers runs scripts, each on a machine of its own; lines are divided by semicolons.
func answers(t *testing.T, cases map[string]struct{ script, want string }) {
	t.Helper()
	for name, c := range cases {
		var lines []string
		for line := range strings.SplitSeq(c.script, ";") {
			lines = append(lines, strings.TrimSpace(line))
		}
		if got := script(newMachine(t), lines...); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.script, got, c.want)
		}
	}
}

func TestStringCommandsAnswer(t *testing.T) {
	const notInteger = "-ERR value is not an integer or out of range"
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	answers(t, map[string]struct{ script, want string }{
		"getrange": {
			"set a hello; getrange a 1 3; getrange a -3 -1; getrange a 0 -1",
			"+OK $3 ell $3 llo $5 hello",
		},
		"getrange beyond":     {"set a hello; getrange a 3 99; getrange a 5 9; getrange a -99 0", "+OK $2 lo $0  $1 h"},
		"getrange reversed":   {"set a hello; getrange a 3 1; getrange a -1 -2; getrange a 2 -5", "+OK $0  $0  $0"},
		"getrange before":     {"set a hello; getrange a 0 -99; getrange a -98 -99", "+OK $1 h $0"},
		"getrange of nothing": {"getrange a 0 -1; getrange a x 1; getrange a 0 1x", "$0  " + notInteger + " " + notInteger},
		"substr": {
			"set a hello; substr a 1 1; substr a",
			"+OK $1 e -ERR wrong number of arguments for 'substr' command",
		},
		"setrange": {
			"set a hello; setrange a 1 ipp; get a; setrange a 5 !; get a",
			"+OK :5 $5 hippo :6 $6 hippo!",
		},
		"setrange to nothing":  {"setrange a 3 x; strlen a; getrange a 3 3", ":4 :4 $1 x"},
		"setrange before":      {"setrange a -1 x; exists a", "-ERR offset is out of range :0"},
		"setrange at no place": {"setrange a x y", notInteger},
		"setrange too far": {
			"setrange a 536870911 xx; setrange a 9223372036854775807 x; exists a",
			tooLong + " " + tooLong + " :0",
		},
		"getset":               {"getset a 1; getset a 2; get a", "$-1 $1 1 $1 2"},
		"getdel":               {"set a 1; getdel a; exists a; getdel a", "+OK $1 1 :0 $-1"},
		"setnx":                {"setnx a 1; setnx a 2; get a", ":1 :0 $1 1"},
		"msetnx":               {"msetnx a 1 b 2; msetnx b 3 c 4; mget a b c", ":1 :0 *3 $1 1 $1 2 $-1"},
		"msetnx last wins":     {"msetnx a 1 a 2; get a", ":1 $1 2"},
		"msetnx odd":           {"msetnx a 1 b; dbsize", "-ERR wrong number of arguments for 'msetnx' command :0"},
		"incrbyfloat":          {"set a 10.50; incrbyfloat a 0.1; incrbyfloat a -5; get a", "+OK $4 10.6 $3 5.6 $3 5.6"},
		"incrbyfloat exponent": {"set a 5.0e3; incrbyfloat a 2.0e2; incrbyfloat b 3", "+OK $4 5200 $1 3"},
		"incrbyfloat to zero":  {"incrbyfloat a -0; incrbyfloat a -1e-30", "$1 0 $1 0"},
		"incrbyfloat no delta": {"incrbyfloat a 1x; exists a", "-ERR value is not a valid float :0"},
		"incrbyfloat on text":  {"set a x; incrbyfloat a 1; get a", "+OK -ERR value is not a valid float $1 x"},
		"incrbyfloat infinite": {"incrbyfloat a inf; exists a", "-ERR increment would produce NaN or Infinity :0"},
		"incrbyfloat no one": {
			"set a inf; incrbyfloat a -inf; get a", "+OK -ERR increment would produce NaN or Infinity $3 inf",
		},
		"incrbyfloat overflow": {
			"set a 1e4932; incrbyfloat a 1e4932; get a", "+OK -ERR increment would produce NaN or Infinity $6 1e4932",
		},
		"incr after float": {"incrbyfloat a 1.5; incrbyfloat a 1.5; incr a", "$3 1.5 $1 3 :4"},
	})
}

// TestSetRangeOfNothingChangesNothing: an empty part makes no key, at whatever offset, and has no limit.
func TestSetRangeOfNothingChangesNothing(t *testing.T) {
	m := newMachine(t)
	setRange := func(key, offset string) string {
		return do(m, [][]byte{[]byte("setrange"), []byte(key), []byte(offset), nil})
	}
	got := setRange("a", "9223372036854775807") + script(m, "exists a", "set a 123") + setRange("a", "99")
	if got != ":0\r\n:0 +OK:3\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := script(m, "get a"); got != "$3 123" {
		t.Fatalf("the string became %s", got)
	}
}

func TestEveryCommandKeepsALimitOfStrings(t *testing.T) {
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	const badOffset = "-ERR bit offset is not an integer or out of range"
	m := limitedMachine(t, 4)
	for _, step := range []struct{ line, want string }{
		{"getset a 12345", tooLong},
		{"setnx a 12345", tooLong},
		{"msetnx a 1 b 12345", tooLong},
		{"setrange a 4 x", tooLong},
		{"setrange a 0 12345", tooLong},
		{"incrbyfloat a 10000", tooLong},
		{"incrbyfloat a 0.125", tooLong},
		{"setbit a 32 1", badOffset},
		{"setbit a -1 1", badOffset},
		{"getbit a 32", badOffset},
		{"bitfield a set u8 25 1", badOffset},
		{"bitfield a incrby u8 #4 1", badOffset},
		{"bitfield a get u8 32", badOffset},
		{"bitfield_ro a get u8 32", badOffset},
		{"dbsize", ":0"},
		{"bitfield a get u8 31", "*1 :0"},
		{"setrange a 3 x", ":4"},
		{"setbit b 31 1", ":0"},
		{"bitfield c set u8 24 1", "*1 :0"},
		{"bitfield d set i32 #0 1", "*1 :0"},
		{"incrbyfloat e 1000", "$4 1000"},
		{"setnx f 1234", ":1"},
	} {
		if got := script(m, step.line); got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
}

// TestChangesKeepTheDeadlineAndReplacementsClearIt asks every command that writes a string.
func TestChangesKeepTheDeadlineAndReplacementsClearIt(t *testing.T) {
	long := strings.Repeat("0", 2*value.ChunkBytes)
	for line, keeps := range map[string]bool{
		"append a x": true, "append a " + long: true, "setrange a 1 x": true, "setrange a 9000 x": true,
		"setbit a 3 1": true, "setbit a 99999 1": true, "bitfield a set u8 0 1": true, "bitfield a get u8 0": true,
		"incr a": true, "decrby a 4": true, "incrbyfloat a 0.5": true, "msetnx a 1": true, "setnx a 1": true,
		"bitop and other a": true, "getset a 1": false, "set a 1": false, "mset a 1": false, "bitop not a a": false,
		"bitop or a a none": false,
	} {
		for _, value := range []string{"10", "1" + long} {
			m := newMachine(t)
			script(m, "set a "+value, "pexpireat a 777777", line)
			want := map[bool]string{true: ":777777", false: ":-1"}[keeps]
			if got := script(m, "pexpiretime a"); got != want {
				t.Errorf("%.20s on %.5s…: the deadline is %s, want %s", line, value, got, want)
			}
			checkDeadlines(t, m)
			checkHash(t, m)
		}
	}
	got := script(newMachine(t), "set a 1", "pexpireat a 777777", "getdel a", "setnx a 2", "pttl a")
	if got != "+OK :1 $1 1 :1 :-1" {
		t.Errorf("a key made anew after GETDEL: %s", got)
	}
}

// TestAStringBeginsAnewBehindItsDeadline: what has ended is empty to commands that change a string.
func TestAStringBeginsAnewBehindItsDeadline(t *testing.T) {
	for line, want := range map[string]string{
		"append a x": "$1 x", "setrange a 0 x": "$1 x", "incrbyfloat a 1": "$1 1", "getset a 1": "$1 1", "setnx a 1": "$1 1",
		"msetnx a 1": "$1 1", "bitfield a set u8 0 65": "$1 A", "bitop or a a": "$-1", "getdel a": "$-1",
	} {
		m := newMachine(t)
		doAt(t, m, 5, words("set a 999 px 10"))
		doAt(t, m, 15, words(line))
		if got := scriptAt(t, m, 15, "get a", "pttl a"); got != want+" :-1" && got != want+" :-2" {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}

// S22: TestFreezeDoesNotSeeLaterSetRange is the schedule of a value that is changed where it lies, for every
// command that does so and for strings of every make: frozen at 100, an old key changed by entry 101 and those after
// it.
func TestFreezeDoesNotSeeLaterSetRange(t *testing.T) {
	const chunked, chunk = keyspace.ChunkedBytes, value.ChunkBytes
	for _, length := range []int{1, chunked - 1, chunked, chunk, 3*chunk + 100} {
		for _, made := range []string{"set", "append"} {
			for name, change := range map[string]string{
				"setrange": "setrange old 0 changed", "setbit": "setbit old 1 1",
				"bitfield": "bitfield old set u7 #1 1 incrby i64 2 5", "behind": "setrange old 30000 x",
				"append": "append old x", "bitop": "bitop not old old", "float": "incrbyfloat old 1", "getdel": "getdel old",
			} {
				t.Run(fmt.Sprintf("%s of %d by %s", name, length, made), func(t *testing.T) {
					m := newMachine(t)
					old := bytes.Repeat([]byte("0"), length)
					do(m, [][]byte{[]byte(made), []byte("old"), old[:length/2+1]})
					do(m, [][]byte{[]byte("append"), []byte("old"), old[length/2+1:]})
					for m.Index() < 100 {
						do(m, words("incr counter"))
					}
					hash := m.Hash()
					image, before := m.Freeze(), imageOf(t, m)
					for m.Index() < 110 {
						do(m, words(change))
					}
					if !bytes.Equal(written(t, image), before) {
						t.Fatal("the image changed")
					}
					again := restored(t, before)
					if got := do(again, words("get old")); got != fmt.Sprintf("$%d\r\n%s\r\n", length, old) {
						t.Fatalf("the image shows %.60q", got)
					}
					if again.Index() != 100 || again.Hash() != hash {
						t.Fatalf("the image is of index %d and hash %x, want 100 and %x", again.Index(), again.Hash(), hash)
					}
					checkHash(t, m)
				})
			}
		}
	}
}

// TestACopyDoesNotSeeALaterChange changes a string of which there is a copy, and the copy.
func TestACopyDoesNotSeeALaterChange(t *testing.T) {
	m := newMachine(t)
	for _, length := range []int{10, 3 * value.ChunkBytes} {
		value := strings.Repeat("x", length)
		script(m, "del a b c", "append a "+value[:length-1], "append a x", "copy a b", "rename b c", "copy c b",
			"setrange a 0 A", "setbit b 15 1", "append c C")
		if got := script(m, "getrange a 0 2", "getrange b 0 2", "getrange c 0 2"); got != "$3 Axx $3 xyx $3 xxx" {
			t.Fatalf("of %d bytes: %s", length, got)
		}
		want := fmt.Sprintf(":%d :%d :%d", length, length, length+1)
		if got := script(m, "strlen a", "strlen b", "strlen c"); got != want {
			t.Fatalf("lengths are %s, want %s", got, want)
		}
		checkHash(t, m)
	}
}

// H2: TestStringsAndBitmapsAreTheSameEverywhere applies random commands on machines of different history: one that
// waits for its own runs, one that does not and is frozen now and then, and one that is restored from its image now and
// then.
func TestStringsAndBitmapsAreTheSameEverywhere(t *testing.T) {
	r := random(t, 34)
	origin, follower, late := newMachine(t), newMachine(t), newMachine(t)
	for index := uint64(1); index <= 1500; index++ {
		var calls [][][]byte
		for range 1 + r.IntN(4) {
			calls = append(calls, randomStringCommand(r))
		}
		run := newRun(2+r.IntN(2), calls...)
		data := run.Body(nil, argv.Append)
		origin.Apply(index, int64(index), data, run)
		follower.Apply(index, int64(index), data, nil)
		late.Apply(index, int64(index), data, nil)
		if index%7 == 0 {
			follower.Freeze()
		}
		if index%300 == 0 {
			late = restored(t, imageOf(t, late))
		}
		if origin.Hash() != follower.Hash() || origin.Hash() != late.Hash() {
			t.Fatalf("index %d: hashes %x, %x, %x", index, origin.Hash(), follower.Hash(), late.Hash())
		}
	}
	if image := imageOf(t, origin); !bytes.Equal(image, imageOf(t, follower)) || !bytes.Equal(image, imageOf(t, late)) {
		t.Fatal("images differ")
	}
	checkHash(t, origin)
}
