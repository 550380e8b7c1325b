package exec

import "github.com/raftredis/raftredis/internal/command"

// Read is the function of a command that changes nothing: it returns the call's replies with its own behind them. It
// gets a View, which can change nothing, and may run beside other reads.
type Read = func(v View, c Call) []byte

// Write is the function of a command that may change the key space: it returns what a Read does. It depends on nothing
// but the Writer and the call's arguments, so that it does the same on every node.
type Write = func(w *Writer, c Call) []byte

// Function attaches its function to a command: Read or Write, as the command's class is; both where some calls only
// read (Spec.ReadsIf), or may fill a cache (Spec.Fills).
type Function struct {
	// Of is the command.
	Of    *command.Spec
	Read  Read
	Write Write
}
