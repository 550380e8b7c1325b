package raftlog

import (
	"errors"
	"fmt"
)

// EntryKind says what an entry is for.
type EntryKind uint8

// The kinds of entries. Their numbers are part of the format on disk and on the wire.
const (
	// EntryNoOp starts a term.
	EntryNoOp EntryKind = 1
	// EntryCommand carries a batch of commands for the state machine.
	EntryCommand EntryKind = 2
	// EntryConfiguration carries an encoded Configuration.
	EntryConfiguration EntryKind = 3
	// EntryTick only moves the state machine's time.
	EntryTick EntryKind = 4
)

// Traits are what code that handles entries of all kinds asks about a kind. Only the code that makes entries of a kind,
// and the code that reads their bodies, names the kind itself.
type Traits struct {
	// Name is the kind in messages and transcripts, Title for people who look into a log.
	Name, Title string
	// Proposable: a leader appends such an entry when it is asked to. The core makes the other ones by itself.
	Proposable bool
	// ForMachine: the body is for the state machine. Entries without it still move the machine's index and time.
	ForMachine bool
	// WaitsForRoom: the entry waits until the journal has room for it. The other ones are few and small, and are always
	// taken: without them nothing is committed, and room never comes back.
	WaitsForRoom bool
	// Configures: the body is a configuration, in force as soon as the entry is appended.
	Configures bool
}

// kinds has a row for each kind.
var kinds = [...]Traits{
	EntryNoOp:          {Name: "no-op", Title: "start of term", Proposable: true},
	EntryCommand:       {Name: "command", Title: "commands", Proposable: true, ForMachine: true, WaitsForRoom: true},
	EntryConfiguration: {Name: "configuration", Title: "configuration", Configures: true},
	EntryTick:          {Name: "tick", Title: "tick", Proposable: true},
}

// ErrUnknownKind means that an entry is whole, and of a kind that this build does not know.
var ErrUnknownKind = errors.New("unknown kind of entry")

// Known reports whether this build knows the kind.
func (k EntryKind) Known() bool { return int(k) < len(kinds) && kinds[k].Name != "" }

// Traits is the row of the kind; the zero Traits for an unknown one.
func (k EntryKind) Traits() Traits {
	if int(k) >= len(kinds) {
		return Traits{}
	}
	return kinds[k]
}

// String is the kind's name in lower case.
func (k EntryKind) String() string {
	if !k.Known() {
		return fmt.Sprintf("kind-%d", uint8(k))
	}
	return kinds[k].Name
}
