package data

import "github.com/raftredis/raftredis/internal/command"

var conditionCommands = []*command.Spec{DelEX, DelIfEq, Digest}

// comparisons are the options of SET and DELEX that depend on the string at the key.
const comparisons = "IFEQ <ifeq-value> | IFNE <ifne-value> | IFDEQ <ifdeq-digest> | IFDNE <ifdne-digest>"

// The commands that compare: those of Redis 8.4, and DELIFEQ of Valkey 9.0.
var (
	DelEX = &command.Spec{
		Name:       "delex",
		Usage:      "<key:key> [condition=(" + comparisons + ")]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       comparesWith,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{{Flags: command.MayRemove, First: 1, Step: 1, Choose: keyFlagsOfDelEX}},
		Group:      "string",
		Since:      "8.4.0",
		Summary:    "Removes a key if its string, or the digest of it, is as the condition says.",
		Complexity: "O(N) in the bytes of the string where one has to be compared.",
	}
	DelIfEq = &command.Spec{
		Name:       "delifeq",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      command.Write,
		Cost:       comparesWith,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "string",
		Since:      "9.0.0",
		Summary:    "Removes a key if its string is the one given.",
		Complexity: "O(N) in the bytes of the string.",
	}
	Digest = &command.Spec{
		Name:       "digest",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryString,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "string",
		Since:      "8.4.0",
		Summary:    "Answers with a digest of the string at a key, to compare it with.",
		Complexity: "O(N) in the bytes of the string.",
	}
)

// keyFlagsOfDelEX are those of DELEX, which looks at the value only with a condition.
func keyFlagsOfDelEX(args [][]byte) []string {
	if len(args) > 2 {
		return command.Takes
	}
	return command.Removes
}
