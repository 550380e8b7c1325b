package stepwise

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// lengths are those around each edge between steps.
var lengths = []int{0, 1, StepBytes - 1, StepBytes, StepBytes + 1, 3*StepBytes - 1, 3 * StepBytes, 3*StepBytes + 1}

// pattern is text of which each part differs from the others.
var pattern = func() []byte {
	b := make([]byte, lengths[len(lengths)-1])
	for i := range b {
		b[i] = byte(i*7 + i>>9)
	}
	return b
}()

func TestAppendIsAppend(t *testing.T) {
	for _, before := range []int{0, 1, 100, StepBytes + 1} {
		for _, more := range lengths {
			for _, room := range []int{more - 1, more, more + 5} {
				dst := append(make([]byte, 0, before+max(room, 0)), pattern[:before]...)
				got := Append(dst, pattern[:more])
				same := len(got) == before+more && bytes.Equal(got[:before], pattern[:before])
				if !same || !bytes.Equal(got[before:], pattern[:more]) {
					t.Fatalf("%d bytes behind %d, with room for %d: others than append makes", more, before, room)
				}
			}
		}
	}
}

func TestEqualFindsEachDifference(t *testing.T) {
	for _, length := range lengths {
		a, b := pattern[:length:length], bytes.Clone(pattern[:length])
		if !Equal(a, b) {
			t.Fatalf("%d equal bytes differ", length)
		}
		if Equal(a, append(b, 0)) || length > 0 && Equal(a, b[:length-1]) {
			t.Fatalf("%d bytes equal others", length)
		}
		for _, at := range []int{0, StepBytes - 1, StepBytes, length - 1} {
			if at < 0 || at >= length {
				continue
			}
			b[at] ^= 1
			if Equal(a, b) {
				t.Fatalf("a difference at %d of %d is not found", at, length)
			}
			b[at] ^= 1
		}
	}
}

func TestMoveDownIsCopy(t *testing.T) {
	for _, length := range lengths {
		for _, from := range []int{0, 1, 1000, StepBytes, StepBytes + 1} {
			if from > length {
				continue
			}
			b := bytes.Clone(pattern[:length])
			if n := MoveDown(b, from); n != length-from || !bytes.Equal(b[:n], pattern[from:length]) {
				t.Errorf("%d bytes from %d on are others when they are moved", length, from)
			}
		}
	}
}

// heldBytes are as many as take a processor many of the runtime's turns, of 10 ms each, where no page of the memory was
// touched before.
const heldBytes = 1 << 30

// turnsMin is how many turns others must get meanwhile, at least: some tens are usual, and without a call in each step
// they get none.
const turnsMin = 1

// TestOthersRunBetweenSteps: with one processor, another goroutine gets its turns before a long copy or comparison is
// over.
func TestOthersRunBetweenSteps(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	zeros := make([]byte, 2*heldBytes)
	for name, work := range map[string]func(b []byte){
		"Append":   func(b []byte) { Append(b[:0], zeros[:len(b)]) },
		"MoveDown": func(b []byte) { MoveDown(b, 1) },
		"Equal":    func([]byte) { Equal(zeros[1:], zeros[:len(zeros)-1]) },
	} {
		b := make([]byte, heldBytes)
		var turns atomic.Int64
		var others sync.WaitGroup
		stop := make(chan struct{})
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					turns.Add(1)
					runtime.Gosched()
				}
			}
		})
		before := turns.Load()
		work(b)
		got := turns.Load() - before
		close(stop)
		others.Wait()
		if got < turnsMin {
			t.Errorf("%s: others had %d turns meanwhile, want %d at least", name, got, turnsMin)
		}
		t.Logf("%s: %d turns", name, got)
	}
}
