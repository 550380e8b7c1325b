package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// watching is a client that watches keys, and executes transactions.
type watching struct {
	m       *Machine
	watched []command.Watched
}

// watch makes a run of lines, the last of which is WATCH, and keeps what that found. It returns the replies.
func (w *watching) watch(stamp int64, lines ...string) string {
	run := newRun(2)
	for _, line := range lines {
		run.Calls = append(run.Calls, newCall(words(line)))
	}
	if run.HasWrite() {
		w.m.Apply(w.m.Index()+1, stamp, run.Body(nil, argv.Append), run)
	} else if w.m.Query(stamp, run) {
		w.m.Apply(w.m.Index()+1, stamp, nil, nil)
		w.m.Query(stamp, run)
	}
	for _, one := range run.Watched {
		w.watched = append(w.watched, one.Own())
	}
	return onLine(run.Reply)
}

// transaction is a run of lines that depends on what is watched. Nothing is watched behind it.
func (w *watching) transaction(protocol int, lines ...string) *command.Run {
	run := newRun(protocol)
	for _, line := range lines {
		run.Calls = append(run.Calls, newCall(words(line)))
	}
	run.Head, w.watched = command.TransactionHead(w.watched), nil
	return run
}

// exec executes a transaction and returns the reply to it.
func (w *watching) exec(stamp int64, lines ...string) string {
	run := w.transaction(2, lines...)
	if run.HasWrite() {
		w.m.Apply(w.m.Index()+1, stamp, run.Body(nil, argv.Append), run)
	} else if w.m.Query(stamp, run) {
		w.m.Apply(w.m.Index()+1, stamp, nil, nil)
		w.m.Query(stamp, run)
	}
	return onLine(run.Reply)
}

// onLine is a reply with spaces for line ends.
func onLine(reply []byte) string {
	return strings.TrimSpace(strings.ReplaceAll(string(reply), "\r\n", " "))
}

func TestATransactionAnswersWithOneArray(t *testing.T) {
	w := &watching{m: newMachine(t)}
	for _, step := range []struct {
		lines []string
		want  string
	}{
		{nil, "*0"},
		{[]string{"get a"}, "*1 $-1"},
		{[]string{"set a 1", "get a", "incr a", "mget a b"}, "*4 +OK $1 1 :2 *2 $1 2 $-1"},
		{[]string{"incr a x", "set b x", "incr b", "set a y", "get a"}, "*5 -ERR wrong number of arguments for 'incr' " +
			"command +OK -ERR value is not an integer or out of range +OK $1 y"},
		{[]string{"dbsize", "get a", "raft.log read nothing 0 block 0"}, "*3 :2 $1 y *-1"},
	} {
		if got := w.exec(0, step.lines...); got != step.want {
			t.Errorf("%q: got %s, want %s", step.lines, got, step.want)
		}
	}
}

// H18: Each step is: what stands before WATCH in its run, what others do then, and whether EXEC executes.
func TestWatchedKeysAreJudgedByTheirLastChange(t *testing.T) {
	const x = "x"
	for name, c := range map[string]struct {
		before, watch []string
		others        []string
		executes      bool
	}{
		"nothing happens":            {[]string{"set x 1"}, []string{"watch x"}, nil, true},
		"another key changes":        {[]string{"set x 1"}, []string{"watch x"}, []string{"set y 1", "del y"}, true},
		"the key is read":            {[]string{"set x 1"}, []string{"watch x"}, []string{"get x", "exists x"}, true},
		"a write without effect":     {[]string{"set x 1"}, []string{"watch x"}, []string{"set x 2 nx"}, true},
		"the same value":             {[]string{"set x 1"}, []string{"watch x"}, []string{"set x 1"}, false},
		"another value":              {[]string{"set x 1"}, []string{"watch x"}, []string{"incr x"}, false},
		"there and back":             {[]string{"set x 1"}, []string{"watch x"}, []string{"incr x", "decr x"}, false},
		"a deadline":                 {[]string{"set x 1"}, []string{"watch x"}, []string{"expire x 100"}, false},
		"removed":                    {[]string{"set x 1"}, []string{"watch x"}, []string{"del x"}, false},
		"removed and made":           {[]string{"set x 1"}, []string{"watch x"}, []string{"del x", "set x 1"}, false},
		"renamed":                    {[]string{"set x 1"}, []string{"watch x"}, []string{"rename x y"}, false},
		"replaced by a rename":       {[]string{"set x 1", "set y 1"}, []string{"watch x"}, []string{"rename y x"}, false},
		"emptied":                    {[]string{"set x 1"}, []string{"watch x"}, []string{"flushall"}, false},
		"emptied and made":           {[]string{"set x 1"}, []string{"watch x"}, []string{"flushall", "set x 1"}, false},
		"one of many":                {[]string{"set x 1"}, []string{"watch a b x c"}, []string{"incr x"}, false},
		"absent":                     {nil, []string{"watch x"}, nil, true},
		"absent, others come and go": {nil, []string{"watch x"}, []string{"set y 1", "del y", "set z 1"}, true},
		"absent, removed":            {nil, []string{"watch x"}, []string{"del x"}, true},
		"absent, made":               {nil, []string{"watch x"}, []string{"set x 1"}, false},
		"absent, made and removed":   {nil, []string{"watch x"}, []string{"set x 1", "del x"}, false},
		"absent, made and emptied":   {nil, []string{"watch x"}, []string{"set x 1", "flushall"}, false},
		"absent, made and renamed":   {nil, []string{"watch x"}, []string{"set x 1", "rename x y"}, false},
		"absent, emptied":            {[]string{"set y 1"}, []string{"watch x"}, []string{"flushall"}, true},
		"was removed before":         {[]string{"set x 1", "del x"}, []string{"watch x"}, nil, true},
		"was emptied before":         {[]string{"set x 1", "flushall"}, []string{"watch x"}, nil, true},
		"written before, in its run": {nil, []string{"set x 1", "del x", "set x 2", "watch x"}, nil, true},
		"removed before, in its run": {[]string{"set x 1"}, []string{"del x", "watch x"}, nil, true},
		"changed behind such a run":  {nil, []string{"set x 1", "watch x"}, []string{"set x 1"}, false},
	} {
		for _, writes := range []bool{true, false} {
			m := newMachine(t)
			script(m, c.before...)
			w := &watching{m: m}
			if got := w.watch(0, c.watch...); !strings.HasSuffix(got, "+OK") {
				t.Fatalf("%s: WATCH answers %s", name, got)
			}
			script(m, c.others...)
			lines, executed := []string{"get other"}, "*1 $-1"
			if writes {
				lines, executed = []string{"set mark 1", "exists " + x + x}, "*2 +OK :0"
			}
			want := map[bool]string{true: executed, false: "*-1"}[c.executes]
			if got := w.exec(0, lines...); got != want {
				t.Errorf("%s, writes %v: got %s, want %s", name, writes, got, want)
			}
			if got, is := script(m, "exists mark"), c.executes && writes; (got == ":1") != is {
				t.Errorf("%s, writes %v: the mark is there: %s", name, writes, got)
			}
			checkHash(t, m)
		}
	}
}

// A key that ends between WATCH and EXEC has changed, whether it was removed yet or not; one that had ended before has
// not.
func TestWatchedKeysThatEnd(t *testing.T) {
	crowd := make([]string, 2*sweepPerEntry) // so many that the key is not removed at once
	for i := range crowd {
		crowd[i] = fmt.Sprintf("set crowd%d 1 px 10", i)
	}
	for _, c := range []struct {
		name     string
		at       int64 // of WATCH, where the key ends at 10
		executes bool
	}{{"present", 9, false}, {"just ended", 10, true}, {"long ended", 1000, true}} {
		for _, writes := range []bool{true, false} {
			m := newMachine(t)
			m.Apply(1, 0, body(append(crowd, "set x 1 px 10")...), nil)
			w := &watching{m: m}
			w.watch(c.at, "get other", "watch x")
			lines, want := []string{"get other"}, "*1 $-1"
			if writes {
				lines, want = []string{"set mark 1"}, "*1 +OK"
			}
			if !c.executes {
				want = "*-1"
			}
			if got := w.exec(max(c.at, 10), lines...); got != want {
				t.Errorf("%s, writes %v: got %s, want %s", c.name, writes, got, want)
			}
		}
	}
}

// All nodes do the same: those that only have the body, and one that began from an image.
func TestAllNodesJudgeATransactionAlike(t *testing.T) {
	for _, changed := range []bool{false, true} {
		origin, replica := newMachine(t), newMachine(t)
		apply := func(run *command.Run) {
			body := run.Body(nil, argv.Append)
			replica.Apply(replica.Index()+1, 0, body, nil)
			origin.Apply(origin.Index()+1, 0, body, run)
		}
		apply(newRun(2, words("set here 1"), words("set gone 1"), words("del gone")))
		w := &watching{m: origin}
		w.watch(0, "watch here absent gone")
		if changed {
			apply(newRun(2, words("set absent 1"), words("del absent")))
		} else {
			apply(newRun(2, words("set other 1"), words("del here2")))
		}
		late := restored(t, imageOf(t, origin))
		run := w.transaction(3, "set a 1", "get a", "incr b", "dbsize")
		body := run.Body(nil, argv.Append)
		late.Apply(late.Index()+1, 0, body, nil)
		apply(run)
		want := "*4\r\n+OK\r\n$1\r\n1\r\n:1\r\n:4\r\n"
		if changed {
			want = "_\r\n"
		}
		if string(run.Reply) != want {
			t.Errorf("changed %v: %q, want %q", changed, run.Reply, want)
		}
		if origin.Hash() != replica.Hash() || origin.Hash() != late.Hash() {
			t.Errorf("changed %v: hashes %x, %x and %x", changed, origin.Hash(), replica.Hash(), late.Hash())
		}
		if got := script(late, "exists a b"); got != map[bool]string{false: ":2", true: ":0"}[changed] {
			t.Errorf("changed %v: the late node has %s", changed, got)
		}
	}
}

// Bodies that no connection makes have the same effect everywhere: none, where the head is none.
func TestAHeadThatIsNoneLetsNothingHappen(t *testing.T) {
	whole := command.TransactionHead([]command.Watched{{Key: []byte("k"), Index: 300, Present: false}})
	set := words("set a 1")
	for name, c := range map[string]struct {
		head     [][]byte
		executes bool
	}{
		"a head":              {whole, true},
		"nothing is watched":  {whole[:1], true},
		"half a key":          {whole[:2], false},
		"no index":            {[][]byte{whole[0], whole[1], {}}, false},
		"an index cut off":    {[][]byte{whole[0], whole[1], {0x80}}, false},
		"no word on presence": {[][]byte{whole[0], whole[1], {1}}, false},
		"another word":        {[][]byte{whole[0], whole[1], {1, 2}}, false},
		"more bytes":          {[][]byte{whole[0], whole[1], {1, 0, 0}}, false},
		"three words":         {append(whole[:3:3], []byte("x")), false},
		"in lower case":       {words("exec"), true}, // no head: a command that is no write
	} {
		m := newMachine(t)
		m.Apply(1, 0, argv.Append(argv.Append(nil, c.head), set), nil)
		if got := script(m, "exists a") == ":1"; got != c.executes {
			t.Errorf("%s: executed %v", name, got)
		}
	}
	m := newMachine(t) // a head begins a transaction only where the body begins
	m.Apply(1, 0, argv.Append(argv.Append(argv.Append(nil, set), whole[:2]), words("set b 1")), nil)
	if got := script(m, "exists a b"); got != ":2" {
		t.Errorf("behind another command: %s", got)
	}
}

func TestATransactionIsTheBodyOfItsRun(t *testing.T) {
	m := newMachine(t)
	w := &watching{m: m}
	w.watch(0, "watch x")
	run := w.transaction(2, "set a 1")
	run.Body(nil, argv.Append)
	defer func() {
		if recover() == nil {
			t.Error("another body is executed for a run that waits")
		}
	}()
	m.Apply(1, 0, body("set a 1"), run)
}

// S23: a long reply of a transaction is put in by the connection, at its place in the array.
func TestALongReplyStandsInItsTransaction(t *testing.T) {
	m := newMachine(t)
	long := strings.Repeat("v", 5000)
	script(m, "set long "+long, "setrange long 4000 x")
	for _, lines := range [][]string{{"get a", "get long", "get a"}, {"set a 1", "get long", "append long y", "get a"}} {
		w := &watching{m: m}
		run := w.transaction(2, lines...)
		run.LateBytes = 1000
		if run.HasWrite() {
			m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
		} else if m.Query(0, run); run.WantsFreeze {
			run.WantsFreeze = false
			image := m.Freeze()
			image.Query(0, run)
			image.Release()
		}
		if run.Long.Bytes() == 0 {
			t.Fatalf("%q: nothing was left out", lines)
		}
		run.Join()
		if got := onLine(run.Reply); !strings.HasPrefix(got, fmt.Sprintf("*%d ", len(lines))) ||
			!strings.Contains(got, "$5000 "+long[:4000]+"x") {
			t.Errorf("%q: %.60s", lines, got)
		}
	}
}

// H18: Random clients watch random keys, and a model says what each EXEC does: it remembers at which entry each key was
// put or removed last.
func TestTransactionsAreJudgedAsByAModel(t *testing.T) {
	r := random(t, 23)
	for range 30 {
		judgeByModel(t, r)
	}
}

func judgeByModel(t *testing.T, r *rand.Rand) {
	const clients, keys, steps = 4, 6, 300
	m := newMachine(t)
	changed, present := map[string]uint64{}, map[string]bool{}
	key := func() string { return fmt.Sprintf("k%d", r.IntN(keys)) }
	put := func(k string, is bool) {
		if is || present[k] {
			changed[k], present[k] = m.Index()+1, is
		}
	}
	write := func() string {
		k := key()
		if r.IntN(2) == 0 {
			put(k, false)
			return "del " + k
		}
		put(k, true)
		return "set " + k + " 1"
	}
	var all [clients]watching
	var at [clients]map[string]uint64
	for i := range all {
		all[i].m = m
	}
	executed, refused := 0, 0
	for range steps {
		i := r.IntN(clients)
		switch w := &all[i]; r.IntN(3) {
		case 0:
			lines := []string{"watch " + key() + " " + key()}
			if r.IntN(2) == 0 {
				lines = []string{write(), lines[0]}
			}
			if w.watch(0, lines...); at[i] == nil {
				at[i] = map[string]uint64{}
			}
			for _, one := range w.watched {
				if _, is := at[i][string(one.Key)]; !is {
					at[i][string(one.Key)] = m.Index()
				}
			}
		case 1:
			script(m, write())
		default:
			unchanged := true
			for k, since := range at[i] {
				unchanged = unchanged && changed[k] <= since
			}
			at[i] = nil
			want := "*-1"
			if r.IntN(3) == 0 {
				if unchanged {
					want = "*1 $-1"
				}
				if got := w.exec(0, "get nothing"); got != want {
					t.Fatalf("reads: got %s, want %s", got, want)
				}
				continue
			}
			line := "del nothing"
			if unchanged {
				line = write()
			}
			got := w.exec(0, "set mark 1", line)
			if unchanged {
				executed++
			} else {
				refused++
			}
			if strings.HasPrefix(got, "*2 +OK ") != unchanged || !unchanged && got != want {
				t.Fatalf("got %s, of keys that have not changed: %v", got, unchanged)
			}
		}
	}
	if executed == 0 || refused == 0 {
		t.Errorf("%d executed, %d refused", executed, refused)
	}
	checkHash(t, m)
}

func TestImagesHaveWhatWasRemoved(t *testing.T) {
	m := newMachine(t)
	for i := range 500 {
		script(m, fmt.Sprintf("set k%d 1", i), fmt.Sprintf("del k%d", i/2))
	}
	image := imageOf(t, m)
	again := restored(t, image)
	if again.Hash() != m.Hash() || !bytes.Equal(imageOf(t, again), image) {
		t.Fatal("the restored state is another one")
	}
	frozen := m.Freeze()
	script(m, "set k1 1", "del k1", "del k499", "flushall")
	if !bytes.Equal(written(t, frozen), image) {
		t.Error("a frozen state has changed")
	}
	if m.Hash() == again.Hash() {
		t.Error("what is removed does not show in the hash")
	}
	checkHash(t, m)
}
