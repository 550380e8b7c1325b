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
		args := words(line)
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
		args := words(line)
		var looks looked
		if got := data.BitField.Estimate(args, len(line), &looks).Made; got != want {
			t.Errorf("%s leaves %d bytes, want %d", line, got, want)
		}
	}
}

// storedSets are weights of values by key.
type storedSets map[string]int

func (s storedSets) Weigh(key []byte) int { return s[string(key)] }

// What commands on containers are counted as: to put an element, to put each byte of weight into another container, to
// sort it.
const elementCost, makingCost, sortCost = 1 << 10, 16, 32

// What makes a container of others is estimated by those that it goes through, what takes a part by how many elements
// the arguments say, and by all where that is less or they say nothing.
func TestEstimatesOfContainersFollowTheirArguments(t *testing.T) {
	const elements = 1000
	whole := elements * elementCost / makingCost
	stored := storedSets{"few": whole / 100, "a": whole, "b": 2 * whole}
	for line, want := range map[string]command.Estimate{
		"SUNIONSTORE d a b":                          {Work: makingCost * 3 * whole, Made: 2 * whole},
		"SUNIONSTORE d nothing":                      {},
		"SINTERSTORE d a b":                          {Work: makingCost * 2 * whole, Made: whole},
		"SINTERSTORE d b few a":                      {Work: makingCost * 3 * (whole / 100), Made: whole / 100},
		"SINTERSTORE d b nothing":                    {},
		"SDIFFSTORE d b a":                           {Work: makingCost * 4 * whole, Made: 2 * whole},
		"SDIFFSTORE d few b":                         {Work: makingCost * 2 * (whole / 100), Made: whole / 100},
		"SDIFFSTORE a few":                           {Work: makingCost * (whole / 100), Made: whole / 100},
		"ZINTERSTORE d 2 b few":                      {Work: makingCost * 2 * (whole / 100), Made: whole / 100},
		"ZDIFFSTORE d 2 few b":                       {Work: makingCost * 2 * (whole / 100), Made: whole / 100},
		"ZUNIONSTORE d 2 a b":                        {Work: makingCost * 3 * whole, Made: 2 * whole},
		"ZUNIONSTORE d 3 a b":                        {},
		"SPOP a":                                     {},
		"SPOP a 7":                                   {Work: 7 * elementCost},
		"SPOP a 1000":                                {Work: elements * elementCost},
		"SPOP a 1001":                                {Work: (elements + 1) * elementCost},
		"SPOP a 9223372036854775807":                 {Work: (elements + 1) * elementCost},
		"SPOP a x":                                   {Work: elementCost},
		"ZREMRANGEBYRANK a 0 9":                      {Work: 10 * elementCost},
		"ZREMRANGEBYRANK a 9 0":                      {},
		"ZREMRANGEBYRANK a 0 -101":                   {Work: (elements + 1) * elementCost},
		"ZREMRANGEBYRANK a 0 9223372036854775807":    {Work: (elements + 1) * elementCost},
		"ZREMRANGEBYSCORE a 0 9":                     {Work: makingCost * whole},
		"ZRANGESTORE d a 0 9":                        {Work: 10 * elementCost, Made: 10 * elementCost},
		"ZRANGESTORE d a 0 -1":                       {Work: (elements + 1) * elementCost, Made: whole},
		"ZRANGESTORE d a 0 9 BYSCORE":                {Work: (elements + 1) * elementCost, Made: whole},
		"ZRANGESTORE d a 0 9 BYSCORE LIMIT 100 5":    {Work: 5 * elementCost, Made: 5 * elementCost},
		"ZRANGESTORE d a - + BYLEX REV LIMIT 100 -1": {Work: (elements + 1) * elementCost, Made: whole},
		"SORT a STORE d":                             {Work: sortCost * whole, Made: whole},
		"SORT few GET x* STORE d": {
			Work: max(sortCost*(whole/100), command.MaxEntryWork), Made: whole / 100,
		},
		"SORT few STORE b":                           {Work: sortCost * (whole / 100), Made: whole / 100},
		"PFADD nothing":                              {},
		"PFADD nothing e":                            {Made: 4},
		"PFADD a":                                    {Made: whole},
		"PFADD a e f":                                {Work: 2 * 2 << 10, Made: whole},
		"PFADD few e f":                              {Work: 2 * (whole / 100), Made: whole / 100},
		"PFADD a" + strings.Repeat(" e", 63):         {Work: 63 * 2 << 10, Made: whole},
		"PFADD a" + strings.Repeat(" e", 64):         {Work: 64*2<<10 + data.RegisterWork, Made: whole},
		"PFADD a" + strings.Repeat(" e", 9999):       {Work: 64*2<<10 + data.RegisterWork, Made: whole},
		"PFADD nothing" + strings.Repeat(" e", 9999): {Work: data.RegisterWork, Made: 12 << 10},
	} {
		args := words(line)
		spec, fault := Find(args)
		if fault != command.NoFault {
			t.Fatalf("%s: fault %d", line, fault)
		}
		own := (&command.Spec{}).Estimate(args, 0, nil) // of the arguments
		got := spec.Estimate(args, 0, stored)
		if got.Work -= own.Work; got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
}

// The writes that applications do again and again on containers have room in one entry, however large these are.
func TestOrdinaryWritesOfContainersFitTheBudget(t *testing.T) {
	const count = 500
	for _, line := range []string{
		"HSET h f v g w", "HDEL h f", "HINCRBY h f 1", "SADD s m", "SREM s m", "SPOP s", "SMOVE s t m", "ZADD z 1 m",
		"ZINCRBY z 1 m", "ZREM z m", "ZPOPMIN z", "ZREMRANGEBYRANK z 0 0", "LPUSH l e", "RPOP l", "LMOVE l m LEFT RIGHT",
		"LSET l 5 x", "DEL h s z l", "UNLINK h", "EXPIRE h 10", "GEOADD g 1 1 m", "PFADD p e",
	} {
		args := words(line)
		spec, _ := Find(args)
		heavy := storedSets{"h": 1 << 30, "s": 1 << 30, "z": 1 << 30, "l": 1 << 30, "g": 1 << 30, "p": 1 << 14}
		if work := count * spec.Estimate(args, len(line), heavy).Work; work > command.MaxEntryWork {
			t.Errorf("%s: %d are estimated as %d", line, count, work)
		}
	}
}
