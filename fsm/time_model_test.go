package fsm

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
)

// timed is a value of the model, and its deadline: of wall time, or of log time if it is relative.
type timed struct {
	value    string
	deadline int64
	relative bool
}

// timeModel is what keys with deadlines are meant to be: a Go map that forgets what has ended whenever time moves. Wall
// time is log time plus an offset.
type timeModel struct {
	time, offset int64
	keys         map[string]timed
}

func (m *timeModel) advance(stamp int64) {
	m.time = max(m.time, stamp)
	maps.DeleteFunc(m.keys, func(_ string, v timed) bool {
		now := m.time
		if !v.relative {
			now += m.offset
		}
		return v.deadline != 0 && v.deadline <= now
	})
}

// put stores, or removes what has ended already.
func (m *timeModel) put(key string, v timed) {
	m.keys[key] = v
	m.advance(m.time)
}

// one is the reply that counts to one if ok.
func one(ok bool) string {
	if ok {
		return ":1\r\n"
	}
	return ":0\r\n"
}

func bulk(v timed, there bool) string {
	if !there {
		return "$-1\r\n"
	}
	return fmt.Sprintf("$%d\r\n%s\r\n", len(v.value), v.value)
}

// execute answers one of the commands that step makes.
func (m *timeModel) execute(args []string) string {
	name, key := args[0], args[1]
	old, there := m.keys[key]
	number := func(at int) int64 { n, _ := strconv.ParseInt(args[at], 10, 64); return n }
	switch name {
	case "get", "exists", "pttl", "pexpiretime":
		return m.look(name, key)
	case "set":
		fresh := timed{value: args[2]}
		switch {
		case len(args) == 3:
		case len(args) == 4: // KEEPTTL
			fresh.deadline, fresh.relative = old.deadline, old.relative
		case args[3] == "px":
			fresh.deadline, fresh.relative = m.time+number(4), true
		default: // PXAT
			fresh.deadline = number(4)
		}
		m.put(key, fresh)
		return "+OK\r\n"
	case "append":
		m.put(key, timed{old.value + args[2], old.deadline, old.relative})
		return fmt.Sprintf(":%d\r\n", len(old.value)+len(args[2]))
	case "getex":
		if there {
			m.put(key, timed{old.value, m.time + number(3), true})
		}
		return bulk(old, there)
	case "pexpireat":
		if there {
			m.put(key, timed{old.value, number(2), false})
		}
		return one(there)
	case "persist":
		if there {
			m.put(key, timed{value: old.value})
		}
		return one(there && old.deadline != 0)
	case "del":
		delete(m.keys, key)
		return one(there)
	case "rename", "copy":
		return m.move(name, key, args[2], old, there)
	case "flushall":
		clear(m.keys)
		return "+OK\r\n"
	}
	panic(name)
}

func (m *timeModel) look(name, key string) string {
	v, there := m.keys[key]
	switch {
	case name == "get":
		return bulk(v, there)
	case name == "exists":
		return one(there)
	case !there:
		return ":-2\r\n"
	case v.deadline == 0:
		return ":-1\r\n"
	}
	log := v.deadline
	if !v.relative {
		log -= m.offset
	}
	if name == "pttl" {
		return fmt.Sprintf(":%d\r\n", log-m.time)
	}
	return fmt.Sprintf(":%d\r\n", log+m.offset)
}

func (m *timeModel) move(name, from, to string, v timed, there bool) string {
	switch {
	case name == "copy":
		if there {
			m.put(to, v)
		}
		return one(there)
	case !there:
		return "-ERR no such key\r\n"
	}
	delete(m.keys, from)
	m.put(to, v)
	return "+OK\r\n"
}

// timedCommand is a random command on one of many keys, most of which live for some hundreds of milliseconds; wall is
// wall time.
func timedCommand(r *rand.Rand, wall int64) []string {
	const distinct = 40
	key := func() string { return fmt.Sprintf("{%d}%d", r.IntN(3), r.IntN(distinct)) }
	first, value := key(), strconv.Itoa(r.IntN(1000))
	millis := strconv.Itoa(1 + r.IntN(400))
	if r.IntN(4000) == 0 {
		return []string{"flushall", "async"}
	}
	switch r.IntN(12) {
	case 0, 1:
		return []string{"set", first, value, "px", millis}
	case 2:
		return []string{"set", first, value, "pxat", strconv.FormatInt(wall+1+r.Int64N(400), 10)}
	case 3:
		return []string{"set", first, value}
	case 4:
		return []string{"set", first, value, "keepttl"}
	case 5:
		return []string{"append", first, strings.Repeat(value, 1+r.IntN(80))}
	case 6:
		return []string{"getex", first, "px", millis}
	case 7:
		return []string{"pexpireat", first, strconv.FormatInt(wall+r.Int64N(300)-20, 10)}
	case 8:
		return []string{"persist", first}
	case 9:
		return []string{"del", first}
	case 10:
		return []string{"copy", first, first + "b", "replace"}
	}
	return []string{"rename", first, key()}
}

func toArgs(line []string) (args [][]byte) {
	for _, word := range line {
		args = append(args, []byte(word))
	}
	return args
}

// moveOffset draws another offset now and then: small steps, and jumps by an hour or a year. One that moves wall time
// forward counts at once.
func (m *timeModel) moveOffset(r *rand.Rand, machine *Machine) (wanted int64) {
	const hour, year = 3_600_000, 365 * 24 * 3_600_000
	steps := []int64{0, 5, -5, 50, -50, 300, -300, hour, -hour, year, -year}
	wanted = steps[r.IntN(len(steps))]
	if r.IntN(2) == 0 {
		wanted += m.offset
	}
	machine.SetOffset(wanted)
	return wanted
}

// followOffset has the model take the machine's offset at the end of an entry, and fails unless that is the one that is
// wanted, or the larger one before it while a key is stored that has passed an absolute deadline.
func (m *timeModel) followOffset(t *testing.T, machine *Machine, wanted int64) (waits bool) {
	t.Helper()
	now := machine.state.Now()
	offset, stored := now.Wall-now.Log, false
	machine.state.Space(0).Scan(0, func(_ keyspace.Position, e *keyspace.Entry) bool {
		stored = stored || !e.Deadline.Relative() && e.Expired(now)
		return !stored
	})
	switch {
	case stored && offset == max(m.offset, wanted), !stored && offset == wanted:
		m.offset = offset
		return stored
	}
	t.Fatalf("the offset is %d, after %d and with %d wanted; keys that have ended are stored: %v", offset, m.offset,
		wanted, stored)
	return false
}

// I-1: TestTimeEqualsModelThatForgetsAtOnce applies entries of writes and reads at stamps that jump forth and back,
// with offsets that do the same, and queries at moments before, at and behind the state time. Every reply is that of a
// map without any backlog, although keys are swept some at a time; and so are count, listing, index, hash and what an
// image restores.
func TestTimeEqualsModelThatForgetsAtOnce(t *testing.T) {
	r := random(t, 21)
	m, model := newMachine(t), &timeModel{time: now, keys: map[string]timed{}}
	tick(m, now)
	var backlogs, ticks, waits int
	var wanted int64
	for step := range 6_000 {
		if r.IntN(30) == 0 {
			wanted = model.moveOffset(r, m)
		}
		stamp := model.time + r.Int64N(12) - 3
		if r.IntN(200) == 0 {
			crowdOf(r, m, model, wanted)
			model.followOffset(t, m, wanted)
		}
		if step%3 == 0 {
			ticks += compareRead(t, r, m, model, stamp+r.Int64N(60), wanted)
			continue
		}
		model.offset = max(model.offset, wanted)
		model.advance(stamp)
		var calls [][][]byte
		var want strings.Builder
		for range 1 + r.IntN(4) {
			line := timedCommand(r, model.time+model.offset)
			if r.IntN(3) == 0 {
				line = []string{"pttl", line[1]}
			}
			calls = append(calls, toArgs(line))
			want.WriteString(model.execute(line))
		}
		run := newRun(2, calls...)
		m.Apply(m.Index()+1, stamp, run.Body(nil, argv.Append), run)
		if got := string(run.Reply); got != want.String() {
			t.Fatalf("step %d, %q: got %q, want %q", step, calls, got, want.String())
		}
		if model.followOffset(t, m, wanted) {
			waits++
		}
		overdue := m.Stats().Overdue
		if step%100 != 1 && (overdue == 0 || r.IntN(4) != 0) {
			continue
		}
		compareAll(t, m, model)
		if r.IntN(4) == 0 {
			m = restored(t, imageOf(t, m))
			compareAll(t, m, model)
		}
		backlogs += min(overdue, 1)
	}
	if backlogs < 20 || ticks < 20 || waits < 20 {
		t.Fatalf("%d entries left a backlog, reads asked for %d ticks, offsets waited %d times: too little happened",
			backlogs, ticks, waits)
	}
}

// crowdOf makes several hundred keys that end at one moment.
func crowdOf(r *rand.Rand, m *Machine, model *timeModel, wanted int64) {
	model.offset = max(model.offset, wanted)
	model.advance(0)
	deadline := strconv.FormatInt(model.time+model.offset+r.Int64N(60), 10)
	var data []byte
	for i := range 300 + r.IntN(300) {
		set := []string{"set", fmt.Sprint("crowd ", i), "v"}
		until := []string{"pexpireat", set[1], deadline}
		model.execute(set)
		model.execute(until)
		data = argv.Append(argv.Append(data, toArgs(set)), toArgs(until))
	}
	m.Apply(m.Index()+1, 0, data, nil)
}

// compareRead puts one read, and says how many ticks that needed.
func compareRead(t *testing.T, r *rand.Rand, m *Machine, model *timeModel, stamp, wanted int64) int {
	t.Helper()
	line := []string{[]string{"get", "exists", "pexpiretime"}[r.IntN(3)], timedCommand(r, model.time)[1]}
	before := m.Index()
	got := doAt(t, m, stamp, toArgs(line))
	if m.Index() != before {
		model.offset = max(model.offset, wanted)
		model.advance(stamp)
		model.followOffset(t, m, wanted)
	}
	if want := model.execute(line); got != want {
		t.Fatalf("%q at %d: got %q, want %q", line, stamp, got, want)
	}
	return int(m.Index() - before)
}

// compareAll compares what there is as a whole.
func compareAll(t *testing.T, m *Machine, model *timeModel) {
	t.Helper()
	want := slices.Sorted(maps.Keys(model.keys))
	if got := do(m, words("dbsize")); got != fmt.Sprintf(":%d\r\n", len(want)) || m.Stats().Keys != len(want) {
		t.Fatalf("DBSIZE is %q and Stats %+v, want %d", got, m.Stats(), len(want))
	}
	for _, listed := range [][]string{stringsOf(do(m, words("keys *"))), scanAll(t, m, "count", "100")} {
		slices.Sort(listed)
		if !slices.Equal(listed, want) {
			t.Fatalf("%d keys are listed, want %d", len(listed), len(want))
		}
	}
	checkDeadlines(t, m)
	checkHash(t, m)
}

// stringsOf takes a reply apart that is an array of strings.
func stringsOf(reply string) (list []string) {
	fields := strings.Split(strings.TrimSuffix(reply, "\r\n"), "\r\n")
	for i := 2; i < len(fields); i += 2 {
		list = append(list, fields[i])
	}
	return list
}

// E15: TestRestoredMachineAgreesAboutTime restores at every index of a log of keys that end, and applies the rest.
func TestRestoredMachineAgreesAboutTime(t *testing.T) {
	r := random(t, 22)
	whole := newMachine(t)
	var log []logEntry
	var images [][]byte
	stamp := int64(1000)
	for range 250 {
		stamp += r.Int64N(60) - 10
		e := logEntry{stamp: stamp}
		for range r.IntN(8) {
			e.data = argv.Append(e.data, toArgs(timedCommand(r, stamp)))
		}
		log, images = append(log, e), append(images, imageOf(t, whole))
		whole.Apply(whole.Index()+1, e.stamp, e.data, nil)
	}
	if whole.expired == 0 {
		t.Fatal("nothing expired")
	}
	want := imageOf(t, whole)
	for at, image := range images {
		m := restored(t, image)
		for i := at; i < len(log); i++ {
			m.Apply(uint64(i+1), log[i].stamp, log[i].data, nil)
		}
		if m.Hash() != whole.Hash() || !bytes.Equal(imageOf(t, m), want) {
			t.Fatalf("restored at %d and applied to %d, it differs", at, len(log))
		}
		checkDeadlines(t, m)
	}
}
