package fsm

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of the commands here, to the letter those of Redis 8.4.
const (
	conditionWantsString = "ERR Key should be of string type if conditions are specified"
	conditionUnknown     = "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"
	digestNotWellFormed  = "ERR must be exactly 16 hexadecimal characters"
)

// digestDigits is how many hexadecimal digits a digest has.
const digestDigits = 16

// conditionFunctions are those of the commands that depend on what a string is.
var conditionFunctions = []function{
	{of: command.DelEX, write: delEX},
	{of: command.DelIfEq, write: delIfEq},
	{of: command.Digest, read: digest},
}

// condition is what a string has to be, as a client says it: IFEQ, IFNE, IFDEQ or IFDNE, empty if none was given, and
// the value or the digest behind it.
type condition struct {
	option  string
	operand []byte
}

// conditionOption is the option that compares, if an argument is one.
func conditionOption(arg []byte) string {
	for _, option := range [...]string{"IFEQ", "IFNE", "IFDEQ", "IFDNE"} {
		if is(arg, option) {
			return option
		}
	}
	return ""
}

// holdsWithout reports whether the condition holds where there is no key: nothing equals nothing.
func (c condition) holdsWithout() bool { return c.option == "IFNE" || c.option == "IFDNE" }

// holds reports whether the condition holds for a string. refusal is an error, empty if there is none: a digest is
// looked at only where there is a string to compare it with.
func (c condition) holds(text value.String) (holds bool, refusal string) {
	switch c.option {
	case "IFEQ":
		return text.Equal(c.operand), ""
	case "IFNE":
		return !text.Equal(c.operand), ""
	}
	if len(c.operand) != digestDigits {
		return false, digestNotWellFormed
	}
	wanted, err := strconv.ParseUint(string(c.operand), 16, 64)
	equal := err == nil && wanted == text.XXH3() // what is no number equals no digest
	return equal == (c.option == "IFDEQ"), ""
}

// delEX is DELEX key [condition value]: DEL of one key, if its string is as the condition says.
func delEX(m *Machine, c call) []byte {
	switch len(c.args) {
	case 2:
		return del(m, c)
	case 4:
		return delIf(m, c, condition{conditionOption(c.args[2]), c.args[3]}, conditionWantsString)
	}
	return c.error(reply.WrongArity("delex"))
}

// delIfEq is DELIFEQ key value, as in Valkey.
func delIfEq(m *Machine, c call) []byte {
	return delIf(m, c, condition{"IFEQ", c.args[2]}, reply.WrongType)
}

// delIf removes a key whose string is as the condition says. wrongType is the error for a value of another kind.
func delIf(m *Machine, c call, condition condition, wrongType string) []byte {
	key := c.args[1]
	old := c.read(m.space.Get(key))
	text, isText := textOf(old)
	switch {
	case old == nil:
		return c.integer(0)
	case !isText:
		return c.error(wrongType)
	case condition.option == "":
		return c.error(conditionUnknown)
	}
	holds, refusal := condition.holds(text)
	switch {
	case refusal != "":
		return c.error(refusal)
	case !holds:
		return c.integer(0)
	}
	m.space.Remove(key)
	return c.integer(1)
}

// digest is DIGEST key: the XXH3 hash of a string, for IFDEQ and IFDNE.
func digest(v view, c call) []byte {
	e := v.get(c.args[1])
	text, ok := textOf(e)
	switch {
	case !ok:
		return c.wrongType()
	case e == nil:
		return c.null()
	}
	return c.bulkString(digestOf(text))
}

// digestOf is a digest in lower case, with leading zeros.
func digestOf(text value.String) string {
	digits := strconv.FormatUint(text.XXH3(), 16)
	return "0000000000000000"[len(digits):] + digits
}
