package data

import "github.com/raftredis/raftredis/internal/command"

var bitmapCommands = []*command.Spec{
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
	BitCount = &command.Spec{
		Name:       "bitcount",
		Usage:      "<key:key> [range={<start:integer> <end:integer> [unit=(BYTE | BIT)]}]",
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "bitmap",
		Since:      "2.6.0",
		Summary:    "Counts the ones of a string or of a part of it.",
		Complexity: "O(N) in the bytes looked at.",
	}
	BitField = &command.Spec{
		Name:       "bitfield",
		Usage:      "<key:key> [operation=(GET " + getBlock + " | " + writeBlock + ")...]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfBitField,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{{Flags: command.Depends, First: 1, Step: 1, Choose: keyFlagsOfBitField}},
		Group:      "bitmap",
		Since:      "3.2.0",
		Summary:    "Reads and changes integers of any width anywhere in a string.",
		Complexity: "O(1) for each integer.",
	}
	BitFieldRO = &command.Spec{
		Name:       "bitfield_ro",
		Usage:      "<key:key> [GET " + getBlock + "]...",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "bitmap",
		Since:      "6.0.0",
		Summary:    "Reads integers of any width anywhere in a string.",
		Complexity: "O(1) for each integer.",
	}
	BitOp = &command.Spec{
		Name:       "bitop",
		Usage:      "operation=(AND | OR | XOR | NOT) <destkey:key> <key:key>...",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfBitOp,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Replaces), command.KeysFrom(3, command.Reads)},
		Group:      "bitmap",
		Since:      "2.6.0",
		Summary:    "Combines strings bit by bit and puts the result at a key.",
		Complexity: "O(N) in the bytes of all strings.",
	}
	BitPos = &command.Spec{
		Name: "bitpos",
		Usage: "<key:key> <bit:integer> [range={<start:integer> [end-unit-block={<end:integer> [unit=(BYTE | " +
			"BIT)]}]}]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "bitmap",
		Since:      "2.8.7",
		Summary:    "Finds the first one or zero of a string or of a part of it.",
		Complexity: "O(N) in the bytes looked at.",
	}
	GetBit = &command.Spec{
		Name:       "getbit",
		Usage:      "<key:key> <offset:integer>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "bitmap",
		Since:      "2.2.0",
		Summary:    "Answers with a bit of a string; behind its end there are zeros.",
		Complexity: "O(1)",
	}
	SetBit = &command.Spec{
		Name:       "setbit",
		Usage:      "<key:key> <offset:integer> <value:integer>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfSetBit,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryBitmap,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "bitmap",
		Since:      "2.2.0",
		Summary:    "Sets or clears a bit of a string, which grows if it is too short.",
		Complexity: "O(1)",
	}
)

// keyFlagsOfBitField are those of BITFIELD, which changes the key only with SET or INCRBY.
func keyFlagsOfBitField(args [][]byte) []string {
	if command.Contains(args, 2, "set", "incrby") {
		return command.ReadsAlso
	}
	return command.Reads
}
