package data

import "github.com/raftredis/raftredis/internal/command"

var hyperLogLogCommands = []*command.Spec{PFAdd, PFCount, PFDebug, PFMerge, PFSelfTest}

// What happens to the keys of PFCOUNT, PFDEBUG and the destination of PFMERGE, as Redis tells it.
var (
	counted  = []string{"RW", "access"}
	mergedIn = []string{"RW", "access", "insert"}
)

// The commands that count different elements by an estimate.
var (
	PFAdd = &command.Spec{
		Name:       "pfadd",
		Usage:      "<key:key> [<element>...]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfPFAdd,
		LaysOut:    true,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryHyperLogLog,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Adds elements to a HyperLogLog, which is made if there is none.",
		Complexity: "O(1) for each element.",
	}
	PFCount = &command.Spec{
		Name:       "pfcount",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Asks:       true,
		Fills:      func(args [][]byte) bool { return len(args) == 2 },
		Cost:       costOfRegisters,
		Flags:      command.FlagReadOnly | command.FlagMayReplicate,
		Categories: command.CategoryHyperLogLog,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, counted)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Estimates how many different elements there are in HyperLogLogs together.",
		Complexity: "O(1) for a key that has the answer, else O(N) in the number of keys, of 16,384 registers each.",
	}
	PFDebug = &command.Spec{
		Name:       "pfdebug",
		Usage:      "<subcommand> <key:key>",
		Arity:      3,
		Class:      command.Write,
		Cost:       costOfRegisters,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagAdmin,
		Categories: command.CategoryHyperLogLog,
		KeySpecs:   []command.KeySpec{command.OneKey(2, counted)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Shows how a HyperLogLog is represented, or makes it dense.",
		Complexity: "O(1), of 16,384 registers.",
	}
	PFMerge = &command.Spec{
		Name:       "pfmerge",
		Usage:      "<destkey:key> [<sourcekey:key>...]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfMergedRegisters,
		LaysOut:    true,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryHyperLogLog,
		KeySpecs:   []command.KeySpec{command.OneKey(1, mergedIn), command.KeysFrom(2, command.Reads)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Puts the union of HyperLogLogs at a key.",
		Complexity: "O(N) in the number of keys, of 16,384 registers each.",
	}
	PFSelfTest = &command.Spec{
		Name:       "pfselftest",
		Arity:      1,
		Class:      command.Read,
		Linear:     true,
		Cost:       alwaysMuch,
		Flags:      command.FlagAdmin,
		Categories: command.CategoryHyperLogLog,
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Tests the estimates.",
		Complexity: "O(1), some milliseconds.",
	}
)

const (
	// RegisterWork is what it costs to read the registers of a HyperLogLog, mergeWork to write those of a union, where
	// they are sparse.
	RegisterWork = 32 << 10
	mergeWork    = 512 << 10
	// sparseWork is what it costs at most to look for a register in a sparse HyperLogLog, which is read from its begin.
	// From ManyElements on, all its registers are read once, and not for each element.
	sparseWork = 2 << 10
	// ManyElements are worth a table of the registers.
	ManyElements = 64
	// denseBytes is how long a HyperLogLog is at most.
	denseBytes = 12 << 10
)

// costOfPFAdd is the cost of PFADD key [element ...].
func costOfPFAdd(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	elements, there := len(args)-2, stored.Weigh(args[1])
	e := command.Estimate{Work: min(elements, ManyElements) * min(there, sparseWork)}
	if elements >= ManyElements {
		e.Work += RegisterWork
	}
	e.Made = max(there, min(elements*registerBytes, denseBytes))
	return e
}

// registerBytes is by how much an element makes a sparse HyperLogLog longer at most.
const registerBytes = 4

// costOfRegisters is the cost of a command that reads the registers of HyperLogLogs.
func costOfRegisters(_ *command.Spec, args [][]byte, _ command.Stored) command.Estimate {
	return command.Estimate{Work: RegisterWork * (len(args) - 1)}
}

// costOfMergedRegisters is that of one that writes their union.
func costOfMergedRegisters(_ *command.Spec, args [][]byte, _ command.Stored) command.Estimate {
	return command.Estimate{Work: RegisterWork*(len(args)-1) + mergeWork}
}

// alwaysMuch is the cost of a read that is always executed on a frozen state.
func alwaysMuch(*command.Spec, [][]byte, command.Stored) command.Estimate {
	return command.Estimate{Work: command.MaxPresentWork}
}
