package reply

import (
	"bytes"
	"fmt"
	"strings"
)

// Error texts, to the letter those of Redis 7, each with its prefix; hand them to Error.
const (
	Syntax           = "ERR syntax error"
	NotInteger       = "ERR value is not an integer or out of range"
	NotFloat         = "ERR value is not a valid float"
	Overflow         = "ERR increment or decrement would overflow"
	DecrementMinimum = "ERR decrement would overflow"
	StringTooLong    = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	WrongType        = "WRONGTYPE Operation against a key holding the wrong kind of value"
	NoSuchKey        = "ERR no such key"
	IndexOutOfRange  = "ERR index out of range"
	DBOutOfRange     = "ERR DB index is out of range"
	NoAuth           = "NOAUTH Authentication required."
	WrongPass        = "WRONGPASS invalid username-password pair or user is disabled."
	NoProto          = "NOPROTO unsupported protocol version"
	NotProtoInteger  = "ERR Protocol version is not an integer or out of range"
	MaxClients       = "ERR max number of clients reached"
	OutOfMemory      = "OOM command not allowed when used memory > 'maxmemory'."
	Loading          = "LOADING Redis is loading the dataset in memory"
)

// Error texts of the commands on strings and bitmaps.
const (
	NotFinite         = "ERR increment would produce NaN or Infinity"
	OffsetOutOfRange  = "ERR offset is out of range"
	LCSLengthAndIndex = "ERR If you want both the length and indexes, please just use IDX."
	LCSMemory         = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
	BitOffset         = "ERR bit offset is not an integer or out of range"
	BitValue          = "ERR bit is not an integer or out of range"
	BitArgument       = "ERR The bit argument must be 1 or 0."
	BitOpNot          = "ERR BITOP NOT must be called with a single source key."
	BitFieldType      = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	BitFieldOverflow  = "ERR Invalid OVERFLOW type specified"
	BitFieldReadOnly  = "ERR BITFIELD_RO only supports the GET subcommand"
)

// previewBytes is how much of a name, and of the arguments together, Redis repeats in an error.
const previewBytes = 128

// WrongArity is the text for a call with a wrong number of arguments; name is that of the table.
func WrongArity(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}

// NeedsLevel is the text for a command that came in a later feature level than the cluster's.
func NeedsLevel(name string, needs, inForce uint8) string {
	return fmt.Sprintf("ERR '%s' needs feature level %d, and this cluster is at %d until all of its nodes run a build "+
		"that knows it: INFO raft names those that do not (raft_feature_level_waits_for)", name, needs, inForce)
}

// RefusedOnce is the text for a command that RAFT.ONCE does not take.
func RefusedOnce(name, why string) string {
	return "ERR RAFT.ONCE does not take '" + name + "': " + why
}

// UnknownCommand is the text for a name that no command has; args are all arguments, name included. As in Redis, the
// name ends at a zero byte (it is printed as a C string there), and so does each argument.
func UnknownCommand(args [][]byte) string {
	var text strings.Builder
	text.WriteString("ERR unknown command '")
	text.Write(preview(args[0], previewBytes))
	text.WriteString("', with args beginning with: ")
	for shown, i := 0, 1; i < len(args) && shown < previewBytes; i++ {
		arg := preview(args[i], previewBytes-shown)
		text.WriteByte('\'')
		text.Write(arg)
		text.WriteString("' ")
		shown += len(arg) + 3
	}
	return text.String()
}

// UnknownSubcommand is the text for a container without that subcommand; args are all arguments, both names included.
func UnknownSubcommand(args [][]byte) string {
	container := string(bytes.ToUpper(args[0]))
	return "ERR unknown subcommand '" + string(preview(args[1], previewBytes)) + "'. Try " + container + " HELP."
}

// SubcommandSyntax is the text of commands that judge their first argument and the number of the others in one; args
// are all arguments, both names included.
func SubcommandSyntax(args [][]byte) string {
	return "ERR unknown subcommand or wrong number of arguments for '" + string(preview(args[1], previewBytes)) +
		"'. Try " + string(bytes.ToUpper(args[0])) + " HELP."
}

// preview is at most limit bytes of value, up to the first zero byte.
func preview(value []byte, limit int) []byte {
	if len(value) > limit {
		value = value[:limit]
	}
	if end := bytes.IndexByte(value, 0); end >= 0 {
		value = value[:end]
	}
	return value
}
