package command

var stringCommands = []*Spec{
	Append, Decr, DecrBy, Get, GetDel, GetEX, GetRange, GetSet, Incr, IncrBy, IncrByFloat, LCS, MGet, MSet, MSetNX,
	PSetEX, Set, SetEX, SetNX, SetRange, Strlen, SubStr,
}

// expirations are the options of SET and GETEX that give a key a deadline.
const expirations = "EX <seconds:integer> | PX <milliseconds:integer> | EXAT <unix-time-seconds:unix-time> | " +
	"PXAT <unix-time-milliseconds:unix-time>"

// The commands on strings.
var (
	Append = &Spec{
		Name:       "append",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      Write,
		Cost:       costOfAppend,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "string",
		Since:      "2.0.0",
		Summary:    "Lengthens a string at its end; a missing key counts as empty.",
		Complexity: "O(M) in the bytes that are added, amortized.",
	}
	Decr = &Spec{
		Name:       "decr",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Subtracts one from an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	DecrBy = &Spec{
		Name:       "decrby",
		Usage:      "<key:key> <decrement:integer>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Subtracts a number from an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	Get = &Spec{
		Name:       "get",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Answers with the string at a key.",
		Complexity: "O(1)",
	}
	GetDel = &Spec{
		Name:       "getdel",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Write,
		Cost:       answersWith,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, takes)},
		Group:      "string",
		Since:      "6.2.0",
		Summary:    "Answers with the string at a key and removes the key.",
		Complexity: "O(1)",
	}
	GetEX = &Spec{
		Name:       "getex",
		Usage:      "<key:key> [expiration=(" + expirations + " | PERSIST)]",
		Arity:      -2,
		Class:      Write,
		Cost:       answersWith,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "6.2.0",
		Summary:    "Answers with the string at a key, and changes how long the key has left.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	GetRange = &Spec{
		Name:       "getrange",
		Usage:      "<key:key> <start:integer> <end:integer>",
		Arity:      4,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "string",
		Since:      "2.4.0",
		Summary:    "Answers with a part of a string, given by its first and last byte.",
		Complexity: "O(N) in the bytes of the answer.",
	}
	GetSet = &Spec{
		Name:       "getset",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      Write,
		Cost:       answersWith,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key and answers with the one before it.",
		Complexity: "O(1)",
	}
	Incr = &Spec{
		Name:       "incr",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Adds one to an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	IncrBy = &Spec{
		Name:       "incrby",
		Usage:      "<key:key> <increment:integer>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Adds a number to an integer; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	IncrByFloat = &Spec{
		Name:       "incrbyfloat",
		Usage:      "<key:key> <increment:double>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, readsAlso)},
		Group:      "string",
		Since:      "2.6.0",
		Summary:    "Adds a decimal fraction to a number; a missing key counts as 0.",
		Complexity: "O(1)",
	}
	LCS = &Spec{
		Name:       "lcs",
		Usage:      "<key1:key> <key2:key> [LEN] [IDX] [MINMATCHLEN <min-match-len:integer>] [WITHMATCHLEN]",
		Arity:      -3,
		Class:      Read,
		Linear:     true,
		Flags:      FlagReadOnly,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{{Flags: reads, First: 1, Last: 1, Step: 1}},
		Group:      "string",
		Since:      "7.0.0",
		Summary:    "Finds the longest common subsequence of two strings.",
		Complexity: "O(N*M) in the bytes of both.",
	}
	MGet = &Spec{
		Name:       "mget",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{keysFrom(1, reads)},
		Tips:       []string{bySlot},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Answers with the strings at several keys.",
		Complexity: "O(N) in the number of keys given.",
	}
	MSet = &Spec{
		Name:       "mset",
		Usage:      "data={<key:key> <value>}...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{{Flags: replaces, First: 1, Last: -1, Step: 2}},
		Tips:       []string{bySlot, allWell},
		Group:      "string",
		Since:      "1.0.1",
		Summary:    "Sets several keys at once.",
		Complexity: "O(N) in the number of keys given.",
	}
	MSetNX = &Spec{
		Name:       "msetnx",
		Usage:      "data={<key:key> <value>}...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{{Flags: creates, First: 1, Last: -1, Step: 2}},
		Group:      "string",
		Since:      "1.0.1",
		Summary:    "Sets several keys at once if none of them exists.",
		Complexity: "O(N) in the number of keys given.",
	}
	PSetEX = &Spec{
		Name:       "psetex",
		Usage:      "<key:key> <milliseconds:integer> <value>",
		Arity:      4,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, replaces)},
		Group:      "string",
		Since:      "2.6.0",
		Summary:    "Puts a string at a key for so many milliseconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	Set = &Spec{
		Name: "set",
		Usage: "<key:key> <value> [condition=(NX | XX | " + comparisons + ")] [GET] [expiration=(" + expirations +
			" | KEEPTTL)]",
		Arity:      -3,
		Class:      Write,
		Cost:       costOfSet,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{{Flags: depends, First: 1, Step: 1, choose: keyFlagsOfSet}},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key, whatever was there; options make it conditional.",
		Complexity: "O(1), and O(N) in the bytes of the string where one has to be compared.",
	}
	SetEX = &Spec{
		Name:       "setex",
		Usage:      "<key:key> <seconds:integer> <value>",
		Arity:      4,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, replaces)},
		Group:      "string",
		Since:      "2.0.0",
		Summary:    "Puts a string at a key for so many seconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	SetNX = &Spec{
		Name:       "setnx",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, creates)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Puts a string at a key if there is none.",
		Complexity: "O(1)",
	}
	SetRange = &Spec{
		Name:       "setrange",
		Usage:      "<key:key> <offset:integer> <value>",
		Arity:      4,
		Class:      Write,
		Cost:       costOfSetRange,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, changes)},
		Group:      "string",
		Since:      "2.2.0",
		Summary:    "Overwrites a part of a string, which grows if it is too short.",
		Complexity: "O(M) in the bytes that are written.",
	}
	Strlen = &Spec{
		Name:       "strlen",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, looksAt)},
		Group:      "string",
		Since:      "2.2.0",
		Summary:    "Answers with the length in bytes of the string at a key.",
		Complexity: "O(1)",
	}
	SubStr = &Spec{
		Name:       "substr",
		Usage:      "<key:key> <start:integer> <end:integer>",
		Arity:      4,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "string",
		Since:      "1.0.0",
		Summary:    "Is the older name of GETRANGE.",
		Complexity: "O(N) in the bytes of the answer.",
	}
)

// keyFlagsOfSet are those of SET, which reads the key only with GET and where it compares.
func keyFlagsOfSet(args [][]byte) []string {
	if contains(args, 3, "get", "ifeq", "ifne", "ifdeq", "ifdne") {
		return readsAlso
	}
	return replaces
}
