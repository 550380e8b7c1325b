package fsm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// diary is a watcher that writes down what it is told; keys of a run of this node have a star. open says that the entry
// of the last ones was not applied yet.
type diary struct {
	pages []string
	open  bool
	// messages are those that were published, replaced how often another state took the place of the one before.
	messages []string
	replaced int
	// receivers is what it answers to each message.
	receivers int
}

func (d *diary) Replaced() { d.replaced++ }

func (d *diary) Published(channel, message []byte, sharded bool) int {
	kind := ":"
	if sharded {
		kind = "::"
	}
	d.messages = append(d.messages, string(channel)+kind+string(message))
	return d.receivers
}

func (d *diary) Changed(key string, run *command.Run) { d.note(key, run) }
func (d *diary) Applied()                             { d.open = false }
func (d *diary) Flushed(run *command.Run)             { d.note("everything", run) }

func (d *diary) note(what string, run *command.Run) {
	d.open = true
	if run != nil {
		what += "*"
	}
	d.pages = append(d.pages, strings.Clone(what))
}

// read is what was written down since the last time, in the order of the alphabet.
func (d *diary) read() string {
	slices.Sort(d.pages)
	all := strings.Join(d.pages, " ")
	d.pages = nil
	if d.open && all != "everything" { // a restore is no entry
		return all + " and it was not applied"
	}
	return all
}

func TestAWatcherIsToldOfEachChange(t *testing.T) {
	m := newMachine(t)
	var d diary
	m.Watch(&d)
	for _, step := range []struct{ line, want string }{
		{"set a 1", "a*"},
		{"get a", ""},
		{"set a 2 nx", ""},
		{"mset a 1 b 2", "a* b*"},
		{"incr a", "a*"},
		{"append a x", "a*"},
		{"bitfield b set u8 0 50", ""},
		{"bitfield b incrby u8 0 0", ""},
		{"bitfield b overflow fail incrby u8 0 255", ""},
		{"bitfield b get u8 100", ""},
		{"bitfield b set u8 0 51", "b*"},
		{"bitfield b overflow fail incrby u8 8 256", "b*"},
		{"bitfield b overflow fail incrby u8 8 256", ""},
		{"append a", ""},
		{"del a nothing", "a*"},
		{"rename b c", "b* c*"},
		{"copy c d", "d*"},
		{"expire c 100", "c*"},
		{"expire c 5 nx", ""},
		{"persist c", "c*"},
		{"getex c", ""},
		{"getex c ex 5", "c*"},
		{"expire d 0", "d*"},
		{"rpush l x y", "l*"},
		{"ltrim l 0 -1", "l*"},
		{"set a 1", "a*"},
		{"append a ''", "a*"},
		{"setrange a 0 ''", ""},
		{"flushall", "everything*"},
	} {
		args := words(step.line)
		for i := range args {
			args[i] = bytes.ReplaceAll(args[i], []byte("''"), nil)
		}
		doAt(t, m, now, args)
		if got := d.read(); got != step.want {
			t.Errorf("%s: told %q, want %q", step.line, got, step.want)
		}
	}
}

func TestAWatcherIsToldOfWhatOthersAndTimeDo(t *testing.T) {
	m := newMachine(t)
	var d diary
	m.Watch(&d)
	m.Apply(1, now, body("set a 1 px 5", "set b 1"), nil)
	if got := d.read(); got != "a b" {
		t.Errorf("of another node's entry: %q", got)
	}
	m.Apply(2, now+5, nil, nil)
	if got := d.read(); got != "a" {
		t.Errorf("of time: %q", got)
	}
	run := newRun(2, words("set c 1 px 1"))
	m.Apply(3, now+5, run.Body(nil, argv.Append), run)
	run = newRun(2, words("set d 1"))
	m.Apply(4, now+6, run.Body(nil, argv.Append), run) // its write, and the end of c, which is not its doing
	if got := d.read(); got != "c c* d*" {
		t.Errorf("of an entry that also sweeps: %q", got)
	}
	if err := m.Restore(testSeed, bytes.NewReader(imageOf(t, m))); err != nil {
		t.Fatal(err)
	}
	if got := d.read(); got != "everything" || d.replaced != 1 {
		t.Errorf("of a Restore: %q, and %d times that messages are missed", got, d.replaced)
	}
	scriptAt(t, m, now, "set a 1")
	if got := d.read(); got != "a*" {
		t.Errorf("after the Restore: %q", got)
	}
	m.Watch(nil)
	if scriptAt(t, m, now, "set a 1", "flushall"); d.read() != "" {
		t.Error("the diary was told after it stopped watching")
	}
}

// counter is a watcher that costs nothing itself.
type counter struct{ changes int }

func (c *counter) Changed(string, *command.Run) { c.changes++ }
func (c *counter) Applied()                     {}
func (c *counter) Flushed(*command.Run)         { c.changes++ }
func (c *counter) Replaced()                    {}

func (c *counter) Published(_, _ []byte, _ bool) int { return 0 }

func TestToBeWatchedAllocatesNothing(t *testing.T) {
	m := newMachine(t)
	data := body("set a 1 px 100")
	m.Apply(1, 1, data, nil)
	unwatched := testing.AllocsPerRun(100, func() { m.Apply(m.Index()+1, 1, data, nil) })
	var c counter
	m.Watch(&c)
	watched := testing.AllocsPerRun(100, func() { m.Apply(m.Index()+1, 1, data, nil) })
	if watched != unwatched || c.changes != 101 {
		t.Fatalf("%v allocations watched and %v unwatched, %d changes", watched, unwatched, c.changes)
	}
}

// TestWatcherKnowsAllThatReadsSee applies random commands, and compares the keys that differ with those told.
func TestWatcherKnowsAllThatReadsSee(t *testing.T) {
	r := random(t, 23)
	m := newMachine(t)
	var d diary
	m.Watch(&d)
	before := map[string]string{}
	for step := range 3000 {
		stamp := m.state.Now().Log + r.Int64N(12)
		m.Apply(m.Index()+1, stamp, argv.Append(nil, toArgs(timedCommand(r, stamp))), nil)
		after := map[string]string{}
		m.state.Space(0).Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
			after[e.Key()] = fmt.Sprint(content(e), " until ", e.Deadline)
			return true
		})
		for key := range before {
			if _, there := after[key]; !there {
				after[key] = "nothing"
			}
		}
		for key, value := range after {
			if before[key] != value && !slices.Contains(d.pages, key) && !slices.Contains(d.pages, "everything") {
				t.Fatalf("step %d: %s is now %s, and the watcher was not told", step, key, value)
			}
			if value == "nothing" {
				delete(after, key)
			}
		}
		before, d.pages = after, nil
	}
}
