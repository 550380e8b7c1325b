package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/argv"
)

// runSteps executes lines one after the other and compares the replies, with spaces for line ends.
func runSteps(t *testing.T, m *Machine, steps [][2]string) {
	t.Helper()
	for _, step := range steps {
		if got := script(m, step[0]); got != step[1] {
			t.Errorf("%s: %s, want %s", step[0], got, step[1])
		}
	}
	checkHash(t, m)
}

const (
	wrongKind  = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	noInteger  = "-ERR value is not an integer or out of range"
	noSyntax   = "-ERR syntax error"
	noPositive = "-ERR value is out of range, must be positive"
)

// TestListsArePushedAndPopped at both ends, until they are gone.
func TestListsArePushedAndPopped(t *testing.T) {
	runSteps(t, newMachine(t), [][2]string{
		{"lpushx l a", ":0"},
		{"rpushx l a", ":0"},
		{"exists l", ":0"},
		{"lpush l a b c", ":3"},
		{"rpush l d", ":4"},
		{"lpushx l e", ":5"},
		{"rpushx l f g", ":7"},
		{"type l", "+list"},
		{"lrange l 0 -1", "*7 $1 e $1 c $1 b $1 a $1 d $1 f $1 g"},
		{"llen l", ":7"},
		{"lpop l", "$1 e"},
		{"rpop l", "$1 g"},
		{"lpop l 2", "*2 $1 c $1 b"},
		{"rpop l 2", "*2 $1 f $1 d"},
		{"rpop l 0", "*0"},
		{"lpop l 5", "*1 $1 a"},
		{"exists l", ":0"},
		{"lpop l", "$-1"},
		{"rpop l 1", "*-1"},
		{"lpop l 0", "*-1"},
		{"lpop l -1", noPositive},
		{"lpop l x", noPositive},
		{"lpop l 1 2", "-ERR wrong number of arguments for 'lpop' command"},
		{"rpop l 1 2", "-ERR wrong number of arguments for 'rpop' command"},
		{"llen l", ":0"},
		{"set s x", "+OK"},
		{"lpush s a", wrongKind},
		{"rpushx s a", wrongKind},
		{"lpop s", wrongKind},
		{"rpop s 1", wrongKind},
		{"rpop s x", noPositive},
		{"llen s", wrongKind},
		{"rpush l 1 2", ":2"},
		{"get l", wrongKind},
		{"set l x", "+OK"},
		{"get l", "$1 x"},
	})
}

// TestListsAreReadAndCutByIndex from both ends, and beyond.
func TestListsAreReadAndCutByIndex(t *testing.T) {
	runSteps(t, newMachine(t), [][2]string{
		{"lrange none 0 -1", "*0"},
		{"lrange none x -1", noInteger},
		{"lindex none x", "$-1"},
		{"ltrim none 0 x", noInteger},
		{"ltrim none 0 1", "+OK"},
		{"lset none 0 x", "-ERR no such key"},
		{"lset none x x", "-ERR no such key"},
		{"set s x", "+OK"},
		{"lrange s 0 -1", wrongKind},
		{"lrange s 0 x", noInteger},
		{"lindex s x", wrongKind},
		{"ltrim s 0 -1", wrongKind},
		{"lset s x x", wrongKind},
		{"rpush l 0 1 2 3 4 5", ":6"},
		{"lindex l 0", "$1 0"},
		{"lindex l 5", "$1 5"},
		{"lindex l 6", "$-1"},
		{"lindex l -1", "$1 5"},
		{"lindex l -6", "$1 0"},
		{"lindex l -7", "$-1"},
		{"lindex l x", noInteger},
		{"lindex l 9223372036854775807", "$-1"},
		{"lindex l -9223372036854775808", "$-1"},
		{"lrange l 2 3", "*2 $1 2 $1 3"},
		{"lrange l -2 9223372036854775807", "*2 $1 4 $1 5"},
		{"lrange l -9223372036854775808 0", "*1 $1 0"},
		{"lrange l 0 -9223372036854775808", "*0"},
		{"lrange l 3 2", "*0"},
		{"lrange l 6 7", "*0"},
		{"lrange l 5 5", "*1 $1 5"},
		{"lrange l 0 -7", "*0"},
		{"lset l 0 a", "+OK"},
		{"lset l -1 f", "+OK"},
		{"lset l 6 x", "-ERR index out of range"},
		{"lset l -7 x", "-ERR index out of range"},
		{"lset l 4294967296 x", "-ERR index out of range"},
		{"lset l x x", noInteger},
		{"ltrim l 1 -2", "+OK"},
		{"lrange l 0 -1", "*4 $1 1 $1 2 $1 3 $1 4"},
		{"ltrim l -3 100", "+OK"},
		{"lrange l 0 -1", "*3 $1 2 $1 3 $1 4"},
		{"ltrim l -100 1", "+OK"},
		{"lrange l 0 -1", "*2 $1 2 $1 3"},
		{"ltrim l 2 1", "+OK"},
		{"exists l", ":0"},
	})
}

// TestListsAreSearchedAndChangedInside by LINSERT, LREM and LPOS.
func TestListsAreSearchedAndChangedInside(t *testing.T) {
	const rankZero = "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
		"or use negative to start from the end of the list"
	runSteps(t, newMachine(t), [][2]string{
		{"linsert none before a b", ":0"},
		{"linsert none beside a b", noSyntax},
		{"lrem none x a", noInteger},
		{"lrem none 0 a", ":0"},
		{"lpos none a", "$-1"},
		{"lpos none a count 1", "*0"},
		{"lpos none a rank 0", rankZero},
		{"set s x", "+OK"},
		{"linsert s before a b", wrongKind},
		{"linsert s beside a b", noSyntax},
		{"lrem s 0 a", wrongKind},
		{"lpos s a", wrongKind},
		{"lpos s a rank 0", rankZero},
		{"rpush l a b c a b c", ":6"},
		{"linsert l Before b 1", ":7"},
		{"linsert l aFTER b 2", ":8"},
		{"linsert l after nothing x", ":-1"},
		{"lrange l 0 -1", "*8 $1 a $1 1 $1 b $1 2 $1 c $1 a $1 b $1 c"},
		{"lpos l c", ":4"},
		{"lpos l c rank 2", ":7"},
		{"lpos l c rank 3", "$-1"},
		{"lpos l c rank -1", ":7"},
		{"lpos l c rank -2 count 0", "*1 :4"},
		{"lpos l c count 0", "*2 :4 :7"},
		{"lpos l c count 1", "*1 :4"},
		{"lpos l c count 0 maxlen 7", "*1 :4"},
		{"lpos l c count 0 maxlen 8", "*2 :4 :7"},
		{"lpos l c maxlen 4", "$-1"},
		{"lpos l c maxlen 0", ":4"},
		{"lpos l a rank -1 maxlen 3 count 2", "*1 :5"},
		{"lpos l a rank -1 maxlen 2 count 2", "*0"},
		{"lpos l c rank 1 rank 2", ":7"},
		{"lpos l c rank", noSyntax},
		{"lpos l c nosuch 1", noSyntax},
		{"lpos l c rank x", noInteger},
		{"lpos l c rank -9223372036854775808",
			"-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"},
		{"lpos l c rank 9223372036854775807", "$-1"},
		{"lpos l c count -1", "-ERR COUNT can't be negative"},
		{"lpos l c count x", "-ERR COUNT can't be negative"},
		{"lpos l c maxlen -1", "-ERR MAXLEN can't be negative"},
		{"lpos l c maxlen x", "-ERR MAXLEN can't be negative"},
		{"lrem l x a", noInteger},
		{"lrem l -1 a", ":1"},
		{"lrem l 1 b", ":1"},
		{"lrange l 0 -1", "*6 $1 a $1 1 $1 2 $1 c $1 b $1 c"},
		{"lrem l -9223372036854775808 c", ":2"},
		{"lrem l 0 nothing", ":0"},
		{"lrange l 0 -1", "*4 $1 a $1 1 $1 2 $1 b"},
		{"lrem l 0 1", ":1"},
		{"lrem l 9 2", ":1"},
		{"lrem l 0 a", ":1"},
		{"lrem l 0 b", ":1"},
		{"exists l", ":0"},
	})
}

// TestElementsMoveBetweenLists by LMOVE, RPOPLPUSH and LMPOP, also within one list.
func TestElementsMoveBetweenLists(t *testing.T) {
	runSteps(t, newMachine(t), [][2]string{
		{"lmove a b left right", "$-1"},
		{"lmove a b up right", noSyntax},
		{"lmove a b left down", noSyntax},
		{"rpoplpush a b", "$-1"},
		{"set s x", "+OK"},
		{"lmove s b left right", wrongKind},
		{"lmove a s left right", "$-1"},
		{"rpush a 1 2 3", ":3"},
		{"lmove a s left right", wrongKind},
		{"rpoplpush a s", wrongKind},
		{"lmove a b left right", "$1 1"},
		{"lmove a b RIGHT LEFT", "$1 3"},
		{"rpoplpush a b", "$1 2"},
		{"exists a", ":0"},
		{"lrange b 0 -1", "*3 $1 2 $1 3 $1 1"},
		{"lmove b b left right", "$1 2"},
		{"lmove b b right right", "$1 2"},
		{"rpoplpush b b", "$1 2"},
		{"lrange b 0 -1", "*3 $1 2 $1 3 $1 1"},
		{"rpush one x", ":1"},
		{"pexpire one 1000000", ":1"},
		{"lmove one one left left", "$1 x"},
		{"rpoplpush one one", "$1 x"},
		{"lrange one 0 -1", "*1 $1 x"},
		{"persist one", ":1"},
		{"lmpop 0 a left", "-ERR numkeys should be greater than 0"},
		{"lmpop x a left", "-ERR numkeys should be greater than 0"},
		{"lmpop 1 a up", noSyntax},
		{"lmpop 2 a left", noSyntax},
		{"lmpop 3 a left", noSyntax},
		{"lmpop 9223372036854775807 a left", noSyntax},
		{"lmpop 1 a left count", noSyntax},
		{"lmpop 1 a left count 0", "-ERR count should be greater than 0"},
		{"lmpop 1 a left count x", "-ERR count should be greater than 0"},
		{"lmpop 1 a left count 1 count 1", noSyntax},
		{"lmpop 1 a left nosuch 1", noSyntax},
		{"lmpop 1 a left", "*-1"},
		{"lmpop 2 a s left", wrongKind},
		{"lmpop 2 a b left", "*2 $1 b *1 $1 2"},
		{"lmpop 3 a b s right count 5", "*2 $1 b *2 $1 1 $1 3"},
		{"exists b", ":0"},
	})
	if got := doIn(newMachine(t), 3, words("lpop none"), words("lpop none 1"), words("lmpop 1 none left")); got !=
		"_\r\n_\r\n_\r\n" {
		t.Errorf("in RESP3, what is absent is %q", got)
	}
}

// TestListsKeepTheirDeadline when they are changed, and lose it with the key.
func TestListsKeepTheirDeadline(t *testing.T) {
	m := newMachine(t)
	script(m, "rpush l a b c d", "pexpire l 1000")
	for _, line := range []string{
		"lpush l x", "rpop l", "lset l 0 y", "linsert l after y z", "lrem l 1 b", "ltrim l 0 1",
	} {
		if script(m, line); script(m, "pttl l") != ":1000" {
			t.Errorf("behind %s the key has no deadline", line)
		}
	}
	if script(m, "ltrim l 5 6", "rpush l a"); script(m, "pttl l") != ":-1" {
		t.Error("a list that was made anew has a deadline")
	}
	script(m, "pexpire l 1000")
	if got := script(m, "rpoplpush l l", "pttl l"); got != "$1 a :1000" {
		t.Errorf("a list that was turned: %s", got)
	}
	checkHash(t, m)
}

// TestElementsHaveTheLimitOfValues as strings do.
func TestElementsHaveTheLimitOfValues(t *testing.T) {
	m := limitedMachine(t, 2000)
	script(m, "rpush l a")
	for length, refused := range map[int]bool{1999: false, 2000: false, 2001: true} {
		element := strings.Repeat("x", length)
		for _, line := range []string{
			"lpush l ", "rpush l b ", "lpushx l ", "rpushx l ", "lset l 0 ", "linsert l before a ",
		} {
			got := script(m, line+element, "lrem l 0 a", "rpush l a")
			if strings.HasPrefix(got, "-ERR string exceeds") != refused {
				t.Errorf("%s%d bytes: %.60s", line, length, got)
			}
		}
	}
	checkHash(t, m)
}

// TestLongElementsAreLeftToTheConnection and come out as if they had been copied.
func TestLongElementsAreLeftToTheConnection(t *testing.T) {
	long := strings.Repeat("y", max(leftOutBytes, value.MaxShortElementBytes+1))
	fresh := func() *Machine {
		m := newMachine(t)
		script(m, "rpush l a "+long+" b "+long)
		return m
	}
	for line, left := range map[string]int{
		"lrange l 0 -1": 2, "lindex l 1": 1, "lindex l 0": 0, "lpop l 4": 2, "rpop l": 1, "lmove l l right left": 1,
		"lmpop 1 l left count 2": 1, "sort_ro l by c get #": 2,
	} {
		plain := do(fresh(), words(line))
		m, late := fresh(), newLate(words(line))
		if late.HasWrite() {
			m.Apply(m.Index()+1, 0, late.Body(nil, argv.Append), late)
		} else {
			ask(m, late)
		}
		bytes := late.Long.Bytes()
		script(m, "flushall")
		if late.Join(); string(late.Reply) != plain || bytes != left*len(long) {
			t.Errorf("%s: %d bytes are left out, and the reply is %.80q", line, bytes, late.Reply)
		}
	}
}

// TestRepliesWithListsAreBounded before they are made, and pops happen all the same.
func TestRepliesWithListsAreBounded(t *testing.T) {
	m := newMachine(t)
	script(m, "rpush l "+strings.Repeat("element ", 100))
	for _, line := range []string{"lrange l 0 -1", "lpos l element count 0", "sort_ro l alpha", "lindex l 0"} {
		for limit, refused := range map[int]bool{30: true, 1 << 20: false} {
			run := newRun(2, words(line))
			run.MaxReplyBytes = limit
			if m.Query(0, run); strings.HasPrefix(string(run.Reply), "-ERR the reply would be longer") != refused {
				t.Errorf("%s within %d bytes: %.60q", line, limit, run.Reply)
			}
		}
	}
	// A part of a list is judged by its own length, where the whole list would be too long.
	const part = 2 * (len("element") + exec.ValueOverheadBytes)
	for limit, refused := range map[int]bool{part - 1: true, part: false, part + 1: false} {
		run := newRun(2, words("lrange l 97 98"))
		run.MaxReplyBytes = limit
		if m.Query(0, run); strings.HasPrefix(string(run.Reply), "-") != refused {
			t.Errorf("two elements within %d bytes: %.60q", limit, run.Reply)
		}
	}
	// Numbers are kept shorter than they are answered: no reply is longer than it may be.
	script(m, "rpush n"+strings.Repeat(" -9223372036854775808", 100))
	for limit := range 5000 {
		run := newRun(2, words("lrange n 0 -1"))
		run.MaxReplyBytes = limit
		if m.Query(0, run); len(run.Reply) > max(limit, len("-"+exec.ReplyTooLong+"\r\n")) && limit > 0 {
			t.Fatalf("%d bytes where %d are allowed", len(run.Reply), limit)
		}
	}
	run := newRun(2, words("get none"), words("lpop l 60"), words("lmpop 1 l right count 30"), words("llen l"))
	run.MaxReplyBytes = 4
	m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	if got := script(m, "llen l"); got != ":10" {
		t.Errorf("of 100 elements, 90 were taken, and %s are left", got)
	}
	checkHash(t, m)
}

// listDriver draws commands on lists for a machine and for a model of it.
type listDriver struct {
	t     *testing.T
	r     *rand.Rand
	m     *Machine
	model map[string][]string
}

func (d *listDriver) key() string { return string(rune('a' + d.r.IntN(4))) }

func (d *listDriver) element() string {
	switch d.r.IntN(8) {
	case 0:
		return strings.Repeat("x", d.r.IntN(3000))
	case 1, 2:
		return strconv.Itoa(d.r.IntN(1000) - 500)
	}
	return fmt.Sprintf("element-%d", d.r.IntN(40))
}

// call makes a call, and compares the reply in RESP2.
func (d *listDriver) call(want string, args ...string) {
	d.t.Helper()
	var all [][]byte
	for _, arg := range args {
		all = append(all, []byte(arg))
	}
	if got := do(d.m, all); got != want {
		d.t.Fatalf("%.100q: %.200q, want %.200q", args, got, want)
	}
}

func bulkOf(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

func arrayOf(all []string) string {
	text := fmt.Sprintf("*%d\r\n", len(all))
	for _, s := range all {
		text += bulkOf(s)
	}
	return text
}

func (d *listDriver) step() {
	key := d.key()
	list := d.model[key]
	set := func(key string, list []string) {
		if d.model[key] = slices.Clone(list); len(list) == 0 {
			delete(d.model, key)
		}
	}
	switch n := len(list); d.r.IntN(8) {
	case 0:
		elements := make([]string, 1+d.r.IntN(300))
		for i := range elements {
			elements[i] = d.element()
		}
		front := slices.Clone(elements)
		slices.Reverse(front)
		d.call(fmt.Sprintf(":%d\r\n", n+len(elements)), append([]string{"lpush", key}, elements...)...)
		set(key, append(front, list...))
	case 1, 2:
		element := d.element()
		d.call(fmt.Sprintf(":%d\r\n", n+1), "rpush", key, element)
		set(key, append(slices.Clip(list), element))
	case 3:
		if n > 0 {
			count := d.r.IntN(min(n, 100) + 2)
			taken := slices.Clone(list[max(n-count, 0):])
			slices.Reverse(taken)
			d.call(arrayOf(taken), "rpop", key, strconv.Itoa(count))
			set(key, list[:max(n-count, 0)])
		}
	case 4:
		if n > 0 {
			at, element := d.r.IntN(n), d.element()
			d.call("+OK\r\n", "lset", key, strconv.Itoa(at-n), element)
			list[at] = element
		}
	case 5:
		if n > 0 {
			at, element := slices.Index(list, list[d.r.IntN(n)]), d.element()
			d.call(fmt.Sprintf(":%d\r\n", n+1), "linsert", key, "after", list[at], element)
			set(key, slices.Insert(list, at+1, element))
		}
	case 6:
		other := d.key()
		if n > 0 {
			d.call(bulkOf(list[0]), "lmove", key, other, "left", "right")
			set(key, list[1:])
			set(other, append(slices.Clip(d.model[other]), list[0]))
		}
	default:
		if n > 0 {
			element := list[d.r.IntN(n)]
			left := slices.DeleteFunc(slices.Clone(list), func(one string) bool { return one == element })
			d.call(fmt.Sprintf(":%d\r\n", n-len(left)), "lrem", key, "0", element)
			set(key, left)
		}
	}
}

// S22: TestListsInAMachineAreThoseOfTheModel while it is frozen, copied to other keys, and restored: each image holds
// what there was when it was taken.
func TestListsInAMachineAreThoseOfTheModel(t *testing.T) {
	d := &listDriver{t: t, r: random(t, 67), m: newMachine(t), model: map[string][]string{}}
	type frozen struct {
		image *Image
		model map[string][]string
	}
	var images []frozen
	for step := range 1500 {
		d.step()
		switch d.r.IntN(60) {
		case 0:
			kept := map[string][]string{}
			for key, list := range d.model {
				kept[key] = slices.Clone(list)
			}
			images = append(images, frozen{d.m.Freeze(), kept})
		case 1:
			from, to := d.key(), d.key()
			if len(d.model[from]) > 0 && from != to {
				d.call(":1\r\n", "copy", from, to, "replace")
				d.model[to] = slices.Clone(d.model[from])
			}
		case 2:
			if step%3 == 0 {
				hash := d.m.Hash()
				if d.m = restored(t, imageOf(t, d.m)); d.m.Hash() != hash {
					t.Fatal("the restored machine has another hash")
				}
			}
		}
	}
	check := func(m *Machine, model map[string][]string) {
		t.Helper()
		for _, key := range []string{"a", "b", "c", "d"} {
			if got, want := do(m, words("lrange "+key+" 0 -1")), arrayOf(model[key]); got != want {
				t.Fatalf("%s has %.200q, want %.200q", key, got, want)
			}
		}
		checkHash(t, m)
	}
	check(d.m, d.model)
	for _, one := range images {
		hash := one.image.Hash()
		again := restored(t, written(t, one.image))
		if again.Hash() != hash || !bytes.Equal(imageOf(t, again), imageOf(t, restored(t, imageOf(t, again)))) {
			t.Fatal("an image is not that of its hash")
		}
		check(again, one.model)
	}
}
