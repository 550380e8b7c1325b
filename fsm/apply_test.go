package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
)

// logEntry is an entry as Apply sees it.
type logEntry struct {
	stamp int64
	data  []byte
}

// randomCommand is a call of a data command, or of something like one: also wrong numbers of arguments, names in any
// case, values that are no numbers, and commands that have no place in a log.
func randomCommand(r *rand.Rand) [][]byte {
	names := []string{
		"set", "get", "del", "exists", "incr", "decr", "incrby", "decrby", "append", "strlen", "mget", "mset", "dbsize",
		"SET", "MSet", "aPPend", "set", "incr", "append", "ping", "nosuch", "client",
	}
	words := []string{
		"a", "b", "c", "{a}1", "{a}2", "", "0", "1", "-1", "10", "007", "9223372036854775807", "-9223372036854775808",
		"NX", "xx", "get", "GET", "nx", "ex", "keepttl", "some text", "\x00\xff\r\n", strings.Repeat("long", 80),
	}
	args := [][]byte{[]byte(names[r.IntN(len(names))])}
	for range 1 + r.IntN(4) {
		args = append(args, []byte(words[r.IntN(len(words))]))
	}
	if r.IntN(20) == 0 {
		args = args[:1]
	}
	return args
}

// randomLog is a log with entries of all kinds: commands, nothing, and damage.
func randomLog(r *rand.Rand, entries int) []logEntry {
	log := make([]logEntry, entries)
	for i := range log {
		e := &log[i]
		e.stamp = 1_700_000_000_000 + int64(i) + r.Int64N(50)
		for range r.IntN(5) {
			e.data = argv.Append(e.data, randomCommand(r))
		}
		if r.IntN(10) == 0 && len(e.data) > 0 {
			e.data[r.IntN(len(e.data))] ^= byte(1 + r.IntN(255))
		}
		if r.IntN(10) == 0 {
			e.data = e.data[:r.IntN(len(e.data)+1)]
		}
	}
	return log
}

func wantPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	f()
}

// H2: TestSameLogGivesSameState applies one log on three machines of different history: one that waits for its
// own runs, one that does not, and one that was restored on the way.
func TestSameLogGivesSameState(t *testing.T) {
	r := random(t, 4)
	origin, follower, late := newMachine(t), newMachine(t), newMachine(t)
	for index := uint64(1); index <= 2000; index++ {
		var calls [][][]byte
		for range 1 + r.IntN(6) {
			calls = append(calls, randomDataCommand(r))
		}
		run := newRun(2+r.IntN(2), calls...)
		data, stamp := run.Body(nil, argv.Append), int64(index)+r.Int64N(100)
		origin.Apply(index, stamp, data, run)
		follower.Apply(index, stamp, data, nil)
		late.Apply(index, stamp, data, nil)
		if index%500 == 0 {
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

// randomDataCommand is a random command that a connection may put into a run: barriers never are.
func randomDataCommand(r *rand.Rand) [][]byte {
	for {
		args := randomCommand(r)
		if call := newCall(args); call.Spec == nil || reads[call.Spec.ID()] != nil || writes[call.Spec.ID()] != nil {
			return args
		}
	}
}

// H5: TestFailingCommandFailsEverywhere puts every kind of refusal into entries and compares states and replies.
func TestFailingCommandFailsEverywhere(t *testing.T) {
	a, b := newMachine(t), newMachine(t)
	for i, line := range []string{
		"set a x", "incr a", "incrby a 1", "set a", "mset a 1 b", "get a", "ping", "nosuch x", "client id", "client nosuch",
		"config", "set a 1 ex 0", "append a y",
	} {
		a.Apply(uint64(i+1), 0, body(line, "append log "+strings.Fields(line)[0]), nil)
		b.Apply(uint64(i+1), 0, body(line, "append log "+strings.Fields(line)[0]), nil)
		if a.Hash() != b.Hash() {
			t.Fatalf("after %q hashes differ", line)
		}
	}
	want := "$2 xy $60 setincrincrbysetmsetgetpingnosuchclientclientconfigsetappend"
	if got := script(a, "get a", "get log"); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestReplyToWhatHasNoPlaceInTheLog(t *testing.T) {
	for line, want := range map[string]string{
		"get a":         "-ERR 'get' does not write, and has no place in the log\r\n",
		"ping":          "-ERR 'ping' does not write, and has no place in the log\r\n",
		"client id":     "-ERR 'client|id' does not write, and has no place in the log\r\n",
		"nosuch x":      "-ERR unknown command 'nosuch', with args beginning with: 'x' \r\n",
		"client nosuch": "-ERR unknown subcommand 'nosuch'. Try CLIENT HELP.\r\n",
		"set a":         "-ERR wrong number of arguments for 'set' command\r\n",
	} {
		m := newMachine(t)
		if got := string(m.execute(exec.Unwatched(nil).Writing(words(line)))); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
		if m.state.Space(0).Size() != 0 {
			t.Errorf("%q: it stored something", line)
		}
	}
}

// I-6: TestDamagedEntriesDoNotStopTheMachine cuts and flips one entry in every place; the entries after it still apply.
func TestDamagedEntriesDoNotStopTheMachine(t *testing.T) {
	whole := body("set a 1", "mset b 2 c 3", "append a x", "set d 4 nx get")
	var poison [][]byte
	for i := range whole {
		poison = append(poison, whole[:i])
		for _, flip := range []byte{0x01, 0x20, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[i] ^= flip
			poison = append(poison, damaged)
		}
	}
	a, b := newMachine(t), newMachine(t)
	for i, data := range poison {
		for _, m := range []*Machine{a, b} {
			m.Apply(uint64(2*i+1), 0, data, nil)
			m.Apply(uint64(2*i+2), 0, body("incr alive"), nil)
		}
		if a.Hash() != b.Hash() {
			t.Fatalf("% x: hashes differ", data)
		}
	}
	want := fmt.Sprint(len(poison))
	if got := script(a, "get alive"); got != fmt.Sprintf("$%d %s", len(want), want) {
		t.Fatalf("%s of %s entries after damaged ones were applied", got, want)
	}
	checkHash(t, a)
}

// I-6: FuzzApplyTakesAnyBytes applies any bytes on two machines, of which one was restored from an image.
func FuzzApplyTakesAnyBytes(f *testing.F) {
	f.Add(body("set a 1", "incr a", "append a x"), int64(5))
	f.Add(body("mset a 1 b 2", "del a b", "set c 1 nx xx"), int64(-1))
	f.Add(body("set a 1 px 5", "getex log px 9", "copy a b", "rename b log", "expireat a 0", "flushall"), int64(7))
	f.Add(body("psetex a 1 x", "pexpire log 3 nx", "persist log", "copy log longer replace"), int64(1<<62))
	f.Add([]byte{2, 3, 'd', 'e', 'l', 0}, int64(0))
	f.Add([]byte{0xff, 0xff, 0xff}, int64(0))
	f.Fuzz(func(t *testing.T, data []byte, stamp int64) {
		a := sample(t)
		b := restored(t, imageOf(t, a))
		for range 2 {
			a.Apply(a.Index()+1, stamp, data, nil)
			b.Apply(b.Index()+1, stamp, data, nil)
		}
		if a.Hash() != b.Hash() || !bytes.Equal(imageOf(t, a), imageOf(t, b)) {
			t.Fatalf("% x: states differ", data)
		}
		checkHash(t, a)
	})
}

func TestReadsOfARunAreAnsweredAtTheirPlace(t *testing.T) {
	m := newMachine(t)
	got := do(m, words("get a"), words("set a 1"), words("get a"), words("nosuch"), words("incr a"), words("get"),
		words("incr nothing x"), words("mget a b"), words("del a"), words("exists a"), words("dbsize"))
	want := "$-1\r\n+OK\r\n$1\r\n1\r\n-ERR unknown command 'nosuch', with args beginning with: \r\n:2\r\n" +
		"-ERR wrong number of arguments for 'get' command\r\n-ERR wrong number of arguments for 'incr' command\r\n" +
		"*2\r\n$1\r\n2\r\n$-1\r\n:1\r\n:0\r\n:0\r\n"
	if got != want {
		t.Fatalf("got %q\nwant %q", got, want)
	}
}

func TestRepliesAreAppendedToWhatIsThere(t *testing.T) {
	m := newMachine(t)
	run := newRun(2, words("set a 1"))
	run.Reply = []byte("+FIRST\r\n")
	if result := m.Apply(1, 0, run.Body(nil, argv.Append), run); result != nil {
		t.Fatalf("Apply returns %q", result)
	}
	if got := string(run.Reply); got != "+FIRST\r\n+OK\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestARunThatIsNotOfTheEntryPanics(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "another command": body("incr a"), "another value": body("set a 2"),
		"one more": body("set a 1", "set b 1"), "damage": {0xff},
	} {
		t.Run(name, func(t *testing.T) {
			run := newRun(2, words("set a 1"))
			run.Body(nil, argv.Append)
			wantPanic(t, func() { newMachine(t).Apply(1, 0, data, run) })
		})
	}
}

func TestValuesOwnTheirBytes(t *testing.T) {
	m := newMachine(t)
	data := body("set a value", "mset b 2 c 3", "append a more")
	m.Apply(1, 0, data, nil)
	clear(data)
	if got := script(m, "mget a b c"); got != "*3 $9 valuemore $1 2 $1 3" {
		t.Fatalf("after the entry was overwritten: %s", got)
	}
	for _, arg := range m.arguments[:cap(m.arguments)] {
		if arg != nil {
			t.Fatal("the machine still points into the entry")
		}
	}
}

func TestAHugeCommandLeavesNoBuffersBehind(t *testing.T) {
	m := newMachine(t)
	args := [][]byte{[]byte("mset")}
	for i := range 10_000 {
		args = append(args, fmt.Appendf(nil, "%d", i), []byte("v"))
	}
	big := argv.Append(nil, args)
	m.Apply(1, 0, big, nil)
	m.Apply(2, 0, argv.Append(nil, [][]byte{[]byte("set"), []byte("big"), make([]byte, 1<<20)}), nil)
	m.Apply(3, 0, body("set big small get"), nil)
	if cap(m.arguments) > maxKeptArguments || cap(m.scratch) > maxKeptScratchBytes {
		t.Fatalf("it keeps %d arguments and %d bytes", cap(m.arguments), cap(m.scratch))
	}
}

func TestTimeIsTheHighestStampAndPartOfTheHash(t *testing.T) {
	a, b := newMachine(t), newMachine(t)
	for i, stamp := range []int64{5, 9, 7, -3, 0} {
		a.Apply(uint64(i+1), stamp, nil, nil)
		b.Apply(uint64(i+1), stamp, nil, nil)
	}
	if a.state.Now().Log != 9 || a.Hash() != b.Hash() {
		t.Fatalf("time is %d, hashes %x and %x", a.state.Now().Log, a.Hash(), b.Hash())
	}
	b.Apply(6, 10, nil, nil)
	a.Apply(6, 9, nil, nil)
	if a.Hash() == b.Hash() {
		t.Fatal("different times have one hash")
	}
	if a.Due() != 0 {
		t.Fatal("a key is due, and none can expire")
	}
}

func TestOptionsArePartOfTheHash(t *testing.T) {
	other := New(Options{MaxValueBytes: 1})
	if err := other.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	if other.Hash() == newMachine(t).Hash() {
		t.Fatal("different options have one hash")
	}
}

func TestMisuseIsABugThatPanics(t *testing.T) {
	for name, misuse := range map[string]func(){
		"apply before restore": func() { New(Options{}).Apply(1, 0, nil, nil) },
		"an index left out":    func() { newMachine(t).Apply(2, 0, nil, nil) },
		"an index again": func() {
			m := newMachine(t)
			m.Apply(1, 0, nil, nil)
			m.Apply(1, 0, nil, nil)
		},
		"a query that writes":   func() { newMachine(t).Query(0, newRun(2, words("set a 1"))) },
		"a negative limit":      func() { New(Options{MaxValueBytes: -1}) },
		"a limit above one GiB": func() { New(Options{MaxValueBytes: 1<<30 + 1}) },
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, misuse) })
	}
}

func TestQueryBeforeRestoreIsLoading(t *testing.T) {
	run := newRun(2, words("get a"), words("nosuch"), words("dbsize"))
	blank := New(Options{})
	if blank.Query(0, run); blank.Ready() {
		t.Fatal("there is a state before the first Restore")
	}
	const loading = "-LOADING Redis is loading the dataset in memory\r\n"
	want := loading + "-ERR unknown command 'nosuch', with args beginning with: \r\n" + loading
	if got := string(run.Reply); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// TestQueriesRunBesideEachOther is for the race detector.
func TestQueriesRunBesideEachOther(t *testing.T) {
	m := sample(t)
	hash := m.Hash()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			run := newRun(2, words("get a"), words("mget {tag}x log"), words("exists a b"), words("dbsize"), words("strlen log"))
			for range 500 {
				run.Reply = run.Reply[:0]
				if m.Query(0, run) || !bytes.HasPrefix(run.Reply, []byte("$1\r\n1\r\n*2\r\n$3\r\none\r\n$604\r\n")) {
					t.Errorf("a query answers %q", run.Reply)
				}
			}
		})
	}
	readers.Wait()
	if m.Hash() != hash {
		t.Fatal("queries changed the state")
	}
}

func TestOrdinaryCommandsAllocateOnlyWhatTheyStore(t *testing.T) {
	m := newMachine(t)
	script(m, "set key value")
	get := newRun(2, words("get key"), words("exists key a b"), words("dbsize"))
	set := newRun(2, words("set key other"), words("get key"))
	data := set.Body(nil, argv.Append)
	m.Query(0, get)
	m.Apply(m.Index()+1, 0, data, set)
	if n := testing.AllocsPerRun(100, func() { get.Reply = get.Reply[:0]; m.Query(0, get) }); n != 0 {
		t.Errorf("a query makes %v allocations", n)
	}
	n := testing.AllocsPerRun(100, func() { set.Reply = set.Reply[:0]; m.Apply(m.Index()+1, 0, data, set) })
	if n != 1 {
		t.Errorf("an entry with one SET makes %v allocations, want that of the value", n)
	}
}

// The arguments of a run lie in the read buffer of its connection. If a fault lets that be overwritten before the entry
// is applied, the state must not differ from that of the other nodes: what a run says never matters for the state.
func TestWhatARunSaysDoesNotMatterForTheState(t *testing.T) {
	origin, replica := newMachine(t), newMachine(t)
	buffer := []byte("SETkeyvalue")
	args := [][]byte{buffer[:3], buffer[3:6], buffer[6:]}
	spec, _ := commands.Find(args)
	run := &command.Run{Protocol: 2, Calls: []command.Call{{Spec: spec, Args: args}}}
	body := run.Body(nil, argv.Append)
	copy(buffer, "SETkeyVALUE")
	origin.Apply(1, 1, body, run)
	replica.Apply(1, 1, body, nil)
	if origin.Hash() != replica.Hash() {
		t.Errorf("the state of the origin has the hash %016x, that of the others %016x", origin.Hash(), replica.Hash())
	}
}
