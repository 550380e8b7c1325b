package command

var listCommands = []*Spec{
	LIndex, LInsert, LLen, LMove, LMPop, LPop, LPos, LPush, LPushX, LRange, LRem, LSet, LTrim, RPop, RPopLPush, RPush,
	RPushX,
}

// leftOrRight names an end of a list.
const leftOrRight = "(LEFT | RIGHT)"

// costOfSearch is the cost of a command that may compare all elements of a list.
func costOfSearch(_ *Spec, args [][]byte, stored Stored) Estimate {
	there := stored.Weigh(args[1])
	return Estimate{Work: there, Made: there + len(args[len(args)-1])}
}

// costOfPops is the cost of LPOP and RPOP key [count], which may answer with all elements.
func costOfPops(_ *Spec, args [][]byte, stored Stored) (e Estimate) {
	if len(args) > 2 {
		e.Work = stored.Weigh(args[1])
	}
	return e
}

// costOfLMPop is the cost of LMPOP numkeys key …. What stands behind the keys is hardly a key.
func costOfLMPop(_ *Spec, args [][]byte, stored Stored) (e Estimate) {
	for _, key := range args[2:] {
		e.Work = max(e.Work, stored.Weigh(key))
	}
	return e
}

// costOfTrim is the cost of LTRIM: it cuts the list in two places.
func costOfTrim(*Spec, [][]byte, Stored) Estimate { return Estimate{Work: 2 * chunkWork} }

// The commands on lists.
var (
	LIndex = &Spec{
		Name:       "lindex",
		Usage:      "<key:key> <index:integer>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Answers with the element at an index; -1 is the last one.",
		Complexity: "O(log N) in the length of the list.",
	}
	LInsert = &Spec{
		Name:       "linsert",
		Usage:      "<key:key> where=(BEFORE | AFTER) <pivot> <element>",
		Arity:      5,
		Class:      Write,
		Cost:       costOfSearch,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Inserts an element before or behind the first one that equals a given one.",
		Complexity: "O(N) in the number of elements before that.",
	}
	LLen = &Spec{
		Name:       "llen",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      Read,
		Flags:      FlagReadOnly | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, looksAt)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Tells how many elements a list has.",
		Complexity: "O(1)",
	}
	LMove = &Spec{
		Name:       "lmove",
		Usage:      "<source:key> <destination:key> wherefrom=" + leftOrRight + " whereto=" + leftOrRight,
		Arity:      5,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, takes), oneKey(2, lengthens)},
		Group:      "list",
		Since:      "6.2.0",
		Summary:    "Moves the element at one end of a list to an end of another list, and answers with it.",
		Complexity: "O(1)",
	}
	LMPop = &Spec{
		Name:       "lmpop",
		Usage:      "<numkeys:integer> <key:key>... where=" + leftOrRight + " [COUNT <count:integer>]",
		Arity:      -4,
		Class:      Write,
		Cost:       costOfLMPop,
		Flags:      FlagWrite,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{countedKeys(1, takes)},
		Group:      "list",
		Since:      "7.0.0",
		Summary:    "Takes elements from one end of the first list that there is, and answers with its key and them.",
		Complexity: "O(N+M) in the number of keys and of the elements that it takes.",
	}
	LPop = &Spec{
		Name:       "lpop",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      Write,
		Cost:       costOfPops,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, takes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Takes the first element of a list, or the first ones, and answers with them.",
		Complexity: "O(N) in the number of elements that it takes.",
	}
	LPos = &Spec{
		Name: "lpos",
		Usage: "<key:key> <element> [RANK <rank:integer>] [COUNT <num-matches:integer>] " +
			"[MAXLEN <len:integer>]",
		Arity:      -3,
		Class:      Read,
		Linear:     true,
		Flags:      FlagReadOnly,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "list",
		Since:      "6.0.6",
		Summary:    "Tells at which indexes a list has an element.",
		Complexity: "O(N) in the number of elements that it compares.",
	}
	LPush = &Spec{
		Name:       "lpush",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts elements before the first one of a list, one after the other. Makes the list if there is none.",
		Complexity: "O(1) for each element.",
	}
	LPushX = &Spec{
		Name:       "lpushx",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Puts elements before the first one of a list, if there is a list.",
		Complexity: "O(1) for each element.",
	}
	LRange = &Spec{
		Name:       "lrange",
		Usage:      "<key:key> <start:integer> <stop:integer>",
		Arity:      4,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, reads)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Answers with the elements from one index to another.",
		Complexity: "O(log N + M) in the length of the list and the number of elements in the answer.",
	}
	LRem = &Spec{
		Name:       "lrem",
		Usage:      "<key:key> <count:integer> <element>",
		Arity:      4,
		Class:      Write,
		Cost:       costOfSearch,
		Flags:      FlagWrite,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, []string{"RW", "delete"})},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Removes what equals an element: the first ones, the last ones, or all.",
		Complexity: "O(N) in the number of elements that it compares.",
	}
	LSet = &Spec{
		Name:       "lset",
		Usage:      "<key:key> <index:integer> <element>",
		Arity:      4,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, changes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts an element in place of the one at an index.",
		Complexity: "O(log N) in the length of the list.",
	}
	LTrim = &Spec{
		Name:       "ltrim",
		Usage:      "<key:key> <start:integer> <stop:integer>",
		Arity:      4,
		Class:      Write,
		Cost:       costOfTrim,
		Flags:      FlagWrite,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, []string{"RW", "delete"})},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Removes the elements before one index and behind another.",
		Complexity: "O(log N) in the length of the list.",
	}
	RPop = &Spec{
		Name:       "rpop",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      Write,
		Cost:       costOfPops,
		Flags:      FlagWrite | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, takes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Takes the last element of a list, or the last ones, and answers with them.",
		Complexity: "O(N) in the number of elements that it takes.",
	}
	RPopLPush = &Spec{
		Name:       "rpoplpush",
		Usage:      "<source:key> <destination:key>",
		Arity:      3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, takes), oneKey(2, lengthens)},
		Group:      "list",
		Since:      "1.2.0",
		Summary:    "Moves the last element of a list before the first one of another list, and answers with it.",
		Complexity: "O(1)",
	}
	RPush = &Spec{
		Name:       "rpush",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts elements behind the last one of a list. Makes the list if there is none.",
		Complexity: "O(1) for each element.",
	}
	RPushX = &Spec{
		Name:       "rpushx",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      Write,
		Flags:      FlagWrite | FlagDenyOOM | FlagFast,
		Categories: CategoryList,
		KeySpecs:   []KeySpec{oneKey(1, lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Puts elements behind the last one of a list, if there is a list.",
		Complexity: "O(1) for each element.",
	}
)
