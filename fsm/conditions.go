package fsm

import (
	"strconv"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
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
var conditionFunctions = []exec.Function{
	{Of: data.DelEX, Write: delEX},
	{Of: data.DelIfEq, Write: delIfEq},
	{Of: data.Digest, Read: digest},
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
		if exec.Is(arg, option) {
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
func delEX(w *exec.Writer, c exec.Call) []byte {
	switch len(c.Args) {
	case 2:
		return del(w, c)
	case 4:
		return delIf(w, c, condition{conditionOption(c.Args[2]), c.Args[3]}, conditionWantsString)
	}
	return c.Error(reply.WrongArity("delex"))
}

// delIfEq is DELIFEQ key value, as in Valkey.
func delIfEq(w *exec.Writer, c exec.Call) []byte {
	return delIf(w, c, condition{"IFEQ", c.Args[2]}, reply.WrongType)
}

// delIf removes a key whose string is as the condition says. wrongType is the error for a value of another kind.
func delIf(w *exec.Writer, c exec.Call, condition condition, wrongType string) []byte {
	key := c.Args[1]
	old := c.Read(w.Get(key))
	text, isText := exec.TextOf(old)
	switch {
	case old == nil:
		return c.Integer(0)
	case !isText:
		return c.Error(wrongType)
	case condition.option == "":
		return c.Error(conditionUnknown)
	}
	holds, refusal := condition.holds(text)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case !holds:
		return c.Integer(0)
	}
	w.Remove(key)
	return c.Integer(1)
}

// digest is DIGEST key: the XXH3 hash of a string, for IFDEQ and IFDNE.
func digest(v exec.View, c exec.Call) []byte {
	e := v.Get(c.Args[1])
	text, ok := exec.TextOf(e)
	switch {
	case !ok:
		return c.WrongType()
	case e == nil:
		return c.Null()
	}
	return c.BulkString(digestOf(text))
}

// digestOf is a digest in lower case, with leading zeros.
func digestOf(text value.String) string {
	digits := strconv.FormatUint(text.XXH3(), 16)
	return "0000000000000000"[len(digits):] + digits
}
