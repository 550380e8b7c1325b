package data

import "github.com/raftredis/raftredis/internal/command"

var streamCommands = []*command.Spec{
	XAck, XAdd, XAutoClaim, XClaim, XDel, XGroup, XInfo, XLen, XPending, XRange, XRead, XReadGroup, XRevRange, XSetID,
	XTrim,
}

// streamTrim is what XADD and XTRIM take to drop the oldest entries.
const streamTrim = "trim={strategy=(MAXLEN | MINID) [operator=(equal== | approximately=~)] <threshold> " +
	"[LIMIT <count:integer>]}"

// streamsBehind is the specification of keys behind STREAMS, which are the first half of what stands there; the word
// stands at a position or behind it.
func streamsBehind(position int) command.KeySpec {
	return command.KeySpec{Flags: command.Reads, First: position, Last: -1, Step: 1, Keyword: "STREAMS", Limit: 2}
}

// The commands on streams.
var (
	XAck = &command.Spec{
		Name:       "xack",
		Usage:      "<key:key> <group> <id>...",
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfXClaim,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Takes entries off the list of those that are pending, and says how many were on it.",
		Complexity: "O(log(N)) for each ID, in the number of pending entries.",
	}
	XAdd = &command.Spec{
		Name: "xadd",
		Usage: "<key:key> [NOMKSTREAM] [" + streamTrim + "] id-selector=(auto-id=* | <id>) " +
			"data={<field> <value>}...",
		Arity:      -5,
		Class:      command.Write,
		Cost:       costOfXAdd,
		LaysOut:    true,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Appends an entry to a stream and answers with its ID. Makes the stream if there is none.",
		Complexity: "O(1), and O(N) in the entries that are dropped.",
	}
	XAutoClaim = &command.Spec{
		Name:       "xautoclaim",
		Usage:      "<key:key> <group> <consumer> <min-idle-time> <start> [COUNT <count:integer>] [JUSTID]",
		Arity:      -6,
		Class:      command.Write,
		Cost:       costOfXAutoClaim,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, []string{"RW", "delete"})},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "6.2.0",
		Summary:    "Gives a consumer the pending entries that are idle for long enough, from any other.",
		Complexity: "O(N) in ten times COUNT.",
	}
	XClaim = &command.Spec{
		Name: "xclaim",
		Usage: "<key:key> <group> <consumer> <min-idle-time> <id>... [IDLE <ms:integer>] " +
			"[TIME <unix-time-milliseconds:unix-time>] [RETRYCOUNT <count:integer>] [FORCE] [JUSTID] [LASTID <lastid>]",
		Arity:      -6,
		Class:      command.Write,
		Cost:       costOfXClaim,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Gives a consumer pending entries of which the IDs are known.",
		Complexity: "O(log(N)) for each ID, in the number of pending entries.",
	}
	XDel = &command.Spec{
		Name:       "xdel",
		Usage:      "<key:key> <id>...",
		Arity:      -3,
		Class:      command.Write,
		Cost:       costOfXDel,
		Flags:      command.FlagWrite | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, []string{"RW", "delete"})},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Deletes entries from a stream and says how many there were.",
		Complexity: "O(log(N)) for each ID, in the number of entries.",
	}
	XLen = &command.Spec{
		Name:       "xlen",
		Usage:      "<key:key>",
		Arity:      2,
		Class:      command.Read,
		Flags:      command.FlagReadOnly | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.LooksAt)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Counts the entries of a stream.",
		Complexity: "O(1)",
	}
	XPending = &command.Spec{
		Name: "xpending",
		Usage: "<key:key> <group> [filters={[IDLE <min-idle-time:integer>] <start> <end> <count:integer> " +
			"[<consumer>]}]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Shows which entries were delivered to consumers of a group and not acknowledged.",
		Complexity: "O(N) in the entries shown, or in those that are passed over by IDLE; O(M) in the consumers of a group.",
	}
	XRange = &command.Spec{
		Name:       "xrange",
		Usage:      "<key:key> <start> <end> [COUNT <count:integer>]",
		Arity:      -4,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Answers with the entries from one ID to another.",
		Complexity: "O(log(N)+M) in the number of entries, and of those answered.",
	}
	XRead = &command.Spec{
		Name: "xread",
		Usage: "[COUNT <count:integer>] [BLOCK <milliseconds:integer>] " +
			"STREAMS streams={<key:key>... <id>...}",
		Arity:       -4,
		Class:       command.Read,
		Flags:       command.FlagReadOnly | command.FlagBlocking | command.FlagMovableKeys,
		BlockOption: "block",
		Categories:  command.CategoryStream,
		KeySpecs:    []command.KeySpec{streamsBehind(1)},
		Group:       "stream",
		Since:       "5.0.0",
		Summary:     "Answers with the entries of streams behind an ID of each, and waits for one if it shall.",
		Complexity:  "O(log(N)+M) for each stream, in the number of its entries, and of those answered.",
	}
	XReadGroup = &command.Spec{
		Name: "xreadgroup",
		Usage: "GROUP group-block={<group> <consumer>} [COUNT <count:integer>] [BLOCK <milliseconds:integer>] [NOACK] " +
			"STREAMS streams={<key:key>... <id>...}",
		Arity:       -7,
		Class:       command.Write,
		Cost:        costOfXReadGroup,
		Flags:       command.FlagWrite | command.FlagBlocking | command.FlagMovableKeys,
		BlockOption: "block",
		Categories:  command.CategoryStream,
		KeySpecs:    []command.KeySpec{streamsBehind(4)},
		Group:       "stream",
		Since:       "5.0.0",
		Summary:     "Delivers new entries to a consumer of a group, or shows those that are pending for it.",
		Complexity:  "O(M*log(N)) for each stream, in the entries delivered and in those that are pending.",
	}
	XRevRange = &command.Spec{
		Name:       "xrevrange",
		Usage:      "<key:key> <end> <start> [COUNT <count:integer>]",
		Arity:      -4,
		Class:      command.Read,
		Linear:     true,
		Asks:       true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Answers with the entries from one ID back to another, the newest first.",
		Complexity: "O(log(N)+M) in the number of entries, and of those answered.",
	}
	XSetID = &command.Spec{
		Name:       "xsetid",
		Usage:      "<key:key> <last-id> [ENTRIESADDED <entries-added:integer>] [MAXDELETEDID <max-deleted-id>]",
		Arity:      -3,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM | command.FlagFast,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Changes)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Sets the last ID of a stream, which that of the next entry exceeds.",
		Complexity: "O(1)",
	}
	XTrim = &command.Spec{
		Name:       "xtrim",
		Usage:      "<key:key> " + streamTrim,
		Arity:      -4,
		Class:      command.Write,
		Cost:       costOfXTrim,
		LaysOut:    true,
		Flags:      command.FlagWrite,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(1, []string{"RW", "delete"})},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Drops the oldest entries of a stream and says how many.",
		Complexity: "O(N) in the entries that are dropped, a hundred at a time.",
	}
)

// XGROUP and its subcommands.
var (
	XGroup = &command.Spec{
		Name:       "xgroup",
		Arity:      -2,
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Holds the commands on groups of consumers.",
		Complexity: "Depends on the subcommand.",
		Help:       []string{"XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{
			XGroupCreate, XGroupCreateConsumer, XGroupDelConsumer, XGroupDestroy, XGroupSetID, XGroupHelp,
		},
	}
	XGroupCreate = &command.Spec{
		Name: "xgroup|create",
		Usage: "<key:key> <group> id-selector=(<id> | new-id=$) [MKSTREAM] " +
			"[ENTRIESREAD <entries-read:integer>]",
		Arity:      -5,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Lengthens)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Makes a group of consumers of a stream.",
		Complexity: "O(log(N)) in the number of groups.",
		Help: []string{
			"CREATE <key> <group> <id>|$ [MKSTREAM] [ENTRIESREAD <n>]",
			"    Make a group that gets the entries behind an ID; $: behind the last one. MKSTREAM makes the stream too.",
		},
	}
	XGroupCreateConsumer = &command.Spec{
		Name:       "xgroup|createconsumer",
		Usage:      "<key:key> <group> <consumer>",
		Arity:      5,
		Class:      command.Write,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Lengthens)},
		Group:      "stream",
		Since:      "6.2.0",
		Summary:    "Makes a consumer of a group.",
		Complexity: "O(log(N)) in the number of consumers.",
		Help: []string{
			"CREATECONSUMER <key> <group> <consumer>",
			"    Make a consumer. XREADGROUP and XCLAIM make theirs by themselves.",
		},
	}
	XGroupDelConsumer = &command.Spec{
		Name:       "xgroup|delconsumer",
		Usage:      "<key:key> <group> <consumer>",
		Arity:      5,
		Class:      command.Write,
		Cost:       costOfConsumer,
		Flags:      command.FlagWrite,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, []string{"RW", "delete"})},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Removes a consumer of a group, and says how many entries were pending for it.",
		Complexity: "O(N*log(M)) in the entries that are pending for it, and for the group.",
		Help: []string{
			"DELCONSUMER <key> <group> <consumer>",
			"    Remove a consumer, and with it what is pending for it.",
		},
	}
	XGroupDestroy = &command.Spec{
		Name:       "xgroup|destroy",
		Usage:      "<key:key> <group>",
		Arity:      4,
		Class:      command.Write,
		Flags:      command.FlagWrite,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, []string{"RW", "delete"})},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Removes a group of consumers.",
		Complexity: "O(log(N)) in the number of groups.",
		Help: []string{
			"DESTROY <key> <group>",
			"    Remove a group with its consumers.",
		},
	}
	XGroupHelp = &command.Spec{
		Name:       "xgroup|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryStream,
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of XGROUP.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Print this help.",
		},
	}
	XGroupSetID = &command.Spec{
		Name: "xgroup|setid",
		Usage: "<key:key> <group> id-selector=(<id> | new-id=$) " +
			"[ENTRIESREAD <entriesread:integer=entries-read>]",
		Arity:      -5,
		Class:      command.Write,
		Flags:      command.FlagWrite,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Changes)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Sets the ID behind which a group gets entries.",
		Complexity: "O(log(N)) in the number of groups.",
		Help: []string{
			"SETID <key> <group> <id>|$ [ENTRIESREAD <n>]",
			"    Let a group go on behind an ID; $: behind the last one.",
		},
	}
)

// XINFO and its subcommands.
var (
	XInfo = &command.Spec{
		Name:        "xinfo",
		Arity:       -2,
		Group:       "stream",
		Since:       "5.0.0",
		Summary:     "Holds the commands that describe streams.",
		Complexity:  "Depends on the subcommand.",
		Help:        []string{"XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"},
		Subcommands: []*command.Spec{XInfoConsumers, XInfoGroups, XInfoStream, XInfoHelp},
	}
	XInfoConsumers = &command.Spec{
		Name:       "xinfo|consumers",
		Usage:      "<key:key> <group>",
		Arity:      4,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Reads)},
		Tips:       []string{command.TipVaries},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Lists the consumers of a group.",
		Complexity: "O(N) in the number of consumers.",
		Help: []string{
			"CONSUMERS <key> <group>",
			"    List the consumers of a group.",
		},
	}
	XInfoGroups = &command.Spec{
		Name:       "xinfo|groups",
		Usage:      "<key:key>",
		Arity:      3,
		Class:      command.Read,
		Linear:     true,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Reads)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Lists the groups of consumers of a stream.",
		Complexity: "O(N) in the number of groups.",
		Help: []string{
			"GROUPS <key>",
			"    List the groups of a stream.",
		},
	}
	XInfoHelp = &command.Spec{
		Name:       "xinfo|help",
		Arity:      2,
		Flags:      command.FlagLoading | command.FlagStale,
		Categories: command.CategoryStream,
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Lists the subcommands of XINFO.",
		Complexity: "O(1)",
		Help: []string{
			"HELP",
			"    Print this help.",
		},
	}
	XInfoStream = &command.Spec{
		Name:       "xinfo|stream",
		Usage:      "<key:key> [full-block={FULL [COUNT <count:integer>]}]",
		Arity:      -3,
		Class:      command.Read,
		Linear:     true,
		Cost:       costOfXInfo,
		Flags:      command.FlagReadOnly,
		Categories: command.CategoryStream,
		KeySpecs:   []command.KeySpec{command.OneKey(2, command.Reads)},
		Group:      "stream",
		Since:      "5.0.0",
		Summary:    "Describes a stream, and with FULL its groups and consumers.",
		Complexity: "O(1), and with FULL O(N) in what is shown.",
		Help: []string{
			"STREAM <key> [FULL [COUNT <n>]]",
			"    Describe a stream; FULL with its entries, groups and consumers, up to <n> of each list (10; 0: all).",
		},
	}
)
