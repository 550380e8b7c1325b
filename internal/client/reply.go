package client

import (
	"fmt"
	"strconv"
	"strings"
)

// Reply is one reply.
type Reply struct {
	// Kind is the first byte of the reply: '+', '-', ':', '$' or '*'.
	Kind byte
	// Text is the text of a simple string or an error, the digits of a number, the bytes of a bulk.
	Text string
	// Null is set for a null bulk or array.
	Null bool
	// Items are those of an array.
	Items []Reply
}

// Fate is what is known of a command.
type Fate uint8

// The fates.
const (
	// Done: it was executed, even if to an ordinary error.
	Done Fate = iota
	// NotDone: it was not executed and never will be.
	NotDone
	// Unknown: it may have been executed, or may be later.
	Unknown
)

// Fate is what a reply says of the command.
func (r Reply) Fate() Fate {
	if r.Kind != '-' {
		return Done
	}
	switch word, _, _ := strings.Cut(r.Text, " "); word {
	case "CLUSTERDOWN", "TRYAGAIN", "LOADING", "MOVED", "OOM", "NOSESSION", "TOOOLD", "SEQUENCEUSED":
		return NotDone
	case "UNCERTAIN":
		return Unknown
	}
	return Done
}

// Int is the reply as a number.
func (r Reply) Int() (int, error) {
	if r.Kind != ':' && r.Kind != '$' || r.Null {
		return 0, fmt.Errorf("reply %v is no number", r)
	}
	return strconv.Atoi(r.Text)
}

// String is the reply as people write it.
func (r Reply) String() string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '*':
		return fmt.Sprint(r.Items)
	case r.Kind == '$':
		return strconv.Quote(r.Text)
	}
	return string(r.Kind) + r.Text
}
