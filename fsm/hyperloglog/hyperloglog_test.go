package hyperloglog

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/commands/data"
)

// TestRegistersAreFoundAgain writes registers in any order.
func TestRegistersAreFoundAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, denseBytes-headerBytes)
	var want [registers]byte
	for range 5 * registers {
		i := r.IntN(registers)
		want[i] = byte(r.IntN(maxRegister + 1))
		denseSet(b, i, want[i])
	}
	for i := range want {
		if got := denseGet(b, i); got != want[i] {
			t.Fatalf("register %d is %d, want %d", i, got, want[i])
		}
	}
}

// A register that is set in a sparse HyperLogLog is set in its dense form, and nothing else is, whatever was before:
// runs are divided and merged in every way.
func TestSparseAndDenseHaveTheSameRegisters(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		b, want := newSparse(), make([]byte, registers)
		near := r.IntN(registers)
		for range r.IntN(300) {
			index, count := r.IntN(registers), byte(1+r.IntN(3))
			if r.IntN(2) == 0 { // runs of one value, and their ends
				index = min(near+r.IntN(12), registers-1)
			}
			var became outcome
			b, became = raise(b, index, count, testSparseBytes)
			if raised := count > want[index]; raised != (became == changed) {
				t.Fatalf("register %d from %d to %d: outcome %d", index, want[index], count, became)
			}
			want[index] = max(want[index], count)
		}
		if b[encodingAt] != sparse {
			t.Fatalf("a string of %d bytes is dense", len(b))
		}
		made, ok := toDense(b)
		if !ok {
			t.Fatalf("%d bytes are damaged", len(b))
		}
		for i := range want {
			if got := denseGet(made[headerBytes:], i); got != want[i] {
				t.Fatalf("register %d is %d, want %d", i, got, want[i])
			}
		}
	}
}

// A sparse one becomes dense at the value that it cannot hold, and at the length that it may not have.
func TestSparseBecomesDense_AtTheEdges(t *testing.T) {
	for count, want := range map[byte]byte{maxRunValue - 1: sparse, maxRunValue: sparse, maxRunValue + 1: dense} {
		b, became := raise(newSparse(), 7, count, testSparseBytes)
		if b[encodingAt] != want || became != changed {
			t.Errorf("a register of %d: encoding %d", count, b[encodingAt])
		}
	}
	empty := len(newSparse())
	for _, maxSparse := range []int{0, 1, empty - 1, empty, empty + 1, empty + 2, 100, 500, testSparseBytes, 12 << 10} {
		b, longest := newSparse(), 0
		for i := 0; b[encodingAt] == sparse; i += 3 {
			longest = len(b)
			b, _ = raise(b, i%registers, byte(1+i/registers), maxSparse)
		}
		// One step adds up to three bytes.
		if highest := max(maxSparse, empty); longest > highest || longest < highest-2 {
			t.Errorf("the longest sparse string has %d bytes, want %d", longest, highest)
		}
	}
}

// The estimate is within six standard errors, and that of the union counts what is in both once.
func TestEstimates(t *testing.T) {
	one, other := newSparse(), newSparse()
	var element [8]byte
	next := 1
	for n := 1; n <= 1_000_000; n++ {
		binary.LittleEndian.PutUint64(element[:], uint64(n))
		index, counted := place(element[:])
		one, _ = raise(one, index, counted, testSparseBytes)
		if n%2 == 0 {
			other, _ = raise(other, index, counted, testSparseBytes)
		}
		if n != next {
			continue
		}
		next *= 10
		got, ok := count(one)
		if off := math.Abs(float64(got) - float64(n)); !ok || off > math.Ceil(6*1.04/128*float64(n)) {
			t.Errorf("%d elements are estimated as %d", n, got)
		}
		var union maxima
		if !union.add(one) || !union.add(other) {
			t.Fatal("damaged")
		}
		if h := union.histogram(); h.estimate() != got {
			t.Errorf("the union with a part is estimated as %d, want %d", h.estimate(), got)
		}
	}
}

// An empty one has no elements; one with registers that no hash gives has a number that is the same on all nodes.
func TestEstimates_AtTheEdges(t *testing.T) {
	var none, full histogram
	none[0], full[maxRegister] = registers, registers
	if got := none.estimate(); got != 0 {
		t.Errorf("no elements are estimated as %d", got)
	}
	if got := full.estimate(); got != math.MinInt64 {
		t.Errorf("impossible registers are estimated as %d", got)
	}
}

// What is cut off or goes on behind the last register is damaged, and nothing panics.
func TestDamageIsFound(t *testing.T) {
	b := newSparse()
	for i := range 100 {
		b, _ = raise(b, i*150, byte(1+i%5), testSparseBytes)
	}
	for name, spoilt := range map[string][]byte{
		"cut":               b[:len(b)-1],
		"more zeros":        append(bytes.Clone(b), 0),
		"a long run cut":    append(bytes.Clone(b[:len(b)-2]), longZeroRun),
		"nothing":           b[:headerBytes],
		"too many zeros":    append(bytes.Clone(b[:headerBytes]), 0x7f, 0xff, 0x7f, 0xff),
		"values behind all": append(append(bytes.Clone(b[:headerBytes]), 0x7f, 0xff), 0x83),
	} {
		if _, ok := histogramOf(spoilt); ok {
			t.Errorf("%s: not found", name)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		spoilt := bytes.Clone(b)
		for range 1 + r.IntN(4) {
			spoilt[headerBytes+r.IntN(len(spoilt)-headerBytes)] = byte(r.IntN(256))
		}
		var union maxima
		union.add(spoilt)
		_, _ = histogramOf(spoilt)
		_, _ = toDense(spoilt)
		_, _ = raise(spoilt, r.IntN(registers), byte(1+r.IntN(40)), testSparseBytes)
	}
}

// The self test passes, and finds a fault.
func TestSelfTest(t *testing.T) {
	for seed := range uint64(20) {
		if fault := testRegisters(seed) + testEstimates(seed<<40); fault != "" {
			t.Errorf("seed %d: %s", seed, fault)
		}
	}
	inDense, _ := toDense(newSparse())
	if fault := compared(1000, inDense, newSparse()); !strings.Contains(fault, "Too big error") {
		t.Errorf("no elements taken for a thousand: %q", fault)
	}
	other, _ := raise(newSparse(), 1, 1, testSparseBytes)
	if fault := compared(1, inDense, other); !strings.Contains(fault, "disagree") {
		t.Errorf("different registers: %q", fault)
	}
}

// Many elements at once leave what they leave one by one, at any longest length, also where the string is damaged.
func TestManyElementsAreAddedAsOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, maxSparse := range []int{0, 100, testSparseBytes, 64 << 10} {
		for _, elements := range []int{data.ManyElements - 1, data.ManyElements, 3000, 30_000} {
			all := make([][]byte, elements)
			for i := range all {
				all[i] = binary.LittleEndian.AppendUint64(nil, r.Uint64N(20_000))
			}
			for name, begin := range map[string][]byte{
				"empty": newSparse(), "damaged": newSparse()[:headerBytes+1], "nothing": newSparse()[:headerBytes],
			} {
				got, raised, ok := raiseAll(bytes.Clone(begin), all, maxSparse)
				want, wantRaised, wantOK := bytes.Clone(begin), false, true
				for i := 0; i < len(all) && wantOK; i++ {
					var changed bool
					want, changed, wantOK = raiseAll(want, all[i:i+1], maxSparse)
					wantRaised = wantRaised || changed
				}
				if !bytes.Equal(got, want) || raised != wantRaised || ok != wantOK {
					t.Errorf("%s, %d elements, %d bytes at most: another string (raised %t, sound %t)", name, elements,
						maxSparse, raised, ok)
				}
			}
		}
	}
}
