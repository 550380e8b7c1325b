package data

import "github.com/raftredis/raftredis/internal/command"

var deadlineCommands = []*command.Spec{
	Expire, ExpireAt, ExpireTime, Persist, PExpire, PExpireAt, PExpireTime, PTTL, TTL,
}

// onCondition are the options of EXPIRE and its kin.
const onCondition = "[condition=(NX | XX | GT | LT)]"

// The commands on the deadlines of keys.
var (
	Expire = &command.Spec{
		Name:       "expire",
		Usage:      "<key:key> <seconds:integer> " + onCondition,
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "generic",
		Since:      "1.0.0",
		Summary:    "Gives a key so many seconds; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	ExpireAt = &command.Spec{
		Name:       "expireat",
		Usage:      "<key:key> <unix-time-seconds:unix-time> " + onCondition,
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "generic",
		Since:      "1.2.0",
		Summary:    "Gives a key until a second of Unix time; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	ExpireTime = &command.Spec{
		Name:       "expiretime",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "generic",
		Since:      "7.0.0",
		Summary:    "Answers with the second of Unix time at which a key ends.",
		Complexity: "O(1)",
	}
	Persist = &command.Spec{
		Name:       "persist",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "generic",
		Since:      "2.2.0",
		Summary:    "Takes a key's deadline away.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	PExpire = &command.Spec{
		Name:       "pexpire",
		Usage:      "<key:key> <milliseconds:integer> " + onCondition,
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Gives a key so many milliseconds; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	PExpireAt = &command.Spec{
		Name:       "pexpireat",
		Usage:      "<key:key> <unix-time-milliseconds:unix-time> " + onCondition,
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Gives a key until a millisecond of Unix time; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	}
	PExpireTime = &command.Spec{
		Name:       "pexpiretime",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "generic",
		Since:      "7.0.0",
		Summary:    "Answers with the millisecond of Unix time at which a key ends.",
		Complexity: "O(1)",
	}
	PTTL = &command.Spec{
		Name:       "pttl",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "2.6.0",
		Summary:    "Answers with the milliseconds that a key has left.",
		Complexity: "O(1)",
	}
	TTL = &command.Spec{
		Name:       "ttl",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryKeyspace,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "generic",
		Since:      "1.0.0",
		Summary:    "Answers with the seconds that a key has left.",
		Complexity: "O(1)",
	}
)
