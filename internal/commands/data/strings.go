package data

import "github.com/raftredis/raftredis/internal/command"

var stringCommands = []*command.Spec{
	Append, Decr, DecrBy, Get, GetDel, GetEX, GetRange, GetSet, Incr, IncrBy, IncrByFloat, LCS, MGet, MSet, MSetNX,
	PSetEX, Set, SetEX, SetNX, SetRange, Strlen, SubStr,
}

// expirations are the options of SET and GETEX that give a key a deadline.
const expirations = "EX <seconds:integer> | PX <milliseconds:integer> | EXAT <unix-time-seconds:unix-time> | " +
	"PXAT <unix-time-milliseconds:unix-time>"

// The commands on strings.
var (
	Append = &command.Spec{
		Name:       "append",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      command.Write,
		Cost:       costOfAppend,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "string",
		Since:      "2.0.0",
		Summary:    "Lengthens a string at its end; a missing key counts as empty.",
		Complexity: "O(M) in the bytes that are added, amortized.",
	}
	Decr = &command.Spec{
		Name:       "decr",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Subtracts one from an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	DecrBy = &command.Spec{
		Name:       "decrby",
		Usage:      "<key:key> <decrement:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Subtracts a number from an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	Get = &command.Spec{
		Name:       "get",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Answers with the string at a key.",
		Complexity: "O(1)",
	}
	GetDel = &command.Spec{
		Name:       "getdel",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Write,
		Cost:       answersWith,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "string",
		Since:      "6.2.0",
		Summary:    "Answers with the string at a key and removes the key.",
		Complexity: "O(1)",
	}
	GetEX = &command.Spec{
		Name:       "getex",
		Usage:      "<key:key> [expiration=(" + expirations + " | PERSIST)]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       answersWith,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "6.2.0",
		Summary:    "Answers with the string at a key, and changes how long the key has left.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	GetRange = &command.Spec{
		Name:       "getrange",
		Usage:      "<key:key> <start:integer> <end:integer>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "string",
		Since:      "2.4.0",
		Summary:    "Answers with a part of a string, given by its first and last byte.",
		Complexity: "O(N) in the bytes of the answer.",
	}
	GetSet = &command.Spec{
		Name:       "getset",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      command.Write,
		Cost:       answersWith,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key and answers with the one before it.",
		Complexity: "O(1)",
	}
	Incr = &command.Spec{
		Name:       "incr",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Adds one to an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	IncrBy = &command.Spec{
		Name:       "incrby",
		Usage:      "<key:key> <increment:integer>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Adds a number to an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	IncrByFloat = &command.Spec{
		Name:       "incrbyfloat",
		Usage:      "<key:key> <increment:double>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.ReadsAlso)},
		Group:      "string",
		Since:      "2.6.0",
		Summary:    "Adds a decimal fraction to a number; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	LCS = &command.Spec{
		Name:       "lcs",
		Usage:      "<key1:key> <key2:key> [LEN] [IDX] [MINMATCHLEN <min-match-len:integer>] [WITHMATCHLEN]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{{Flags: command.Reads, First: 1, Last: 1, Step: 1}},
		Group:      "string",
		Since:      "7.0.0",
		Summary:    "Finds the longest common subsequence of two strings.",
		Complexity: "O(N*M) in the bytes of both.",
	}
	MGet = &command.Spec{
		Name:       "mget",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.Reads)},
		Tips:       []string{command.TipBySlot},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Answers with the strings at several keys.",
		Complexity: "O(N) in the number of keys given.",
	}
	MSet = &command.Spec{
		Name:       "mset",
		Usage:      "data={<key:key> <value>}...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{{Flags: command.Replaces, First: 1, Last: -1, Step: 2}},
		Tips:       []string{command.TipBySlot, command.TipAllWell},
		Group:      "string",
		Since:      "1.0.1",
		Summary:    "Sets several keys at once.",
		Complexity: "O(N) in the number of keys given.",
	}
	MSetNX = &command.Spec{
		Name:       "msetnx",
		Usage:      "data={<key:key> <value>}...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{{Flags: command.Creates, First: 1, Last: -1, Step: 2}},
		Group:      "string",
		Since:      "1.0.1",
		Summary:    "Sets several keys at once if none of them exists.",
		Complexity: "O(N) in the number of keys given.",
	}
	PSetEX = &command.Spec{
		Name:       "psetex",
		Usage:      "<key:key> <milliseconds:integer> <value>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces)},
		Group:      "string",
		Since:      "2.6.0",
		Summary:    "Puts a string at a key for so many milliseconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	Set = &command.Spec{
		Name: "set",
		Usage: "<key:key> <value> [condition=(NX | XX | " + comparisons + ")] [GET] [expiration=(" + expirations +
			" | KEEPTTL)]",
		Arity:      -3,
		Class:      command.Write,
		Cost:       costOfSet,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{{Flags: command.Depends, First: 1, Step: 1, Choose: keyFlagsOfSet}},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key, whatever was there; options make it conditional.",
		Complexity: "O(1), and O(N) in the bytes of the string where one has to be compared.",
	}
	SetEX = &command.Spec{
		Name:       "setex",
		Usage:      "<key:key> <seconds:integer> <value>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces)},
		Group:      "string",
		Since:      "2.0.0",
		Summary:    "Puts a string at a key for so many seconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	SetNX = &command.Spec{
		Name:       "setnx",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Creates)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key if there is none.",
		Complexity: "O(1)",
	}
	SetRange = &command.Spec{
		Name:       "setrange",
		Usage:      "<key:key> <offset:integer> <value>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfSetRange,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "string",
		Since:      "2.2.0",
		Summary:    "Overwrites a part of a string, which grows if it is too short.",
		Complexity: "O(M) in the bytes that are written.",
	}
	Strlen = &command.Spec{
		Name:       "strlen",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "string",
		Since:      "2.2.0",
		Summary:    "Answers with the length in bytes of the string at a key.",
		Complexity: "O(1)",
	}
	SubStr = &command.Spec{
		Name:       "substr",
		Usage:      "<key:key> <start:integer> <end:integer>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Is the older name of GETRANGE.",
		Complexity: "O(N) in the bytes of the answer.",
	}
)

// keyFlagsOfSet are those of SET, which reads the key only with GET and where it compares.
func keyFlagsOfSet(args [][]byte) []string {
	if command.Contains(args, 3, "get", "ifeq", "ifne", "ifdeq", "ifdne") {
		return command.ReadsAlso
	}
	return command.Replaces
}
