package front

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// keys is among how many keys the entries of a measurement are.
const keys, keyBytes = 1000, 8

var errWrong = errors.New("PROPOSE takes goroutines, bytes of an entry from 16 on, and milliseconds, " +
	"CONFIRM goroutines and milliseconds")

// measure has goroutines of this process, without a client between, propose entries or have reads confirmed, each the
// next one when the last one is done, and says how many were in how many nanoseconds:
//
//	PROPOSE goroutines bytes milliseconds
//	CONFIRM goroutines milliseconds
func (s *server) measure(name string, args [][]byte) (text string, err error) {
	var numbers []int
	for _, arg := range args {
		n, err := strconv.Atoi(string(arg))
		if err != nil || n < 1 {
			return "", errWrong
		}
		numbers = append(numbers, n)
	}
	one := func(*rand.Rand) error { return s.replica.Confirm() }
	if name == "propose" {
		if numbers[1] < lengthBytes+keyBytes+1 {
			return "", errWrong
		}
		one = func(rng *rand.Rand) error { return s.replica.Set(drawEntry(rng, numbers[1])).Error() }
	}
	done, elapsed, err := repeat(numbers[0], time.Duration(numbers[len(numbers)-1])*time.Millisecond, one)
	return fmt.Sprintf("done:%d\r\nnanoseconds:%d\r\n", done, elapsed.Nanoseconds()), err
}

// drawEntry makes the entry of a SET, of so many bytes.
func drawEntry(rng *rand.Rand, size int) []byte {
	key := binary.LittleEndian.AppendUint64(make([]byte, 0, keyBytes), rng.Uint64N(keys))
	return AppendEntry(make([]byte, 0, size), key, make([]byte, size-lengthBytes-keyBytes))
}

// repeat has goroutines do something again and again for a while. The first error ends all.
func repeat(goroutines int, period time.Duration, one func(*rand.Rand) error) (int, time.Duration, error) {
	counts, failures := make([]int, goroutines), make([]error, goroutines)
	began := time.Now()
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for time.Since(began) < period && failures[i] == nil {
				if failures[i] = one(rng); failures[i] == nil {
					counts[i]++
				}
			}
		})
	}
	all.Wait()
	elapsed, sum := time.Since(began), 0
	for _, n := range counts {
		sum += n
	}
	return sum, elapsed, errors.Join(failures...)
}
