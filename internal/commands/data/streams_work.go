package data

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
)

const (
	// entryWork is what it costs to deliver an entry of a stream, or to look at one that is pending.
	entryWork = 1 << 10
	// blockWork is what it costs to copy and hash the entries that lie together, of which one is changed.
	blockWork = 2 << 10
	// appendWork is what it costs to add an entry.
	appendWork = 512
	// dropShare is which part of the work to go through a stream it costs to drop it, block by block.
	dropShare = 64
	// defaultClaims is how many entries XAUTOCLAIM claims without COUNT, claimAttempts how many times as many it looks at.
	defaultClaims, claimAttempts = 100, 10
)

// countOf is the value of the last COUNT among some arguments, or a default.
func countOf(args [][]byte, count int64) int64 {
	for i := 0; i+1 < len(args); i++ {
		if n, ok := number.Parse(args[i+1]); ok && command.Contains(args[i:i+1], 0, "count") {
			count = n
		}
	}
	return count
}

// someEntries is what it costs to go through so many entries of a stream, or through all if that is less; 0 stands for
// all.
func someEntries(weight int, count int64) int {
	if count <= 0 || count > int64(weight)/entryWork {
		return weight
	}
	return int(count) * entryWork
}

// costOfXAdd is the cost of XADD. What it drops does not count: on average that is as much as it adds.
func costOfXAdd(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: appendWork, Made: stored.Weigh(args[1]) + appendWork}
}

// costOfXTrim is the cost of XTRIM, which drops blocks, and changes one.
func costOfXTrim(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	there := stored.Weigh(args[1])
	return command.Estimate{Work: min(there, blockWork) + there/dropShare}
}

// costOfXDel is the cost of XDEL, which changes a block for each ID.
func costOfXDel(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: len(args) * min(stored.Weigh(args[1]), blockWork)}
}

// costOfXClaim is the cost of XCLAIM and XACK, which look at each ID.
func costOfXClaim(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: len(args) * min(stored.Weigh(args[1]), entryWork)}
}

// costOfXAutoClaim is the cost of XAUTOCLAIM.
func costOfXAutoClaim(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	count := min(countOf(args, defaultClaims), maxReach)
	return command.Estimate{Work: someEntries(stored.Weigh(args[1]), count*claimAttempts)}
}

// costOfXReadGroup is the cost of XREADGROUP, which delivers entries of each stream.
func costOfXReadGroup(s *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	var few [8]int
	for _, at := range s.Keys(few[:0], args) {
		there := stored.Weigh(args[at])
		e.Work += someEntries(there, countOf(args, 0))
		e.Made += there
	}
	return e
}

// costOfConsumer is the cost of a command that removes what is pending for a consumer.
func costOfConsumer(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	return command.Estimate{Work: stored.Weigh(args[2])}
}

// costOfXInfo is the cost of XINFO STREAM key [FULL [COUNT count]].
func costOfXInfo(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	if len(args) > 3 {
		e.Work = stored.Weigh(args[2])
	}
	return e
}
