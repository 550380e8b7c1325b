package commands

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// looked counts how often an estimate asks what is stored.
type looked int

func (l *looked) Weigh([]byte) int {
	*l++
	return 1000
}

// A look at what is stored takes a lock: the commonest writes are estimated without one.
func TestEstimatesOfCommonWritesLookNothingUp(t *testing.T) {
	for line, want := range map[string]looked{
		"SET k v": 0, "SET k v EX 10": 0, "SET k v NX PX 10": 0, "SET k get": 0, "SETEX k 10 v": 0, "INCR k": 0,
		"DEL k": 0, "MSET a 1 b 2": 0, "EXPIRE k 10": 0, "SET k v GET": 1, "SET k v ifeq x": 1, "APPEND k v": 1,
		"GETSET k v": 1,
	} {
		var args [][]byte
		for _, word := range strings.Fields(line) {
			args = append(args, []byte(word))
		}
		spec, fault := Find(args)
		if fault != command.NoFault {
			t.Fatalf("%s: fault %d", line, fault)
		}
		var looks looked
		if spec.Estimate(args, len(line), &looks); looks != want {
			t.Errorf("%s looks %d times, want %d", line, looks, want)
		}
	}
}

// What BITFIELD writes is no place: a large number at the beginning makes no long string.
func TestBitFieldReachesAsFarAsItWrites(t *testing.T) {
	for line, want := range map[string]int{
		"BITFIELD k SET u48 0 7918738859":                              1000,
		"BITFIELD k INCRBY i49 8 528391069 INCRBY u8 72 1":             1000,
		"BITFIELD k OVERFLOW SAT SET u8 800000 1":                      100_001,
		"BITFIELD k GET u8 800000 INCRBY i8 80000 1 SET u8 16 8000000": 10_001,
		"BITFIELD k SET u8 #100000 1":                                  800_001,
	} {
		var args [][]byte
		for _, word := range strings.Fields(line) {
			args = append(args, []byte(word))
		}
		var looks looked
		if got := data.BitField.Estimate(args, len(line), &looks).Made; got != want {
			t.Errorf("%s leaves %d bytes, want %d", line, got, want)
		}
	}
}
