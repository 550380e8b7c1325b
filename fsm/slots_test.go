package fsm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/command"
)

// keysOf asks for the keys of a slot and takes the reply apart.
func keysOf(t testing.TB, m *Machine, slot uint16, count int) []string {
	t.Helper()
	reply := do(m, words(fmt.Sprintf("cluster getkeysinslot %d %d", slot, count)))
	fields := strings.Split(strings.TrimSuffix(reply, "\r\n"), "\r\n")
	var keys []string
	for i := 2; i < len(fields); i += 2 {
		keys = append(keys, fields[i])
	}
	if fields[0] != fmt.Sprint("*", len(keys)) {
		t.Fatalf("slot %d: %d keys under the header %s", slot, len(keys), fields[0])
	}
	return keys
}

func TestKeysOfSlotsAreCountedAndListed(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"an empty slot":    {"cluster countkeysinslot 0; cluster getkeysinslot 0 10", ":0 *0"},
		"a key":            {"set foo 1; cluster countkeysinslot 12182; cluster getkeysinslot 12182 10", "+OK :1 *1 $3 foo"},
		"set twice":        {"set foo 1; set foo 2; append foo x; cluster countkeysinslot 12182", "+OK +OK :2 :1"},
		"removed":          {"set foo 1; del foo; del foo; cluster countkeysinslot 12182", "+OK :1 :0 :0"},
		"of a tag":         {"mset {foo}1 a {foo}2 b; cluster countkeysinslot 12182", "+OK :2"},
		"none asked for":   {"set foo 1; cluster getkeysinslot 12182 0", "+OK *0"},
		"the last slot":    {"cluster countkeysinslot 16383", ":0"},
		"beyond the last":  {"cluster countkeysinslot 16384", "-ERR Invalid slot"},
		"a negative slot":  {"cluster countkeysinslot -1", "-ERR Invalid slot"},
		"a negative count": {"cluster getkeysinslot 1 -1", "-ERR Invalid slot or number of keys"},
		"no such slot":     {"cluster getkeysinslot 16384 1", "-ERR Invalid slot or number of keys"},
		"no number":        {"cluster countkeysinslot x", "-ERR value is not an integer or out of range"},
		"a huge count":     {"set foo 1; cluster getkeysinslot 12182 9223372036854775807", "+OK *1 $3 foo"},
	} {
		var lines []string
		for line := range strings.SplitSeq(c.script, ";") {
			lines = append(lines, strings.TrimSpace(line))
		}
		if got := script(newMachine(t), lines...); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.script, got, c.want)
		}
	}
}

// TestSlotsKeepCountThroughFreezesAndRestores compares the counts and keys of slots with those of a plain list, while
// keys come and go, images are taken and released, and in a machine made from an image.
func TestSlotsKeepCountThroughFreezesAndRestores(t *testing.T) {
	r := random(t, 9)
	m := newMachine(t)
	model := make(map[uint16][]string)
	var images []*Image
	for step := range 30_000 {
		key := fmt.Sprintf("{%d}%d", r.IntN(4), r.IntN(1500))
		slot := command.Slot([]byte(key))
		at := slices.Index(model[slot], key)
		switch {
		case step%5000 == 0:
			images = append(images, m.Freeze())
		case step/10_000%2 == 0 || r.IntN(4) == 0:
			m.state.Space(0).Set([]byte(key), []byte("value"))
			if at < 0 {
				model[slot] = append(model[slot], key)
			}
		default:
			m.state.Space(0).Remove([]byte(key))
			if at >= 0 {
				model[slot] = slices.Delete(model[slot], at, at+1)
			}
		}
		if got := m.state.Space(0).SlotSize(slot); got != len(model[slot]) {
			t.Fatalf("step %d: slot %d has %d keys, want %d", step, slot, got, len(model[slot]))
		}
	}
	for _, image := range images {
		image.Release()
	}
	again := restored(t, imageOf(t, m))
	for slot, want := range model {
		got := keysOf(t, m, slot, len(want)+1)
		if other := keysOf(t, again, slot, len(want)+1); !slices.Equal(got, other) {
			t.Errorf("slot %d: restored, its keys are others, or in another order", slot)
		}
		if half := keysOf(t, m, slot, len(want)/2); !slices.Equal(half, got[:len(want)/2]) {
			t.Errorf("slot %d: the first half of the keys is another when asked for alone", slot)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("slot %d has %d keys that are not the %d wanted", slot, len(got), len(want))
		}
	}
}

// TestSlotsAnswerAsThoseOfRedis compares arguments of every kind, and slots with at most one key: the order of more is
// each server's own.
func TestSlotsAnswerAsThoseOfRedis(t *testing.T) {
	redis := startRedis(t, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
	if got := redis.do("cluster", "addslotsrange", "0", "16383"); got != "+OK\r\n" {
		t.Fatalf("Redis does not take the slots: %s", got)
	}
	awaitSlots(t, redis)
	m := newMachine(t)
	for _, line := range []string{"set foo 1", "set bar 2", "set hello 3", "del bar"} {
		compareReplies(t, m, redis, strings.Fields(line))
	}
	arguments := []string{
		"0", "-1", "16383", "16384", "x", "", "12182", "5061", "866", "+1", "01", "99999999999999999999", "1.5",
	}
	for _, first := range arguments {
		compareReplies(t, m, redis, []string{"cluster", "countkeysinslot", first})
		for _, second := range []string{"0", "1", "10", "-1", "x", "99999999999999999999"} {
			compareReplies(t, m, redis, []string{"cluster", "getkeysinslot", first, second})
		}
	}
}

// awaitSlots waits until Redis serves the slots that it was given, which takes two seconds after its start.
func awaitSlots(t *testing.T, redis *realRedis) {
	t.Helper()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for range 2000 {
		if redis.do("exists", "nothing") == ":0\r\n" && redis.do("del", "nothing") == ":0\r\n" {
			return
		}
		<-poll.C
	}
	t.Fatal("Redis does not serve its slots after 20 s")
}

func compareReplies(t *testing.T, m *Machine, redis *realRedis, args []string) {
	t.Helper()
	var call [][]byte
	for _, arg := range args {
		call = append(call, bytes.Clone([]byte(arg)))
	}
	if got, want := do(m, call), redis.do(args...); got != want {
		t.Errorf("%q: got %q, want %q", args, got, want)
	}
}
