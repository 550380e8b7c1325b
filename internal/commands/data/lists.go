package data

import "github.com/raftredis/raftredis/internal/command"

var listCommands = []*command.Spec{
	LIndex, LInsert, LLen, LMove, LMPop, LPop, LPos, LPush, LPushX, LRange, LRem, LSet, LTrim, RPop, RPopLPush, RPush,
	RPushX,
}

// leftOrRight names an end of a list.
const leftOrRight = "(LEFT | RIGHT)"

// costOfSearch is the cost of a command that may compare all elements of a list.
func costOfSearch(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	there := stored.Weigh(args[1])
	return command.Estimate{Work: there, Made: there + len(args[len(args)-1])}
}

// costOfPops is the cost of LPOP and RPOP key [count], which may answer with all elements.
func costOfPops(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	if len(args) > 2 {
		e.Work = stored.Weigh(args[1])
	}
	return e
}

// costOfLMPop is the cost of LMPOP numkeys key …. What stands behind the keys is hardly a key.
func costOfLMPop(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	for _, key := range args[2:] {
		e.Work = max(e.Work, stored.Weigh(key))
	}
	return e
}

// costOfTrim is the cost of LTRIM: it cuts the list in two places.
func costOfTrim(*command.Spec, [][]byte, command.Stored) command.Estimate {
	return command.Estimate{Work: 2 * chunkWork}
}

// The commands on lists.
var (
	LIndex = &command.Spec{
		Name:       "lindex",
		Usage:      "<key:key> <index:integer>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Answers with the element at an index; -1 is the last one.",
		Complexity: "O(log N) in the length of the list.",
	}
	LInsert = &command.Spec{
		Name:       "linsert",
		Usage:      "<key:key> where=(BEFORE | AFTER) <pivot> <element>",
		Arity:      5,
		Class:      command.Write,
		Cost:       costOfSearch,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Inserts an element before or behind the first one that equals a given one.",
		Complexity: "O(N) in the number of elements before that.",
	}
	LLen = &command.Spec{
		Name:       "llen",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Tells how many elements a list has.",
		Complexity: "O(1)",
	}
	LMove = &command.Spec{
		Name:       "lmove",
		Usage:      "<source:key> <destination:key> wherefrom=" + leftOrRight + " whereto=" + leftOrRight,
		Arity:      5,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes), command.OneKey(2, command.Lengthens)},
		Group:      "list",
		Since:      "6.2.0",
		Summary:    "Moves the element at one end of a list to an end of another list, and answers with it.",
		Complexity: "O(1)",
	}
	LMPop = &command.Spec{
		Name:       "lmpop",
		Usage:      "<numkeys:integer> <key:key>... where=" + leftOrRight + " [COUNT <count:integer>]",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfLMPop,
		Flags:      command.FlagWrite,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Takes)},
		Group:      "list",
		Since:      "7.0.0",
		Summary:    "Takes elements from one end of the first list that there is, and answers with its key and them.",
		Complexity: "O(N+M) in the number of keys and of the elements that it takes.",
	}
	LPop = &command.Spec{
		Name:       "lpop",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfPops,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Takes the first element of a list, or the first ones, and answers with them.",
		Complexity: "O(N) in the number of elements that it takes.",
	}
	LPos = &command.Spec{
		Name: "lpos",
		Usage: "<key:key> <element> [RANK <rank:integer>] [COUNT <num-matches:integer>] " +
			"[MAXLEN <len:integer>]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "list",
		Since:      "6.0.6",
		Summary:    "Tells at which indexes a list has an element.",
		Complexity: "O(N) in the number of elements that it compares.",
	}
	LPush = &command.Spec{
		Name:       "lpush",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts elements before the first one of a list, one after the other. Makes the list if there is none.",
		Complexity: "O(1) for each element.",
	}
	LPushX = &command.Spec{
		Name:       "lpushx",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Puts elements before the first one of a list, if there is a list.",
		Complexity: "O(1) for each element.",
	}
	LRange = &command.Spec{
		Name:       "lrange",
		Usage:      "<key:key> <start:integer> <stop:integer>",
		Arity:      4,
		Class:      command.Read,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Answers with the elements from one index to another.",
		Complexity: "O(log N + M) in the length of the list and the number of elements in the answer.",
	}
	LRem = &command.Spec{
		Name:       "lrem",
		Usage:      "<key:key> <count:integer> <element>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfSearch,
		Flags:      command.FlagWrite,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, []string{"RW", "delete"})},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Removes what equals an element: the first ones, the last ones, or all.",
		Complexity: "O(N) in the number of elements that it compares.",
	}
	LSet = &command.Spec{
		Name:       "lset",
		Usage:      "<key:key> <index:integer> <element>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts an element in place of the one at an index.",
		Complexity: "O(log N) in the length of the list.",
	}
	LTrim = &command.Spec{
		Name:       "ltrim",
		Usage:      "<key:key> <start:integer> <stop:integer>",
		Arity:      4,
		Class:      command.Write,
		Cost:       costOfTrim,
		Flags:      command.FlagWrite,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, []string{"RW", "delete"})},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Removes the elements before one index and behind another.",
		Complexity: "O(log N) in the length of the list.",
	}
	RPop = &command.Spec{
		Name:       "rpop",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfPops,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Takes the last element of a list, or the last ones, and answers with them.",
		Complexity: "O(N) in the number of elements that it takes.",
	}
	RPopLPush = &command.Spec{
		Name:       "rpoplpush",
		Usage:      "<source:key> <destination:key>",
		Arity:      3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes), command.OneKey(2, command.Lengthens)},
		Group:      "list",
		Since:      "1.2.0",
		Summary:    "Moves the last element of a list before the first one of another list, and answers with it.",
		Complexity: "O(1)",
	}
	RPush = &command.Spec{
		Name:       "rpush",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "list",
		Since:      "1.0.0",
		Summary:    "Puts elements behind the last one of a list. Makes the list if there is none.",
		Complexity: "O(1) for each element.",
	}
	RPushX = &command.Spec{
		Name:       "rpushx",
		Usage:      "<key:key> <element>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryList,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "list",
		Since:      "2.2.0",
		Summary:    "Puts elements behind the last one of a list, if there is a list.",
		Complexity: "O(1) for each element.",
	}
)
