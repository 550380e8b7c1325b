package fsm

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
)

// heapBytes is what is reachable.
func heapBytes() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// allocatedBytes is how much f allocates.
func allocatedBytes(f func()) uint64 {
	var first, last runtime.MemStats
	runtime.ReadMemStats(&first)
	f()
	runtime.ReadMemStats(&last)
	return last.TotalAlloc - first.TotalAlloc
}

// TestAppendDoesNotCopyWhatIsThere lengthens a long string many times: the bytes allocated are in proportion to what is
// added, images or no images.
func TestAppendDoesNotCopyWhatIsThere(t *testing.T) {
	const before, times = 1 << 20, 10_000
	m := newMachine(t)
	do(m, [][]byte{[]byte("append"), []byte("log"), make([]byte, before)})
	data := body("append log 0123456789abcdef")
	cost := allocatedBytes(func() {
		for i := range times {
			if i%100 == 0 {
				m.Freeze()
			}
			m.Apply(m.Index()+1, 0, data, nil)
		}
	})
	if cost > 8*before {
		t.Fatalf("%d bytes were allocated to add %d", cost, times*16)
	}
}

// TestALengthenedValueIsHeldOnce sets large values and lengthens each by a byte: the first version must not stay.
func TestALengthenedValueIsHeldOnce(t *testing.T) {
	const keys, size = 64, 256 << 10
	m := newMachine(t)
	before := heapBytes()
	for i := range keys {
		m.state.Space(0).Set(fmt.Appendf(nil, "key %d", i), make([]byte, size))
	}
	for i := range keys {
		do(m, [][]byte{[]byte("append"), fmt.Appendf(nil, "key %d", i), []byte("x")})
	}
	if held := heapBytes() - before; held > keys*size*3/2 {
		t.Fatalf("%d bytes are held for %d", held, keys*size)
	}
	runtime.KeepAlive(m)
}

// TestASmallValueDoesNotHoldItsEntry stores small values out of large entries.
func TestASmallValueDoesNotHoldItsEntry(t *testing.T) {
	const entries = 64
	m := newMachine(t)
	before := heapBytes()
	large := bytes.Repeat([]byte("x"), 256<<10)
	for i := range entries {
		do(m, [][]byte{[]byte("mset"), fmt.Appendf(nil, "small %d", i), []byte("v"), []byte("large"), large})
	}
	if held := int64(heapBytes()) - int64(before); held > 8<<20 {
		t.Fatalf("%d bytes are held for %d small values and a large one", held, entries)
	}
	runtime.KeepAlive(m)
}

// TestAKeyCostsFewBytesBesidesItself bounds the memory for many small keys and values.
func TestAKeyCostsFewBytesBesidesItself(t *testing.T) {
	const keys, keyBytes, valueBytes, overhead = 200_000, 16, 64, 90
	m := newMachine(t)
	before := heapBytes()
	key, value := make([]byte, keyBytes), make([]byte, valueBytes)
	for i := range keys {
		m.state.Space(0).Set(benchKey(key, i), value)
	}
	perKey := (heapBytes() - before) / keys
	t.Logf("%d bytes for a key of %d and a value of %d", perKey, keyBytes, valueBytes)
	if perKey > keyBytes+valueBytes+overhead {
		t.Fatalf("%d bytes for a key of %d and a value of %d", perKey, keyBytes, valueBytes)
	}
	runtime.KeepAlive(m)
}

// TestADeadlineCostsFewBytes bounds what the index adds to a key, with deadlines in no order and all different.
func TestADeadlineCostsFewBytes(t *testing.T) {
	const keys, maxBytes = 200_000, 60
	m := newMachine(t)
	key := make([]byte, 16)
	for i := range keys {
		m.state.Space(0).Set(benchKey(key, i), nil)
	}
	before := heapBytes()
	for i := range keys {
		benchKey(key, i)
		space, ends := m.state.Space(0), keyspace.AtLog(now+int64(i*7919%keys))
		space.PutUntil(space.Place(key), key, *space.Get(key), ends)
	}
	perKey := int64(heapBytes()-before) / keys
	t.Logf("%d bytes for a deadline", perKey)
	if perKey > maxBytes {
		t.Fatalf("%d bytes for a deadline", perKey)
	}
	m.state.Settle()
	checkDeadlines(t, m)
	for i := range keys {
		m.state.Space(0).Remove(benchKey(key, i))
	}
	if left := int64(heapBytes()) - int64(before); left > 0 || !reflect.DeepEqual(m.Stats(), Stats{}) {
		t.Fatalf("%d bytes are left of %d deadlines", left, keys)
	}
	runtime.KeepAlive(m)
}
