package command

var bitmapCommands = []*Spec{
	BitCount, BitField, BitFieldRO, BitOp, BitPos, GetBit, SetBit,
}

// What BITFIELD and BITFIELD_RO have in common, and what BITFIELD has alone.
const (
	getBlock   = "get-block={<encoding> <offset:integer>}"
	writeBlock = "write={[OVERFLOW overflow-block=(WRAP | SAT | FAIL)] " +
		"write-operation=(SET set-block={<encoding> <offset:integer> <value:integer>} | " +
		"INCRBY incrby-block={<encoding> <offset:integer> <increment:integer>})}"
)

// The commands on strings as arrays of bits.
var (
	BitCount = &Spec{
		Name:       "bitcount",
		Usage:      "<key:key> [range={<start:integer> <end:integer> [unit=(BYTE | BIT)]}]",
		Arity:      -2,
		Class:      Read,
		Linear:     true,
		Flags:      FlagReadOnly,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "bitmap",
		Since:      "2.6.0",
		Summary:    "Counts the ones of a string or of a part of it.",
		Complexity: "O(N) in the bytes looked at.",
	}
	BitField = &Spec{
		Name:       "bitfield",
		Usage:      "<key:key> [operation=(GET " + getBlock + " | " + writeBlock + ")...]",
		Arity:      -2,
		Class:      Write,
		Cost:       costOfBitField,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{{Flags: depends, First: 1, Step: 1, choose: keyFlagsOfBitField}},
		Group:      "bitmap",
		Since:      "3.2.0",
		Summary:    "Reads and changes integers of any width anywhere in a string.",
		Complexity: "O(1) for each integer.",
	}
	BitFieldRO = &Spec{
		Name:       "bitfield_ro",
		Usage:      "<key:key> [GET " + getBlock + "]...",
		Arity:      -2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "bitmap",
		Since:      "6.0.0",
		Summary:    "Reads integers of any width anywhere in a string.",
		Complexity: "O(1) for each integer.",
	}
	BitOp = &Spec{
		Name:       "bitop",
		Usage:      "operation=(AND | OR | XOR | NOT) <destkey:key> <key:key>...",
		Arity:      -4,
		Class:      Write,
		Cost:       costOfBitOp,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(2, replaces), keysFrom(3, reads)},
		Group:      "bitmap",
		Since:      "2.6.0",
		Summary:    "Combines strings bit by bit and puts the result at a key.",
		Complexity: "O(N) in the bytes of all strings.",
	}
	BitPos = &Spec{
		Name: "bitpos",
		Usage: "<key:key> <bit:integer> [range={<start:integer> [end-unit-block={<end:integer> [unit=(BYTE | " +
			"BIT)]}]}]",
		Arity:      -3,
		Class:      Read,
		Linear:     true,
		Flags:      FlagReadOnly,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "bitmap",
		Since:      "2.8.7",
		Summary:    "Finds the first one or zero of a string or of a part of it.",
		Complexity: "O(N) in the bytes looked at.",
	}
	GetBit = &Spec{
		Name:       "getbit",
		Usage:      "<key:key> <offset:integer>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "bitmap",
		Since:      "2.2.0",
		Summary:    "Answers with a bit of a string; behind its end there are zeros.",
		Complexity: "O(1)",
	}
	SetBit = &Spec{
		Name:       "setbit",
		Usage:      "<key:key> <offset:integer> <value:integer>",
		Arity:      4,
		Class:      Write,
		Cost:       costOfSetBit,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryBitmap,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "bitmap",
		Since:      "2.2.0",
		Summary:    "Sets or clears a bit of a string, which grows if it is too short.",
		Complexity: "O(1)",
	}
)

// keyFlagsOfBitField are those of BITFIELD, which changes the key only with SET or INCRBY.
func keyFlagsOfBitField(args [][]byte) []string {
	if contains(args, 2, "set", "incrby") {
		return readsAlso
	}
	return reads
}
