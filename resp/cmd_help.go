package resp

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// help is the handler of a subcommand HELP: it answers lines of text.
func help(of *command.Spec, lines []string) handler {
	answer := func(_ *Conn, dst []byte, _ [][]byte) []byte {
		dst = reply.ArrayHeader(dst, len(lines))
		for _, text := range lines {
			dst = reply.Simple(dst, text)
		}
		return dst
	}
	return handler{of: of, answer: answer, pure: true}
}

var commandHelpLines = []string{
	"COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"(none)",
	"    Describe all commands.",
	"COUNT",
	"    Count the commands.",
	"DOCS [<command> ...]",
	"    Document these commands, or all.",
	"GETKEYS <command> [<arg> ...]",
	"    Pick the keys out of a command.",
	"GETKEYSANDFLAGS <command> [<arg> ...]",
	"    Pick the keys out of a command, each with what the command does to it.",
	"INFO [<command> ...]",
	"    Describe these commands, or all.",
	"LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
	"    List the names of commands and subcommands.",
	"HELP",
	"    Show this list.",
}

var clientHelpLines = []string{
	"CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"CACHING (YES|NO)",
	"    Say whether the client keeps the keys of the next command, after TRACKING with OPTIN or OPTOUT.",
	"GETNAME",
	"    Show the name of this connection.",
	"GETREDIR",
	"    Show which connection is told of changes instead of this one.",
	"ID",
	"    Show the number of this connection.",
	"INFO",
	"    Show what the node knows of this connection.",
	"KILL <ip:port>",
	"    End the connection from this address.",
	"KILL <option> <value> [<option> <value> ...]",
	"    End the connections that meet all conditions, and show how many they were:",
	"    ADDR <ip:port>, LADDR <ip:port>, ID <id>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <name>,",
	"    SKIPME (YES|NO): leave out this connection (YES unless given).",
	"LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|ID <id> [<id> ...]]",
	"    List connections, one a line.",
	"NO-EVICT (ON|OFF)",
	"    Protect this connection from eviction. None is ever evicted.",
	"NO-TOUCH (ON|OFF)",
	"    Have the commands of this connection not count as use of keys. None ever does.",
	"PAUSE <milliseconds> [WRITE|ALL]",
	"    Put off writes, or all commands, of all connections of this node.",
	"REPLY (ON|OFF|SKIP)",
	"    Answer all commands of this connection, none, or all but the next.",
	"SETINFO (LIB-NAME|LIB-VER) <value>",
	"    Tell the node of the library that the client uses.",
	"SETNAME <name>",
	"    Name this connection.",
	"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
	"    Have the client told when keys change that it has read.",
	"TRACKINGINFO",
	"    Show what TRACKING is set to.",
	"UNBLOCK <id> [TIMEOUT|ERROR]",
	"    End what a connection waits for, as if its time was over, or with an error.",
	"UNPAUSE",
	"    End a pause.",
	"HELP",
	"    Show this list.",
}

var moduleHelpLines = []string{
	"MODULE <subcommand>. Subcommands are:",
	"LIST",
	"    List the modules: there are none.",
	"HELP",
	"    Show this list.",
}

var slowLogHelpLines = []string{
	"SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"GET [<count>]",
	"    Show the newest of the runs that took long (10 unless a count is given; -1 means all), each as:",
	"    id, second, microseconds, the first command, address and name of the client",
	"LEN",
	"    Count them.",
	"RESET",
	"    Forget them.",
	"HELP",
	"    Show this list.",
}

var latencyHelpLines = []string{
	"LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"DOCTOR",
	"    Show in sentences what was late, and what to do.",
	"GRAPH <event>",
	"    Draw when an event took long, and how long.",
	"HISTOGRAM [<command> ...]",
	"    Show how many calls of commands took how long.",
	"HISTORY <event>",
	"    Show when an event took long, and how long.",
	"LATEST",
	"    Show when each event took long last, how long then, and at most.",
	"RESET [<event> ...]",
	"    Forget these events, or all.",
	"HELP",
	"    Show this list.",
}

var configHelpLines = []string{
	"CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"GET <pattern> [<pattern> ...]",
	"    Show the settings whose names match a pattern.",
	"SET <name> <value> [<name> <value> ...]",
	"    Change settings of this node, all or none.",
	"RESETSTAT",
	"    Make the counts in INFO begin anew.",
	"REWRITE",
	"    Write what SET has changed into the configuration file.",
	"HELP",
	"    Show this list.",
}

var memoryHelpLines = []string{
	"MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"MALLOC-STATS",
	"    Show what Go's allocator and collector count.",
	"PURGE",
	"    Collect garbage and give free memory back to the system.",
	"STATS",
	"    Show for what this node uses its memory.",
	"USAGE <key> [SAMPLES <count>]",
	"    Estimate the bytes of a key with its value. Nothing is sampled: the count means nothing.",
	"HELP",
	"    Show this list.",
}

var debugHelpLines = []string{
	"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"ERROR <string>",
	"    Answer with this error.",
	"LOG <message>",
	"    Write a line into the log of the node.",
	"OBJECT <key>",
	"    Show how the value of a key is kept.",
	"PROTOCOL <type>",
	"    Answer with a value of this type: string, integer, double, bignum, null, array, set, map, attrib, push,",
	"    verbatim, true or false.",
	"SET-ACTIVE-EXPIRE (0|1)",
	"    1 changes nothing, 0 is refused: the log removes expired keys, on all nodes alike.",
	"SLEEP <seconds>",
	"    Answer after so many seconds, fractions allowed. Only this connection waits.",
	"HELP",
	"    Show this list.",
}
