package fsm

import (
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

// askedAt answers a line of reads at a time, for a client that wants a trace of it or not, from the state or a frozen
// one.
func askedAt(t *testing.T, m *Machine, stamp int64, line string, noTouch, frozen bool) string {
	t.Helper()
	run := newRun(2, words(line))
	run.NoTouch = noTouch
	if frozen {
		image := m.Freeze()
		defer image.Release()
		image.Query(stamp, run)
	} else if m.Query(stamp, run) {
		t.Fatalf("%s wants a tick", line)
	}
	return strings.TrimSpace(string(run.Reply))
}

// What uses a key and what does not is as in Redis, by the time with which a read or an entry comes. It shows on the
// node that is asked only; a write shows on all, and a restored state begins anew.
func TestUsesOfKeysAreThoseOfTheNode(t *testing.T) {
	const begin, later, end = 1_000_000, 1_040_999, 1_041_000 // seconds 1,000, 1,040 and 1,041
	for _, c := range []struct {
		line            string
		noTouch, frozen bool
		idle            string
	}{
		{"get k", false, false, ":1"}, {"mget absent k", false, false, ":1"}, {"strlen k", false, false, ":1"},
		{"touch k", false, false, ":1"}, {"touch absent k", true, false, ":1"}, {"dump k", false, false, ":1"},
		{"append k v", false, false, ":1"}, {"expire k 1000", false, false, ":1"}, {"setnx k v", false, false, ":1"},
		{"set k v", false, false, ":1"}, {"copy k other", false, false, ":1"}, {"incr k", false, false, ":1"},
		{"get k", true, false, ":41"}, {"get k", false, true, ":41"}, {"touch k", true, true, ":41"},
		{"ttl k", false, false, ":41"}, {"pexpiretime k", false, false, ":41"}, {"type k", false, false, ":41"},
		{"exists k", false, false, ":41"}, {"object encoding k", false, false, ":41"},
		{"memory usage k", false, false, ":41"},
		{"object idletime k", false, false, ":41"}, {"debug object k", false, false, ":41"},
		{"keys *", false, false, ":41"},
		{"scan 0", false, false, ":41"}, {"randomkey", false, false, ":41"}, {"watch k", false, false, ":41"},
		{"set k v", true, false, ":41"}, {"append k v", true, false, ":41"}, {"get absent", false, false, ":41"},
	} {
		m, other := newMachine(t), newMachine(t)
		m.Apply(1, begin, body("set k v"), nil)
		other.Apply(1, begin, body("set k v"), nil)
		onOther := ":41"
		if call := newCall(words(c.line)); call.IsWrite() {
			run := newRun(2, words(c.line))
			run.NoTouch = c.noTouch
			runAt(t, m, run, later)
			other.Apply(2, later, body(c.line), nil)
			onOther = ":1"
		} else {
			askedAt(t, m, later, c.line, c.noTouch, c.frozen)
		}
		if got := askedAt(t, other, end, "object idletime k", false, false); got != onOther {
			t.Errorf("%s: on another node idle for %s, want %s", c.line, got, onOther)
		}
		if got := askedAt(t, m, end, "object idletime k", false, false); got != c.idle {
			t.Errorf("%s, without a trace %v, frozen %v: idle for %s, want %s", c.line, c.noTouch, c.frozen, got, c.idle)
		}
	}
	m := newMachine(t)
	m.Apply(1, begin, body("set k v"), nil)
	askedAt(t, m, later, "get k", false, false)
	again := restored(t, imageOf(t, m))
	if got := askedAt(t, again, end, "object idletime k", false, false); got != ":41" { // since the image's time
		t.Errorf("restored, it is idle for %s", got)
	}
	if again.Hash() != m.Hash() || !slices.Equal(imageOf(t, again), imageOf(t, m)) {
		t.Error("the state depends on uses")
	}
}

// RESTORE takes what the key comes with, and a node with a policy of LFU counts how often keys are used.
func TestUsesAreCountedByPolicy(t *testing.T) {
	byFrequency := false
	m := New(Options{ByFrequency: func() bool { return byFrequency }})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	const begin = 1_700_000_000_000
	at := int64(begin)
	do := func(line string) string {
		if call := newCall(words(line)); call.IsWrite() {
			return strings.TrimSpace(runAt(t, m, newRun(2, words(line)), at))
		}
		return askedAt(t, m, at, line, false, false)
	}
	do("set k v")
	dumped := newRun(2, words("dump k"))
	m.Query(at, dumped)
	payload := dumped.Reply[strings.IndexByte(string(dumped.Reply), '\n')+1 : len(dumped.Reply)-2]
	restore := func(option, value string) {
		t.Helper()
		args := append(words("restore k 0"), payload, []byte("replace"), []byte(option), []byte(value))
		if got := runAt(t, m, newRun(2, args), at); got != "+OK\r\n" {
			t.Fatalf("RESTORE %s %s: %q", option, value, got)
		}
	}
	expect := func(line, want string) {
		t.Helper()
		if got := do(line); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	restore("idletime", "1000")
	expect("object idletime k", ":1000")
	expect("object freq k", "-"+noFrequency)
	restore("freq", "100") // not kept by this policy, as in Redis
	expect("object idletime k", ":0")
	byFrequency = true
	expect("object idletime k", "-"+noIdleTime)
	restore("freq", "100")
	expect("object freq k", ":100")
	at += 3 * 60_000
	expect("object freq k", ":97")
	do("set fresh v")
	expect("object freq fresh", ":5")
	do("get fresh")
	expect("object freq fresh", ":6") // the first step is certain
	for range 2000 {
		run := newRun(2, words("get fresh"))
		run.Random = m.Hash() + uint64(at)
		m.Query(at, run)
		at++
	}
	if got := do("object freq fresh"); len(got) != len(":20") || got < ":12" || got > ":40" {
		t.Errorf("after 2,000 uses the counter is %s", got)
	}
	byFrequency = false
	expect("object freq k", "-"+noFrequency)
}

// Reads leave marks beside each other, and beside images and reads of frozen states, in nodes that these share.
func TestUsesRaceWithNothing(t *testing.T) {
	m := newMachine(t)
	var lines []string
	for _, key := range strings.Fields("a b c d e f g {a}1 {a}2 {a}3") {
		lines = append(lines, "set "+key+" v")
	}
	m.Apply(1, 1000, body(lines...), nil)
	for round := range int64(30) {
		images := []*Image{m.Freeze(), m.Freeze()}
		var group sync.WaitGroup
		for reader := range 4 {
			group.Go(func() {
				for i := range int64(20) {
					run := newRun(2,
						words("get a"), words("touch b c {a}1 {a}2"), words("object idletime {a}1"), words("debug object a"))
					run.Random = uint64(i) * uint64(reader)
					m.Query(1000*(round*20+i), run)
				}
			})
		}
		group.Go(func() {
			if _, err := images[0].WriteTo(io.Discard); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			images[1].Query(0, newRun(2, words("mget a b c {a}1"), words("debug digest"), words("object idletime a")))
			images[1].Release()
		})
		group.Wait()
		m.Apply(m.Index()+1, 1000*round*20, body("set a w", "append {a}3 x", "del {a}2", "set {a}2 y"), nil)
	}
	checkHash(t, m)
}
