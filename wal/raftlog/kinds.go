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
	// EntryPiece carries a part of a batch of commands that is too large for one entry.
	//
	//	body     Left    it says
	//	none     > 0     the origin has a body of Left bytes
	//	some     > 0     so many bytes of it, and Left more to come
	//	some     0       the last bytes of it: the body takes effect with this entry
	//	none     0       no more of it comes: it has no effect
	//
	// Its tag names the origin. A leader that ends the body of an origin that is gone writes sequence 0.
	EntryPiece EntryKind = 5
	// EntrySession carries a SessionBody: a command in a session, or what opens or closes one.
	EntrySession EntryKind = 6
	// EntrySessionPiece is an EntryPiece of a SessionBody that is too large for one entry.
	EntrySessionPiece EntryKind = 7
)

// MaxBodyBytes is the largest body that goes through the log, in one entry or in pieces.
const MaxBodyBytes = 1 << 30

// Traits are what code that handles entries of all kinds asks about a kind. Only the code that makes entries of a kind,
// and the code that reads their bodies, names the kind itself.
type Traits struct {
	// Name is the kind in messages and transcripts, Title for people who look into a log.
	Name, Title string
	// Proposable: a leader appends such an entry when it is asked to. The core makes the other ones by itself.
	Proposable bool
	// ForMachine: the body is for the state machine. Entries without it still move the machine's index and time.
	ForMachine bool
	// Piece: the body is a part of one for the state machine. Only such entries use Entry.Left.
	Piece bool
	// InSession: the body, or the body that it is a piece of, is a SessionBody.
	InSession bool
	// WaitsForRoom: the entry waits until the journal has room for it. The other ones are few and small, and are always
	// taken: without them nothing is committed, and room never comes back.
	WaitsForRoom bool
	// Compares: the nodes note the hash of their state behind such an entry, and compare it.
	Compares bool
	// Configures: the body is a configuration, in force as soon as the entry is appended.
	Configures bool
	// Level is the feature level in which the kind came; 0 means the first.
	Level uint8
}

// kinds has a row for each kind.
var kinds = append([]Traits{
	EntryNoOp:          {Name: "no-op", Title: "start of term", Proposable: true},
	EntryCommand:       {Name: "command", Title: "commands", Proposable: true, ForMachine: true, WaitsForRoom: true},
	EntryConfiguration: {Name: "configuration", Title: "configuration", Configures: true},
	EntryTick:          {Name: "tick", Title: "tick", Proposable: true, Compares: true},
	EntryPiece:         {Name: "piece", Title: "piece of commands", Proposable: true, Piece: true, WaitsForRoom: true},
	EntrySession: {
		Name: "session", Title: "command in a session", Proposable: true, ForMachine: true, InSession: true,
		WaitsForRoom: true,
	},
	EntrySessionPiece: {
		Name: "session-piece", Title: "piece of a command in a session", Proposable: true, Piece: true, InSession: true,
		WaitsForRoom: true,
	},
}, laterKinds...)

// Kinds are the kinds that this build knows, in ascending order.
func Kinds() []EntryKind {
	var known []EntryKind
	for k := range kinds {
		if EntryKind(k).Known() {
			known = append(known, EntryKind(k))
		}
	}
	return known
}

// ErrUnknownKind means that an entry is whole, and of a kind that this build does not know. The error says so if the
// entry is of a later feature level.
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
