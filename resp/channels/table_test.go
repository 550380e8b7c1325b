package channels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ear is a client that writes down what it hears.
type ear struct {
	protocol int
	heard    []string
}

func (e *ear) Hear(m *Message) {
	e.heard = append(e.heard, strings.ReplaceAll(string(m.In(e.protocol)), "\r\n", " "))
}

func (e *ear) take() (all []string) {
	all, e.heard = e.heard, nil
	return all
}

func TestAMessageIsHeardByItsNameAndByEachPattern(t *testing.T) {
	table := New(10)
	old, rich := &ear{protocol: 2}, &ear{protocol: 3}
	table.Join(Plain, []string{"news", "other"}, old)
	table.Join(Pattern, []string{"n*", "*s"}, rich)
	table.Join(Pattern, []string{"n*"}, old)
	table.Join(Shard, []string{"news"}, rich)
	if got := table.Send([]byte("news"), []byte("text"), false); got != 4 {
		t.Errorf("heard %d times, want 4", got)
	}
	wantOld := []string{
		"*3 $7 message $4 news $4 text ", "*4 $8 pmessage $2 n* $4 news $4 text ",
	}
	wantRich := []string{
		">4 $8 pmessage $2 n* $4 news $4 text ", ">4 $8 pmessage $2 *s $4 news $4 text ",
	}
	if got := old.take(); !slices.Equal(got, wantOld) {
		t.Errorf("heard %q, want %q", got, wantOld)
	}
	if got := rich.take(); !slices.Equal(got, wantRich) {
		t.Errorf("heard %q, want %q", got, wantRich)
	}
	if got := table.Send([]byte("news"), nil, true); got != 1 {
		t.Errorf("a message of the shard channel was heard %d times", got)
	}
	if got := rich.take(); !slices.Equal(got, []string{">3 $8 smessage $4 news $0  "}) || len(old.take()) > 0 {
		t.Errorf("heard of the shard channel: %q", got)
	}
}

func TestWhoHasLeftHearsNothing(t *testing.T) {
	table := New(10)
	var a, b ear
	a.protocol, b.protocol = 2, 2
	for kind := range Kinds {
		table.Join(kind, []string{"c", "d"}, &a)
		table.Join(kind, []string{"c"}, &b)
		table.Leave(kind, []string{"c", "d"}, &a)
		if got := table.Count(kind); got != 1 {
			t.Errorf("%d names of kind %d are left, want 1", got, kind)
		}
		if got := table.Listeners(kind, []byte("c")); got != 1 {
			t.Errorf("%d clients listen to a name of kind %d, want 1", got, kind)
		}
	}
	for _, sharded := range []bool{false, true} {
		table.Send([]byte("c"), []byte("text"), sharded)
	}
	if len(a.heard) > 0 || len(b.heard) != 3 {
		t.Errorf("%d messages were heard by who has left and %d by who has not", len(a.heard), len(b.heard))
	}
	for kind := range Kinds {
		table.Leave(kind, []string{"c"}, &b)
	}
	if table.Listening() != 0 || len(table.patterns) != 0 || table.Send([]byte("c"), nil, false) != 0 {
		t.Errorf("left are %d, with %d patterns", table.Listening(), len(table.patterns))
	}
}

func TestPatternsAreBounded(t *testing.T) {
	const limit = 3
	table := New(limit)
	var a, b ear
	if !table.Join(Pattern, []string{"1", "2"}, &a) || table.Join(Pattern, []string{"3", "4"}, &a) {
		t.Error("two of three patterns are too many, or four are not")
	}
	if !table.Join(Pattern, []string{"3"}, &a) || !table.Join(Pattern, []string{"1", "2", "3"}, &b) {
		t.Error("the last pattern is too many, or those that there are")
	}
	if table.Join(Pattern, []string{"4"}, &b) || !table.Join(Plain, []string{"4"}, &b) {
		t.Error("one pattern more is not too many, or a channel is")
	}
	if got := table.Names(Pattern, nil); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("the patterns are %q", got)
	}
}

func TestNamesAreListedThatMatch(t *testing.T) {
	table := New(1)
	table.Join(Plain, []string{"b", "a1", "a2", ""}, &ear{})
	for pattern, want := range map[string]string{"a*": `["a1" "a2"]`, "*": `["" "a1" "a2" "b"]`, "x": `[]`, "": `[""]`} {
		if got := fmt.Sprintf("%q", table.Names(Plain, []byte(pattern))); got != want {
			t.Errorf("%q lists %s, want %s", pattern, got, want)
		}
	}
}

// While no client listens, a message costs no allocation; while some do, none that lasts.
func TestSmallMessagesAllocateNothing(t *testing.T) {
	table, channel, text := New(10), []byte("channel"), []byte("text")
	if got := testing.AllocsPerRun(100, func() { table.Send(channel, text, false) }); got != 0 {
		t.Errorf("%v allocations while no client listens", got)
	}
	table.Join(Plain, []string{"channel"}, mute{})
	table.Join(Pattern, []string{"cha*"}, mute{})
	if got := testing.AllocsPerRun(100, func() { table.Send(channel, text, false) }); got > 1 {
		t.Errorf("%v allocations, want one for the pattern", got)
	}
}

type mute struct{}

func (mute) Hear(m *Message) { m.In(2) }

// counted counts what it hears, beside others.
type counted struct {
	sync.Mutex
	heard int
}

func (c *counted) Hear(*Message) {
	c.Lock()
	c.heard++
	c.Unlock()
}

// Clients come and go while messages are sent: what the table counts is what was heard.
func TestClientsComeAndGoBesideMessages(t *testing.T) {
	const clients, rounds = 8, 300
	table, total := New(100), 0
	all := make([]counted, clients)
	var running sync.WaitGroup
	for i := range all {
		running.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 73))
			for range rounds {
				kind := Kind(random.IntN(int(Kinds)))
				table.Join(kind, []string{"c"}, &all[i])
				table.Names(kind, nil)
				table.Leave(kind, []string{"c"}, &all[i])
			}
		})
	}
	for n := range rounds {
		total += table.Send([]byte("c"), []byte("text"), n%2 == 0)
	}
	running.Wait()
	heard := 0
	for i := range all {
		heard += all[i].heard
	}
	if heard != total || table.Listening() != 0 {
		t.Errorf("%d times heard, %d counted; %d are left", heard, total, table.Listening())
	}
}

// manyNames are different names.
func manyNames(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%06d", i)
	}
	return names
}

// Who sends waits for no more than a portion: the lock is free between two of them.
func TestNamesAreTakenInPortions(t *testing.T) {
	for count, want := range map[int][]int{
		0: nil, 1: {1}, portion - 1: {portion - 1}, portion: {portion}, portion + 1: {portion, 1},
		3*portion + 7: {portion, portion, portion, 7},
	} {
		table, names := New(1), manyNames(count)
		var sizes []int
		var seen []string
		table.inPortions(names, func(some []string) {
			if table.mu.TryLock() {
				t.Fatal("a portion is changed without the lock")
			}
			sizes, seen = append(sizes, len(some)), append(seen, some...)
		})
		if !slices.Equal(sizes, want) || !slices.Equal(seen, names) || !table.mu.TryLock() {
			t.Errorf("%d names came in portions of %d, want %d", count, sizes, want)
		}
	}
}

// All names are there and listed, and then gone, in portions as in one; the clients that stay are heard in their order.
func TestManyNamesComeAndGo(t *testing.T) {
	for _, count := range []int{portion - 1, portion, portion + 1, 2*portion + 500} {
		for kind := range Kinds {
			table, names, stays := New(count+2), manyNames(count), &ear{protocol: 2}
			var leaves ear
			table.Join(kind, []string{"*x"}, stays)
			if !table.Join(kind, names, &leaves) || !table.Join(kind, []string{"x*"}, stays) {
				t.Fatal("there is no room")
			}
			if got := table.Names(kind, []byte("0*")); !slices.Equal(got, names) || table.Listening() != int64(count+2) {
				t.Errorf("%d names of kind %d are listed and %d counted, want %d", len(got), kind, table.Listening(), count)
			}
			table.Leave(kind, names, &leaves)
			if got := table.Names(kind, nil); !slices.Equal(got, []string{"*x", "x*"}) || table.Listening() != 2 {
				t.Errorf("left of kind %d are %q, %d counted", kind, got, table.Listening())
			}
			if heard := table.Send([]byte("x"), nil, false); kind == Pattern && (heard != 2 || len(table.patterns) != 2 ||
				!strings.Contains(stays.heard[0], " *x ") || !strings.Contains(stays.heard[1], " x* ")) {
				t.Errorf("the patterns that stay have heard %q", stays.heard)
			}
			table.Leave(kind, []string{"x*", "*x"}, stays)
			if table.known != (sums{}) || table.Listening() != 0 {
				t.Errorf("of no pattern of kind %d %+v is known, %d counted", kind, table.known, table.Listening())
			}
		}
	}
}

// One comparison takes a bounded number of steps: where the product of the lengths is not above it, its answer is that
// of the pattern.
func TestAMessageIsComparedInBoundedSteps(t *testing.T) {
	const half = maxSteps / (MaxPatternBytes / 2)
	set := "*[" + strings.Repeat("b", MaxPatternBytes/2-4) + "a]"
	for _, c := range []struct {
		pattern string
		channel string
		heard   int
	}{
		{set, strings.Repeat("c", half-1) + "a", 1}, {set, strings.Repeat("c", half) + "a", 0},
		{"*" + strings.Repeat("c", MaxPatternBytes-2) + "a", strings.Repeat("c", 1<<20) + "a", 0},
		{"news.*", "news." + strings.Repeat("c", 1<<20), 1}, {"*", strings.Repeat("c", 1<<20), 1},
		{"*a", strings.Repeat("c", maxSteps-1) + "a", 1}, {"*a", strings.Repeat("c", maxSteps) + "a", 0},
	} {
		table := New(1)
		table.Join(Pattern, []string{c.pattern}, mute{})
		if got := table.Send([]byte(c.channel), nil, false); got != c.heard {
			t.Errorf("%.20q heard %.20q of %d bytes %d times, want %d", c.pattern, c.channel, len(c.channel), got, c.heard)
		}
	}
}

// The work of a message is what it may take: nothing where no client listens, and no more than the bounds allow.
func TestTheWorkOfAMessageCountsWhoMayHearIt(t *testing.T) {
	table, channel := New(10), []byte("channel")
	expect := func(sharded bool, want int) {
		t.Helper()
		if got := table.Work(channel, 100, sharded); got != want {
			t.Errorf("the work is %d, want %d (sharded: %v)", got, want, sharded)
		}
	}
	expect(false, 0)
	clients := make([]counted, 3)
	for i := range clients {
		table.Join(Plain, []string{"channel", "other"}, &clients[i])
	}
	expect(false, 3*(hearWork+100))
	expect(true, 0)
	table.Join(Shard, []string{"channel"}, &clients[0])
	expect(true, hearWork+100)
	table.Join(Pattern, []string{"cha*"}, &clients[0])
	table.Join(Pattern, []string{"cha*", "*ab*cde"}, &clients[1])
	expect(false, 6*(hearWork+100)+2*compareWork+4+7+3*len(channel))
	expect(true, hearWork+100)
	long := "*" + strings.Repeat("x", MaxPatternBytes-1)
	table.Join(Pattern, []string{long}, &clients[2])
	channel = make([]byte, 1<<20)
	expect(false, 4*(hearWork+100)+3*(compareWork+maxSteps))
	table.Leave(Pattern, []string{long}, &clients[2])
	table.Leave(Pattern, []string{"cha*"}, &clients[1])
	table.Leave(Plain, []string{"channel"}, &clients[1])
	channel = []byte("channel")
	expect(false, 4*(hearWork+100)+2*compareWork+4+7+3*len(channel))
}
