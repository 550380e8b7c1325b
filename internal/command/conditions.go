package command

var conditionCommands = []*Spec{DelEX, DelIfEq, Digest}

// comparisons are the options of SET and DELEX that depend on the string at the key.
const comparisons = "IFEQ <ifeq-value> | IFNE <ifne-value> | IFDEQ <ifdeq-digest> | IFDNE <ifdne-digest>"

// The commands that compare: those of Redis 8.4, and DELIFEQ of Valkey 9.0.
var (
	DelEX = &Spec{
		Name:       "delex",
		Usage:      "<key:key> [condition=(" + comparisons + ")]",
		Arity:      -2,
		Class:      Write,
		Cost:       comparesWith,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{{Flags: mayRemove, First: 1, Step: 1, choose: keyFlagsOfDelEX}},
		Group:      "string",
		Since:      "8.4.0",
		Summary:    "Removes a key if its string, or the digest of it, is as the condition says.",
		Complexity: "O(N) in the bytes of the string where one has to be compared.",
	}
	DelIfEq = &Spec{
		Name:       "delifeq",
		Usage:      "<key:key> <value>",
		Arity:      3,
		Class:      Write,
		Cost:       comparesWith,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, takes)},
		Group:      "string",
		Since:      "9.0.0",
		Summary:    "Removes a key if its string is the one given.",
		Complexity: "O(N) in the bytes of the string.",
	}
	Digest = &Spec{
		Name:       "digest",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Read,
		Linear:     true,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryString,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "string",
		Since:      "8.4.0",
		Summary:    "Answers with a digest of the string at a key, to compare it with.",
		Complexity: "O(N) in the bytes of the string.",
	}
)

// keyFlagsOfDelEX are those of DELEX, which looks at the value only with a condition.
func keyFlagsOfDelEX(args [][]byte) []string {
	if len(args) > 2 {
		return takes
	}
	return removes
}
