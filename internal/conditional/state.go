package conditional

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// State is what a key holds.
type State struct {
	// Present says that the key exists; Value is its string.
	Present bool
	Value   string
}

// Reply is what a command answers.
type Reply struct {
	// Null is the reply that there is nothing, or that nothing was done.
	Null bool
	// Text is a string, a status such as OK, or a number in decimal digits.
	Text string
}

var (
	null = Reply{Null: true}
	done = Reply{Text: "OK"}
)

// Digest is what DIGEST answers for a string.
func Digest(value string) string { return fmt.Sprintf("%016x", xxh3.HashString(value)) }

// Apply is what a command does to its key, and what it answers. The words are those of GET, DIGEST, GETDEL, DEL, SETNX,
// DELEX, DELIFEQ, or SET with one of NX, XX, IFEQ, IFNE, IFDEQ and IFDNE and with GET; a digest is well formed. It
// panics at any other command.
func (s State) Apply(words ...string) (after State, reply Reply) {
	switch name := strings.ToUpper(words[0]); name {
	case "GET":
		return s, s.content()
	case "DIGEST":
		if !s.Present {
			return s, null
		}
		return s, Reply{Text: Digest(s.Value)}
	case "GETDEL":
		return State{}, s.content()
	case "DEL", "DELEX", "DELIFEQ":
		return s.remove(s.Present && s.meets(removal(name, words)))
	case "SETNX":
		if s.Present {
			return s, number(false)
		}
		return State{true, words[2]}, number(true)
	case "SET":
		return s.set(words[2], words[3:])
	}
	panic("conditional: the model does not know " + strings.Join(words, " "))
}

// removal is the condition of a command that removes.
func removal(name string, words []string) []string {
	if name == "DELIFEQ" {
		return []string{"IFEQ", words[2]}
	}
	if name == "DEL" {
		return nil
	}
	return words[2:]
}

// remove removes the key if it shall.
func (s State) remove(shall bool) (after State, reply Reply) {
	if !shall {
		return s, number(false)
	}
	return State{}, number(true)
}

// set is SET with its options.
func (s State) set(value string, options []string) (after State, reply Reply) {
	var condition []string
	answersOld := false
	for len(options) > 0 {
		words := 1
		switch strings.ToUpper(options[0]) {
		case "GET":
			answersOld = true
		case "NX", "XX":
			condition = options[:1]
		default:
			words = 2
			condition = options[:2]
		}
		options = options[words:]
	}
	after, reply = s, null
	if s.meets(condition) {
		after, reply = State{true, value}, done
	}
	if answersOld {
		reply = s.content()
	}
	return after, reply
}

// meets reports whether a condition holds, which is nothing, a word, or a word and what to compare with.
func (s State) meets(condition []string) bool {
	if len(condition) == 0 {
		return true
	}
	equal := func(mine string) bool { return s.Present && strings.EqualFold(mine, condition[1]) }
	switch strings.ToUpper(condition[0]) {
	case "NX":
		return !s.Present
	case "XX":
		return s.Present
	case "IFEQ":
		return s.Present && s.Value == condition[1]
	case "IFNE":
		return !s.Present || s.Value != condition[1]
	case "IFDEQ":
		return equal(Digest(s.Value))
	case "IFDNE":
		return !equal(Digest(s.Value))
	}
	panic("conditional: the model does not know the condition " + condition[0])
}

// content is the reply of GET.
func (s State) content() Reply {
	if !s.Present {
		return null
	}
	return Reply{Text: s.Value}
}

// number is 1 for what was done, and 0 for what was not.
func number(done bool) Reply {
	if done {
		return Reply{Text: strconv.Itoa(1)}
	}
	return Reply{Text: strconv.Itoa(0)}
}
