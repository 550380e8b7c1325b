package command

var hyperLogLogCommands = []*Spec{PFAdd, PFCount, PFDebug, PFMerge, PFSelfTest}

// What happens to the keys of PFCOUNT, PFDEBUG and the destination of PFMERGE, as Redis tells it.
var (
	counted  = []string{"RW", "access"}
	mergedIn = []string{"RW", "access", "insert"}
)

// The commands that count different elements by an estimate.
var (
	PFAdd = &Spec{
		Name:       "pfadd",
		Usage:      "<key:key> [<element>...]",
		Arity:      -2,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryHyperLogLog,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Adds elements to a HyperLogLog, which is made if there is none.",
		Complexity: "O(1) for each element.",
	}
	PFCount = &Spec{
		Name:       "pfcount",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      Read,
		Cost:       costOfRegisters,
		Flags:      FlagReadOnly | FlagMayReplicate,
		Categories: CategoryHyperLogLog,
		KeySpecs:   []KeySpec{keysFrom(1, counted)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Estimates how many different elements there are in HyperLogLogs together.",
		Complexity: "O(N) in the number of keys, of 16,384 registers each.",
	}
	PFDebug = &Spec{
		Name:       "pfdebug",
		Usage:      "<subcommand> <key:key>",
		Arity:      3,
		Class:      Write,
		Cost:       costOfRegisters,
		Flags:      FlagWrite | FlagDenyOOM | FlagAdmin,
		Categories: CategoryHyperLogLog,
		KeySpecs:   []KeySpec{oneKey(2, counted)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Shows how a HyperLogLog is represented, or makes it dense.",
		Complexity: "O(1), of 16,384 registers.",
	}
	PFMerge = &Spec{
		Name:       "pfmerge",
		Usage:      "<destkey:key> [<sourcekey:key>...]",
		Arity:      -2,
		Class:      Write,
		Cost:       costOfMergedRegisters,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryHyperLogLog,
		KeySpecs:   []KeySpec{oneKey(1, mergedIn), keysFrom(2, reads)},
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Puts the union of HyperLogLogs at a key.",
		Complexity: "O(N) in the number of keys, of 16,384 registers each.",
	}
	PFSelfTest = &Spec{
		Name:       "pfselftest",
		Arity:      1,
		Class:      Read,
		Linear:     true,
		Cost:       alwaysMuch,
		Flags:      FlagAdmin,
		Categories: CategoryHyperLogLog,
		Group:      "hyperloglog",
		Since:      "2.8.9",
		Summary:    "Tests the estimates.",
		Complexity: "O(1), some milliseconds.",
	}
)

const (
	// registerWork is what it costs to read the registers of a HyperLogLog, mergeWork to write those of a union, where
	// they are sparse.
	registerWork = 32 << 10
	mergeWork    = 512 << 10
)

// costOfRegisters is the cost of a command that reads the registers of HyperLogLogs.
func costOfRegisters(_ *Spec, args [][]byte, _ Stored) Estimate {
	return Estimate{Work: registerWork * (len(args) - 1)}
}

// costOfMergedRegisters is that of one that writes their union.
func costOfMergedRegisters(_ *Spec, args [][]byte, _ Stored) Estimate {
	return Estimate{Work: registerWork*(len(args)-1) + mergeWork}
}

// alwaysMuch is the cost of a read that is always executed on a frozen state.
func alwaysMuch(*Spec, [][]byte, Stored) Estimate { return Estimate{Work: MaxPresentWork} }
