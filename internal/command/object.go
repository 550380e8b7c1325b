package command

var objectCommands = []*Spec{Object}

// The commands that show how a value is kept.
var (
	Object = &Spec{
		Name:       "object",
		Arity:      -2,
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Holds the commands about how values are kept.",
		Complexity: "Depends on the subcommand.",
		Subcommands: []*Spec{
			ObjectEncoding, ObjectFreq, ObjectHelp, ObjectIdleTime, ObjectRefCount,
		},
	}
	ObjectEncoding = &Spec{
		Name:       "object|encoding",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(2, looksAt)},
		Tips:       []string{varies},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Names the way in which Redis would keep the value at a key.",
		Complexity: "O(1)",
	}
	ObjectFreq = &Spec{
		Name:       "object|freq",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(2, looksAt)},
		Tips:       []string{varies},
		Group:      "generic",
		Since:      "4.0.0",
		Summary:    "Is refused: how often keys are used is not tracked.",
		Complexity: "O(1)",
	}
	ObjectHelp = &Spec{
		Name:       "object|help",
		Arity:      2,
		Class:      Read,
		Flags:      FlagLoading | FlagStale,
		Categories: CategoryKeyspace,
		Group:      "generic",
		Since:      "6.2.0",
		Summary:    "Lists the subcommands.",
		Complexity: "O(1)",
	}
	ObjectIdleTime = &Spec{
		Name:       "object|idletime",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(2, looksAt)},
		Tips:       []string{varies},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Is refused: when keys were used last is not tracked.",
		Complexity: "O(1)",
	}
	ObjectRefCount = &Spec{
		Name:       "object|refcount",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      Read,
		Flags:      FlagReadOnly,
		Categories: CategoryKeyspace,
		KeySpecs:   []KeySpec{oneKey(2, looksAt)},
		Tips:       []string{varies},
		Group:      "generic",
		Since:      "2.2.3",
		Summary:    "Answers with 1 for every key: values are not shared.",
		Complexity: "O(1)",
	}
)
