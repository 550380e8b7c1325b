package data

import "github.com/raftredis/raftredis/internal/command"

var setCommands = []*command.Spec{
	SAdd, SCard, SDiff, SDiffStore, SInter, SInterCard, SInterStore, SIsMember, SMembers, SMIsMember,
	SMove, SPop, SRandMember, SRem, SScan, SUnion, SUnionStore,
}

// costOfIntersecting is the cost of a command that makes a set of what all sets at its keys but the first have: it goes
// through the smallest.
func costOfIntersecting(s *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	var few [8]int
	keys := s.Keys(few[:0], args)
	for i, at := range keys[min(1, len(keys)):] {
		if weight := stored.Weigh(args[at]); i == 0 || weight < e.Made {
			e.Made = weight
		}
	}
	e.Work = makingWork * e.Made * max(len(keys)-1, 1)
	return e
}

// costOfSubtracting is the cost of a command that makes a set of what the first set has, and no other one.
func costOfSubtracting(s *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	var few [8]int
	if keys := s.Keys(few[:0], args); len(keys) > 1 {
		e.Made = stored.Weigh(args[keys[1]])
		e.Work = makingWork * e.Made * (len(keys) - 1)
	}
	return e
}

// costOfSPop is the cost of SPOP key [count].
func costOfSPop(_ *command.Spec, args [][]byte, stored command.Stored) (e command.Estimate) {
	if len(args) > 2 {
		e = someOf(args[2], stored.Weigh(args[1]))
	}
	return e
}

// The commands on sets.
var (
	SAdd = &command.Spec{
		Name:       "sadd",
		Usage:      "<key:key> <member>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Lengthens)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Adds members to a set, and says how many are new. Makes the set if there is none.",
		Complexity: "O(N) in the number of members given.",
	}
	SCard = &command.Spec{
		Name:       "scard",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Tells how many members a set has.",
		Complexity: "O(1)",
	}
	SDiff = &command.Spec{
		Name:       "sdiff",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.Reads)},
		Tips:       []string{command.TipVariesInOrder},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Answers with the members of the first set that no other set has.",
		Complexity: "O(N) in the number of members of all sets.",
	}
	SDiffStore = &command.Spec{
		Name:       "sdiffstore",
		Usage:      "<destination:key> <key:key>...",
		Arity:      -3,
		Class:      command.Write,
		Cost:       costOfSubtracting,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.KeysFrom(2, command.Reads)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Makes a set of the members of the first set that no other set has.",
		Complexity: "O(N) in the number of members of all sets.",
	}
	SInter = &command.Spec{
		Name:       "sinter",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.Reads)},
		Tips:       []string{command.TipVariesInOrder},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Answers with the members that all sets have.",
		Complexity: "O(N*M) in the members of the smallest set and the number of sets.",
	}
	SInterCard = &command.Spec{
		Name:       "sintercard",
		Usage:      "<numkeys:integer> <key:key>... [LIMIT <limit:integer>]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.CountedKeys(1, command.Reads)},
		Group:      "set",
		Since:      "7.0.0",
		Summary:    "Tells how many members all sets have, and stops to count at a limit.",
		Complexity: "O(N*M) in the members of the smallest set and the number of sets.",
	}
	SInterStore = &command.Spec{
		Name:       "sinterstore",
		Usage:      "<destination:key> <key:key>...",
		Arity:      -3,
		Class:      command.Write,
		Cost:       costOfIntersecting,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes), command.KeysFrom(2, command.Reads)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Makes a set of the members that all sets have.",
		Complexity: "O(N*M) in the members of the smallest set and the number of sets.",
	}
	SIsMember = &command.Spec{
		Name:       "sismember",
		Usage:      "<key:key> <member>",
		Arity:      3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Tells whether a set has a member.",
		Complexity: "O(1)",
	}
	SMembers = &command.Spec{
		Name:       "smembers",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVariesInOrder},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Answers with all members of a set.",
		Complexity: "O(N) in the number of members.",
	}
	SMIsMember = &command.Spec{
		Name:       "smismember",
		Usage:      "<key:key> <member>...",
		Arity:      -3,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "set",
		Since:      "6.2.0",
		Summary:    "Tells of several members whether a set has them.",
		Complexity: "O(N) in the number of members given.",
	}
	SMove = &command.Spec{
		Name:       "smove",
		Usage:      "<source:key> <destination:key> <member>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes), command.OneKey(2, command.Lengthens)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Moves a member from one set to another.",
		Complexity: "O(1)",
	}
	SPop = &command.Spec{
		Name:       "spop",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Write,
		Cost:       costOfSPop,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Takes)},
		Tips:       []string{command.TipVaries},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Removes members of a set, drawn at random, and answers with them.",
		Complexity: "O(N) in the number of members that are drawn.",
	}
	SRandMember = &command.Spec{
		Name:       "srandmember",
		Usage:      "<key:key> [<count:integer>]",
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Answers with members of a set, drawn at random.",
		Complexity: "O(N) in the number of members that are drawn.",
	}
	SRem = &command.Spec{
		Name:       "srem",
		Usage:      "<key:key> <member>...",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Deletes)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Removes members of a set and says how many there were.",
		Complexity: "O(N) in the number of members given.",
	}
	SScan = &command.Spec{
		Name:       "sscan",
		Usage:      "<key:key> <cursor:integer> [MATCH <pattern:pattern>] [COUNT <count:integer>]",
		Arity:      -3,
		Class:      command.Read,
		Globs:      3,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "set",
		Since:      "2.8.0",
		Summary:    "Walks through the members of a set, a part with each call.",
		Complexity: "O(1) for each call, O(N) for all members.",
	}
	SUnion = &command.Spec{
		Name:       "sunion",
		Usage:      "<key:key>...",
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.KeysFrom(1, command.Reads)},
		Tips:       []string{command.TipVariesInOrder},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Answers with the members that any of the sets has.",
		Complexity: "O(N) in the number of members of all sets.",
	}
	SUnionStore = &command.Spec{
		Name:       "sunionstore",
		Usage:      "<destination:key> <key:key>...",
		Arity:      -3,
		Class:      command.Write,
		Cost:       costOfMaking,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySet,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Replaces), command.KeysFrom(2, command.Reads)},
		Group:      "set",
		Since:      "1.0.0",
		Summary:    "Makes a set of the members that any of the sets has.",
		Complexity: "O(N) in the number of members of all sets.",
	}
)
