package hyperloglog

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
)

const (
	// testRounds is how often the registers are written and read, testElements how many different elements are added: a
	// thousandth of what Redis takes, since any client may ask for it.
	testRounds   = 10
	testElements = 10_000
	// maxErrors is how many standard errors the estimate may be off.
	maxErrors = 6
	// testSparseBytes is how long a sparse one is at most.
	testSparseBytes = 3000
)

// selfTest is PFSELFTEST: it writes and reads registers, and compares estimates with the numbers of elements.
func selfTest(v exec.View, c exec.Call) []byte {
	if fault := testRegisters(v.Random); fault != "" {
		return c.Error(testFailed + fault)
	}
	if fault := testEstimates(v.Random); fault != "" {
		return c.Error(testFailed + fault)
	}
	return c.OK()
}

// testRegisters sets all registers to numbers, and reads them.
func testRegisters(random uint64) (fault string) {
	b := make([]byte, denseBytes-headerBytes)
	var want [registers]byte
	var seed [8]byte
	for range testRounds {
		for i := range want {
			random++
			binary.LittleEndian.PutUint64(seed[:], random)
			want[i] = byte(hash(seed[:])) & maxRegister
			denseSet(b, i, want[i])
		}
		for i := range want {
			if got := denseGet(b, i); got != want[i] {
				return "Register " + strconv.Itoa(i) + " should be " + strconv.Itoa(int(want[i])) + " but is " +
					strconv.Itoa(int(got))
			}
		}
	}
	return ""
}

// testEstimates adds elements to a dense and to a sparse HyperLogLog, and looks at both after 1, 10, 100 … of them.
func testEstimates(random uint64) (fault string) {
	inDense, _ := toDense(newSparse())
	mixed, next := newSparse(), 1
	for n := 1; n <= testElements; n++ {
		var element [8]byte
		binary.LittleEndian.PutUint64(element[:], random^uint64(n))
		index, count := place(element[:])
		inDense, _ = raise(inDense, index, count, testSparseBytes)
		mixed, _ = raise(mixed, index, count, testSparseBytes)
		if n != next {
			continue
		}
		next *= 10
		if fault := compared(n, inDense, mixed); fault != "" {
			return fault
		}
	}
	return ""
}

// compared looks at two HyperLogLogs of so many elements.
func compared(elements int, inDense, mixed []byte) (fault string) {
	if elements < testSparseBytes/2 && mixed[encodingAt] != sparse {
		return "sparse encoding not used"
	}
	h, _ := histogramOf(inDense)
	other, ok := histogramOf(mixed)
	same := mixed[encodingAt] == sparse || bytes.Equal(inDense[headerBytes:], mixed[headerBytes:])
	if !ok || h != other || !same {
		return "dense/sparse disagree"
	}
	limit := int64(math.Ceil(1.04 / math.Sqrt(registers) * maxErrors * float64(elements)))
	if elements == 10 { // two of them may share a register
		limit = 1
	}
	if off := h.estimate() - int64(elements); off > limit || off < -limit {
		return "Too big error. card:" + strconv.Itoa(elements) + " abserr:" + strconv.FormatInt(max(off, -off), 10)
	}
	return ""
}
