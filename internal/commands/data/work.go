package data

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
)

// chunkWork is what it costs to copy and hash the chunk of a long string in which a byte is changed, and the way to it.
const chunkWork = 8 << 10

// costOfBitOp is the cost of BITOP operation destination key …, which makes a string as long as the longest.
func costOfBitOp(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	for _, key := range args[3:] {
		length := stored.Weigh(key)
		e.Work += length
		e.Made = max(e.Made, length)
	}
	e.Work += e.Made
	return e
}

// maxCopied is how much of a value is copied into a reply while the entry is applied: what is longer is left to the
// connection.
const maxCopied = command.LeftOutBytes

// answersWith is the cost of a write that answers with the value at its first key.
func answersWith(s *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	first, _, _ := s.KeyRange()
	return command.Estimate{Work: min(stored.Weigh(args[first]), maxCopied)}
}

// costOfSet is the cost of SET, which reads what is there if its options say so. For the others nothing is looked up: a
// look takes a lock, and SET with EX is as common as SET.
func costOfSet(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	if !command.Contains(args, 3, "get", "ifeq", "ifne", "ifdeq", "ifdne") {
		return command.Estimate{}
	}
	return command.Estimate{Work: stored.Weigh(args[1])}
}

// comparesWith is the cost of a command that may compare the string at its key.
func comparesWith(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: stored.Weigh(args[1])}
}

// costOfMove is the cost of RENAME, COPY and MOVE: a long value is shared, and a short one is copied.
func costOfMove(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	moved := stored.Weigh(args[1])
	return command.Estimate{Work: min(moved, 2*chunkWork), Made: moved}
}

// reaching is the cost of a change of a string that ends at a byte.
func reaching(key []byte, end int, stored command.Stored) command.Estimate {
	length := max(end, stored.Weigh(key))
	return command.Estimate{Work: min(length, 2*chunkWork), Made: length}
}

// maxReach is above every place in a string: what is there is refused.
const maxReach = 1 << 30

// costOfAppend is the cost of APPEND.
func costOfAppend(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	there := stored.Weigh(args[1])
	return command.Estimate{Work: min(there, chunkWork), Made: there + len(args[2])}
}

// costOfSetRange is the cost of SETRANGE key offset part.
func costOfSetRange(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	if offset, ok := number.Parse(args[2]); ok && offset >= 0 && offset <= maxReach {
		e = reaching(args[1], int(offset)+len(args[3]), stored)
	}
	return e
}

// costOfSetBit is the cost of SETBIT key offset bit.
func costOfSetBit(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	if offset, ok := number.Parse(args[2]); ok && offset >= 0 && offset/8 <= maxReach {
		e = reaching(args[1], int(offset/8)+1, stored)
	}
	return e
}

// costOfBitField is the cost of BITFIELD, which reaches as far as the farthest field that it writes. Their values are
// as large as clients like: taken for places, they made a transaction look like hundreds of megabytes.
func costOfBitField(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	var far int64
	for i := 2; i+3 < len(args); {
		if !command.Contains(args[i:i+1], 0, "set", "incrby") {
			i++
			continue
		}
		place, width := args[i+2], int64(1)
		if len(place) > 0 && place[0] == '#' {
			place, width = place[1:], maxFieldBits
		}
		if n, ok := number.Parse(place); ok && n > 0 && n <= 8*maxReach/width {
			far = max(far, n*width)
		}
		i += bitFieldArguments + 1
	}
	e := reaching(args[1], int(far/8)+1, stored)
	e.Work *= max(1, (len(args)-2)/bitFieldArguments)
	return e
}

// maxFieldBits is the largest width of a field of BITFIELD, bitFieldArguments how many arguments one has at least.
const maxFieldBits, bitFieldArguments = 64, 3

// costOfScan is the cost of SCAN and its like, which look at as many keys as COUNT says.
func costOfScan(_ *command.Spec, args [][]byte, _ command.Stored) (e command.Estimate) {
	for i := 1; i+1 < len(args); i++ {
		if count, ok := number.Parse(args[i+1]); ok && command.Contains(args[i:i+1], 0, "count") {
			e.Work = command.KeyWork * int(min(max(count, 0), maxScanned))
		}
	}
	return e
}

// maxScanned is more than a scan looks at, whatever its COUNT is.
const maxScanned = 1 << 20
