package fsm

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
)

// usage asks for MEMORY USAGE.
func usage(t *testing.T, m *Machine, key string) int {
	t.Helper()
	v := exec.View{Space: m.state.Space(0), Now: m.state.Now()}
	got := string(memoryUsage(v, exec.Call{Args: words("memory usage " + key)}))
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(got, ":"), "\r\n"))
	if err != nil {
		t.Fatalf("MEMORY USAGE %q answers %q", key, got)
	}
	return n
}

// TestMemoryUsageAddsUpToTheHeap compares the sum over all keys with what the heap grew by, for several kinds of keys.
func TestMemoryUsageAddsUpToTheHeap(t *testing.T) {
	for _, kind := range []struct {
		name string
		keys int
		fill func(m *Machine, key []byte, i int)
	}{
		{"small", 100_000, func(m *Machine, key []byte, i int) {
			deadline := keyspace.Deadline(0)
			if i%2 == 0 {
				deadline = keyspace.At(now + int64(i*7919%100_000))
			}
			m.state.Space(0).PutUntil(m.state.Space(0).Place(key), key, keyspace.NewEntry(key, make([]byte, i%100)), deadline)
		}},
		{"large", 200, func(m *Machine, key []byte, i int) { m.state.Space(0).Set(key, make([]byte, 1000*i)) }},
		{"chunks", 400, func(m *Machine, key []byte, i int) {
			do(m, [][]byte{[]byte("setrange"), key, fmt.Append(nil, 100*i), make([]byte, 40_000)})
			do(m, [][]byte{[]byte("append"), key, []byte("x")})
		}},
		{"holes", 400, func(m *Machine, key []byte, i int) {
			do(m, [][]byte{[]byte("setbit"), key, fmt.Append(nil, 10_000*i), []byte("1")})
			do(m, [][]byte{[]byte("setbit"), key, fmt.Append(nil, 8<<20), []byte("1")})
		}},
	} {
		m := newMachine(t)
		before := heapBytes()
		key := make([]byte, 16)
		for i := range kind.keys {
			kind.fill(m, benchKey(key, i), i)
		}
		held, sum := int(heapBytes()-before), 0
		for i := range kind.keys {
			sum += usage(t, m, string(benchKey(key, i)))
		}
		// Holes in a string count: see heldBytes.
		dense := kind.name == "small" || kind.name == "large"
		if counted := m.HeldBytes(); counted < held*8/10 || dense && counted > held*12/10 {
			t.Errorf("%s: the heap grew by %d bytes, %d are counted", kind.name, held, counted)
		}
		for i := range kind.keys {
			do(m, [][]byte{[]byte("del"), benchKey(key, i)})
		}
		if counted := m.HeldBytes(); counted != 0 {
			t.Errorf("%s: no key is left, and %d bytes are counted", kind.name, counted)
		}
		t.Logf("%s: the heap grew by %d bytes, MEMORY USAGE adds up to %d", kind.name, held, sum)
		if sum < held*8/10 || sum > held*12/10 {
			t.Errorf("%s: the heap grew by %d bytes, MEMORY USAGE adds up to %d", kind.name, held, sum)
		}
		runtime.KeepAlive(m)
	}
}

func TestMemoryUsageRefusesWhatRedisRefuses(t *testing.T) {
	m := newMachine(t)
	do(m, words("set k v"))
	for line, want := range map[string]string{
		"memory usage none":                          "$-1\r\n",
		"memory usage none samples":                  "-ERR syntax error\r\n",
		"memory usage k samples":                     "-ERR syntax error\r\n",
		"memory usage k samples -1":                  "-ERR syntax error\r\n",
		"memory usage k samples x":                   "-ERR value is not an integer or out of range\r\n",
		"memory usage k sample 1":                    "-ERR syntax error\r\n",
		"memory usage k 1":                           "-ERR syntax error\r\n",
		"memory usage k samples 0 SAMPLES 5":         ":" + strconv.Itoa(usage(t, m, "k")) + "\r\n",
		"memory usage k Samples 9223372036854775807": ":" + strconv.Itoa(usage(t, m, "k")) + "\r\n",
	} {
		got := string(memoryUsage(exec.View{Space: m.state.Space(0)}, exec.Call{Args: words(line)}))
		if got != want {
			t.Errorf("%q answers %q, want %q", line, got, want)
		}
	}
}

// TestMemoryUsageGrowsWithWhatIsAdded sees that value, deadline and chunks count.
func TestMemoryUsageGrowsWithWhatIsAdded(t *testing.T) {
	m := newMachine(t)
	last := 0
	for _, line := range []string{
		"set k v", "set k " + strings.Repeat("v", 100), "expire k 100", "setrange k 5000 x",
		"append k " + strings.Repeat("v", 9000),
	} {
		do(m, words(line))
		now := usage(t, m, "k")
		if now <= last {
			t.Errorf("behind %.20q: %d bytes, %d before", line, now, last)
		}
		last = now
	}
}
