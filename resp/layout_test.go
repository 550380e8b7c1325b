package resp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// TestALayoutGoesWithTheWritesItDecides: by the settings of this node at the time, and only where they decide anything.
func TestALayoutGoesWithTheWritesItDecides(t *testing.T) {
	store := newFakeStore(t)
	server := testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: 1 << 20, MaxRunBytes: 100 << 10}})
	c := newClient(t, server)
	set := func(bytes, entries, sparse int64) {
		server.tuning.StreamNodeBytes.Store(bytes)
		server.tuning.StreamNodeEntries.Store(entries)
		server.tuning.SparseBytes.Store(sparse)
		server.retune()
	}
	const add = "XADD s 1-1 f v"
	value := strings.Repeat("v", 300<<10)
	long := [][]byte{[]byte("PFADD"), []byte("h"), []byte(value)}
	for i, step := range []struct {
		input string
		want  []string
	}{
		{add + "\r\n", []string{add}},
		{"PFADD h a\r\nSET a 1\r\n", []string{"SELECT 0 16 4096 1 3000", "PFADD h a", "SET a 1"}},
		{"SET a 1\r\nGET a\r\n", []string{"SET a 1"}},
		{"SORT k\r\nSET a 1\r\nXTRIM s MAXLEN ~ 1\r\n",
			[]string{"SELECT 0 16 4096 1 3000", "SET a 1", "XTRIM s MAXLEN ~ 1"}},
		{"RAFT.ONCE 1 1 " + add + "\r\n", []string{"SELECT 0 16 4096 1 3000", "RAFT.ONCE 1 1 " + add}},
		{"MULTI\r\nSET a 1\r\n" + add + "\r\nEXEC\r\n", []string{"EXEC", "SELECT 0 16 4096 1 3000", "SET a 1", add}},
		{"MULTI\r\nSET a 1\r\nEXEC\r\n", []string{"EXEC", "SET a 1"}},
		{"SELECT 3\r\nRESTORE k 0 x\r\n", []string{"SELECT 3 16 4096 1 3000", "RESTORE k 0 x"}},
		{"SET a 1\r\n", []string{"SELECT 3", "SET a 1"}},
	} {
		if i == 1 {
			set(4096, 1, 3000)
		}
		before := len(store.bodies)
		c.send(step.input)
		var want []byte
		for _, line := range step.want {
			if line == "EXEC" {
				want = argv.Append(want, [][]byte{[]byte("EXEC")})
				continue
			}
			want = argv.Append(want, words(line))
		}
		if got := store.bodies[before:]; len(got) != 1 || string(got[0]) != string(want) {
			t.Errorf("%q: the entries are %q, want %q", step.input, got, want)
		}
	}
	for _, largest := range []int64{1, 1 << 40} { // a long request has its body before that is known
		set(largest, largest, largest)
		c.send(bulk("PFADD", "h", value))
		l := server.layout.Load()
		head := fmt.Sprintf("SELECT 3 16 %d %d %d", l.StreamNodeBytes, l.StreamNodeEntries, l.SparseBytes)
		want := argv.Append(argv.Append(nil, words(head)), long)
		if got := store.bodies[len(store.bodies)-1]; string(got) != string(want) {
			t.Errorf("a long one: the entry begins with %.60q, want %.60q", got, want)
		}
	}
	set(4096, 100, 3000)
	c.send("SELECT 0\r\n" + add + "\r\n")
	if got, want := store.bodies[len(store.bodies)-1], argv.Append(nil, words(add)); string(got) != string(want) {
		t.Errorf("by the defaults again: %q, want %q", got, want)
	}
}

// TestTheLargestWriteWithALayout: what may stand in front of it counts.
func TestTheLargestWriteWithALayout(t *testing.T) {
	const limit = 1 << 10
	store := newFakeStore(t)
	server := testServer(t, Options{Store: store, Limits: Limits{MaxEntryBytes: limit}})
	server.tuning.SparseBytes.Store(1 << 40)
	server.tuning.StreamNodeBytes.Store(1 << 40)
	server.tuning.StreamNodeEntries.Store(1 << 40)
	server.retune()
	c := newClient(t, server)
	taken, refused := 0, 0
	for length := limit - 80; length < limit; length++ {
		if got := c.send(bulk("PFADD", "h", strings.Repeat("v", length))); strings.HasPrefix(got, "-ERR command exceeds") {
			refused++
			continue
		}
		taken++
		if size := len(store.bodies[len(store.bodies)-1]); size > limit {
			t.Fatalf("an entry has %d bytes", size)
		}
	}
	if taken == 0 || refused == 0 {
		t.Errorf("%d were taken, %d refused", taken, refused)
	}
}
