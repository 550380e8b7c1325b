package resp

import "github.com/raftredis/raftredis/internal/reply"

// help is a handler for HELP: it answers lines of text.
func help(lines []string) handler {
	answer := func(_ *Conn, dst []byte, _ [][]byte) []byte {
		dst = reply.ArrayHeader(dst, len(lines))
		for _, text := range lines {
			dst = reply.Simple(dst, text)
		}
		return dst
	}
	return handler{answer: answer, pure: true}
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
