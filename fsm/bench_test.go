package fsm

import (
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
)

// benchKeys is the number of keys that benchmarks start with.
const benchKeys = 1 << 20

// benchKey writes the i-th key, of 16 bytes, into buf.
func benchKey(buf []byte, i int) []byte {
	const digits = "0123456789"
	copy(buf, "key:000000000000")
	for at := len(buf) - 1; i > 0; at-- {
		buf[at] = digits[i%10]
		i /= 10
	}
	return buf
}

// full is a machine with benchKeys keys, each with a value of 64 bytes.
func full(b *testing.B) *Machine {
	b.Helper()
	m := newMachine(b)
	value, key := make([]byte, 64), make([]byte, 16)
	for i := range benchKeys {
		binary.LittleEndian.PutUint64(value, uint64(i))
		m.state.Space(0).Set(benchKey(key, i), value)
	}
	return m
}

// scattered is a cheap sequence that visits all keys in no order.
func scattered(i int) int { return i * 7919 % benchKeys }

// BenchmarkApplySet applies entries of 16 SETs each for a run that waits; one operation is one SET.
func BenchmarkApplySet(b *testing.B) {
	const batch = 16
	m := full(b)
	value := make([]byte, 64)
	calls := make([][][]byte, batch)
	for i := range calls {
		calls[i] = [][]byte{[]byte("SET"), make([]byte, 16), value}
	}
	run := newRun(2, calls...)
	var data []byte
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%batch != 0 {
			continue
		}
		for i := range calls {
			benchKey(calls[i][1], scattered(n+i))
		}
		data, run.Reply = run.Body(data[:0], argv.Append), run.Reply[:0]
		m.Apply(m.Index()+1, 0, data, run)
	}
}

// BenchmarkApplyAtOrigin applies entries of 1 and of 16 SETs as the node does that sent them to a leader: the body
// comes back in memory of its own. One operation is one entry, without the making of its body.
func BenchmarkApplyAtOrigin(b *testing.B) {
	for _, batch := range []int{1, 16} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) {
			const runs = 512
			m := full(b)
			var all []*command.Run
			var bodies [][]byte
			for n := range runs {
				var calls [][][]byte
				for i := range batch {
					key := benchKey(make([]byte, 16), scattered(n*batch+i))
					calls = append(calls, [][]byte{[]byte("SET"), key, make([]byte, 64)})
				}
				run := newRun(2, calls...)
				all, bodies = append(all, run), append(bodies, bytes.Clone(run.Body(nil, argv.Append)))
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				run := all[n%runs]
				run.Reply = run.Reply[:0]
				m.Apply(m.Index()+1, 0, bodies[n%runs], run)
			}
		})
	}
}

// BenchmarkApplySetFrozen is BenchmarkApplySet while an image exists, taken anew every 4,096 operations.
func BenchmarkApplySetFrozen(b *testing.B) {
	m := full(b)
	key, value := make([]byte, 16), make([]byte, 64)
	call := [][]byte{[]byte("SET"), key, value}
	run := newRun(2, call)
	var data []byte
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%4096 == 0 {
			m.Freeze().Release()
		}
		benchKey(key, scattered(n))
		data, run.Reply = run.Body(data[:0], argv.Append), run.Reply[:0]
		m.Apply(m.Index()+1, 0, data, run)
	}
}

// BenchmarkQueryGet is one GET in a run of its own.
func BenchmarkQueryGet(b *testing.B) {
	m := full(b)
	run := newRun(2, [][]byte{[]byte("GET"), make([]byte, 16)})
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		benchKey(run.Calls[0].Args[1], scattered(n))
		run.Reply = run.Reply[:0]
		m.Query(0, run)
	}
}

// BenchmarkIncr is one INCR of one counter.
func BenchmarkIncr(b *testing.B) {
	m := newMachine(b)
	data := body("incr counter")
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(m.Index()+1, 0, data, nil)
	}
}

// BenchmarkAppendToLongString is one APPEND of 16 bytes to a string that becomes very long.
func BenchmarkAppendToLongString(b *testing.B) {
	m := newMachine(b)
	data := body("append log 0123456789abcdef")
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(m.Index()+1, 0, data, nil)
	}
}

// BenchmarkFreeze is a freeze alone.
func BenchmarkFreeze(b *testing.B) {
	m := full(b)
	b.ReportAllocs()
	for b.Loop() {
		m.Freeze().Release()
	}
}

// BenchmarkImage writes images of all keys; one operation is one image.
func BenchmarkImage(b *testing.B) {
	m := full(b)
	b.ReportAllocs()
	for b.Loop() {
		n, err := m.Freeze().WriteTo(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

// BenchmarkFind is what a read costs without run and reply.
func BenchmarkFind(b *testing.B) {
	m := full(b)
	key := make([]byte, 16)
	n := 0
	for b.Loop() {
		n++
		if m.state.Space(0).Get(benchKey(key, scattered(n))) == nil {
			b.Fatal("a key is missing")
		}
	}
}

// BenchmarkGoMap is a yardstick for BenchmarkFind: the same keys in a map of strings.
func BenchmarkGoMap(b *testing.B) {
	m := make(map[string]string, benchKeys)
	key := make([]byte, 16)
	for i := range benchKeys {
		m[string(benchKey(key, i))] = string(make([]byte, 64))
	}
	n := 0
	for b.Loop() {
		n++
		if m[string(benchKey(key, scattered(n)))] == "" {
			b.Fatal("a key is missing")
		}
	}
}

// BenchmarkApplySetWithDeadline is BenchmarkApplySet with PX, among as many keys that have deadlines.
func BenchmarkApplySetWithDeadline(b *testing.B) {
	m := newMachine(b)
	key, value := make([]byte, 16), make([]byte, 64)
	for i := range benchKeys {
		benchKey(key, i)
		ends := keyspace.AtLog(int64(scattered(i) + 1))
		m.state.Space(0).PutUntil(m.state.Place(key), key, keyspace.NewEntry(key, value), ends)
	}
	call := [][]byte{[]byte("SET"), key, value, []byte("PXAT"), make([]byte, 7)}
	var data []byte
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		benchKey(key, scattered(n))
		call[4] = strconv.AppendInt(call[4][:0], int64(scattered(3*n)+1), 10)
		data = argv.Append(data[:0], call)
		m.Apply(m.Index()+1, 0, data, nil)
	}
}

// BenchmarkIncrWithDeadline is BenchmarkIncr of a counter that ends: the index of deadlines is not touched.
func BenchmarkIncrWithDeadline(b *testing.B) {
	m := newMachine(b)
	m.Apply(1, 1, body("set counter 1 px 1000"), nil)
	data := body("incr counter")
	b.ReportAllocs()
	for b.Loop() {
		m.Apply(m.Index()+1, 0, data, nil)
	}
}

// BenchmarkNewKeys fills an empty key space; one operation is all keys.
func BenchmarkNewKeys(b *testing.B) {
	value, key := make([]byte, 64), make([]byte, 16)
	for b.Loop() {
		m := newMachine(b)
		for i := range benchKeys {
			m.state.Space(0).Set(benchKey(key, i), value)
		}
	}
}

// What is left to do with the last piece of a large value: it holds up all other commands of the node. 512 MB, as long
// as a value may be:
//
//	go test ./fsm -run '^$' -bench LastPiece -benchtime 3x
func BenchmarkTheLastPiece(b *testing.B) {
	const length = 512 << 20
	set := argv.Append(make([]byte, 0, length+64), [][]byte{[]byte("SET"), []byte("k"), make([]byte, length)})
	for at := len(set) - length; at < len(set); at += 512 {
		set[at] = byte(at) | 1
	}
	for name, ahead := range map[string]bool{"prepared": true, "at-once": false} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				m := newMachine(b)
				for here := 0; here < len(set) && ahead; {
					here = min(here+1<<20, len(set))
					m.Prepare(set[:here], len(set))
				}
				b.StartTimer()
				m.Apply(1, 0, set, nil)
			}
		})
	}
}

// BenchmarkOnce is one SET of 64 bytes in an entry, as it is and by RAFT.ONCE, on the node that has the client and on
// another: TestAllocationsOfOnce holds what it allocates.
func BenchmarkOnce(b *testing.B) {
	for _, prefix := range []string{"", "RAFT.ONCE"} {
		for _, atOrigin := range []bool{true, false} {
			b.Run("prefix="+prefix+"/origin="+strconv.FormatBool(atOrigin), func(b *testing.B) {
				m := full(b)
				do(m, words("raft.session open"))
				key, value, sequence := make([]byte, 16), make([]byte, 64), uint64(0)
				call := [][]byte{[]byte("SET"), key, value}
				if prefix != "" {
					call = append([][]byte{[]byte(prefix), []byte("1"), nil}, call...)
				}
				run := newRun(2, call)
				run.Calls[0].Args = call
				var data, digits []byte
				b.ReportAllocs()
				for b.Loop() {
					sequence++
					benchKey(key, scattered(int(sequence)))
					if prefix != "" {
						digits = strconv.AppendUint(digits[:0], sequence, 10)
						call[2] = digits
					}
					data, run.Reply = run.Body(data[:0], argv.Append), run.Reply[:0]
					if atOrigin {
						m.Apply(m.Index()+1, 0, data, run)
					} else {
						m.Apply(m.Index()+1, 0, data, nil)
					}
				}
			})
		}
	}
}
