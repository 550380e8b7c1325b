package streams

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of XGROUP, to the letter those of Redis.
const (
	entriesReadInvalid = "ERR value for ENTRIESREAD must be positive or -1"
	groupWantsKey      = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use " +
		"the MKSTREAM option to create an empty stream automatically."
	groupExists = "BUSYGROUP Consumer Group name already exists"
)

// groupFunctions are those of XGROUP.
var groupFunctions = []exec.Function{
	{Of: data.XGroupCreate, Write: createGroup},
	{Of: data.XGroupCreateConsumer, Write: createConsumer},
	{Of: data.XGroupDelConsumer, Write: removeConsumer},
	{Of: data.XGroupDestroy, Write: destroyGroup},
	{Of: data.XGroupSetID, Write: setGroupID},
}

// shown is a text as Redis prints it in an error: up to its first zero byte.
func shown(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	return string(text)
}

// noGroupAt is the text for a group that a stream does not have.
func noGroupAt(key, group []byte) string {
	return "NOGROUP No such consumer group '" + shown(group) + "' for key name '" + shown(key) + "'"
}

// groupOptions are those of XGROUP CREATE and SETID.
type groupOptions struct {
	makes bool
	read  int64
}

// parseGroup reads the options behind the ID; only CREATE makes a stream.
func parseGroup(args [][]byte, creates bool) (o groupOptions, refusal string) {
	o.read = value.UnknownRead
	for i := 5; i < len(args); i++ {
		switch {
		case creates && exec.Is(args[i], "MKSTREAM"):
			o.makes = true
		case i+1 < len(args) && exec.Is(args[i], "ENTRIESREAD"):
			i++
			var ok bool
			if o.read, ok = number.Parse(args[i]); !ok {
				return o, reply.NotInteger
			}
			if o.read < 0 && o.read != value.UnknownRead {
				return o, entriesReadInvalid
			}
		default:
			return o, reply.SubcommandSyntax(args)
		}
	}
	return o, ""
}

// maxCreateArgs and maxSetIDArgs are how many arguments XGROUP CREATE and SETID have at most.
const maxCreateArgs, maxSetIDArgs = 8, 7

// createGroup is XGROUP CREATE key group ID|$ [MKSTREAM] [ENTRIESREAD n].
func createGroup(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parseGroup(c.Args, true)
	if refusal != "" {
		return c.Error(refusal)
	}
	name := c.Args[3]
	t, ok := targetOf(w, c.Args[2])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil && !o.makes:
		return c.Error(groupWantsKey)
	case len(c.Args) > maxCreateArgs:
		return c.Error(reply.SubcommandSyntax(c.Args))
	}
	last, refusal := groupBehind(t.stream, c.Args[4], parseID)
	switch {
	case refusal != "":
		return c.Error(refusal)
	case t.stream != nil && t.stream.Group(name) != nil:
		return c.Error(groupExists)
	}
	change := t.change(w)
	change.AddGroup(name, last, o.read)
	t.put(change)
	return c.OK()
}

// groupBehind is the ID behind which a group of a stream, nil for none, gets entries.
func groupBehind(t *value.Stream, text []byte, parse func(text []byte, missing uint64) (value.StreamID, bool)) (
	id value.StreamID, refusal string) {
	switch {
	case string(text) == "$" && t == nil:
		return id, ""
	case string(text) == "$":
		return t.Last(), ""
	}
	return refusedUnless(parse(text, 0))
}

// groupOf looks for a key with a group. refusal is an error if there is none.
func groupOf(w *exec.Writer, key, name []byte) (t target, refusal string) {
	t, ok := targetOf(w, key)
	switch {
	case !ok:
		return t, reply.WrongType
	case t.stream == nil:
		return t, groupWantsKey
	case t.stream.Group(name) == nil:
		return t, noGroupAt(key, name)
	}
	return t, ""
}

// setGroupID is XGROUP SETID key group ID|$ [ENTRIESREAD n].
func setGroupID(w *exec.Writer, c exec.Call) []byte {
	o, refusal := parseGroup(c.Args, false)
	if refusal != "" {
		return c.Error(refusal)
	}
	t, refusal := groupOf(w, c.Args[2], c.Args[3])
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(c.Args) > maxSetIDArgs:
		return c.Error(reply.SubcommandSyntax(c.Args))
	}
	last, refusal := groupBehind(t.stream, c.Args[4], parseAnyID)
	if refusal != "" {
		return c.Error(refusal)
	}
	change := t.change(w)
	change.Group(c.Args[3]).SetLast(last, o.read)
	t.put(change)
	return c.OK()
}

// destroyGroup is XGROUP DESTROY key group.
func destroyGroup(w *exec.Writer, c exec.Call) []byte {
	t, ok := targetOf(w, c.Args[2])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil:
		return c.Error(groupWantsKey)
	case t.stream.Group(c.Args[3]) == nil:
		return c.Integer(0)
	}
	change := t.change(w)
	change.RemoveGroup(c.Args[3])
	t.put(change)
	return c.Integer(1)
}

// createConsumer is XGROUP CREATECONSUMER key group consumer.
func createConsumer(w *exec.Writer, c exec.Call) []byte {
	t, refusal := groupOf(w, c.Args[2], c.Args[3])
	switch {
	case refusal != "":
		return c.Error(refusal)
	case t.stream.Group(c.Args[3]).Consumer(c.Args[4]) != nil:
		return c.Integer(0)
	}
	change := t.change(w)
	change.Group(c.Args[3]).Consumer(c.Args[4], w.Now().Log)
	t.put(change)
	return c.Integer(1)
}

// removeConsumer is XGROUP DELCONSUMER key group consumer.
func removeConsumer(w *exec.Writer, c exec.Call) []byte {
	t, refusal := groupOf(w, c.Args[2], c.Args[3])
	switch {
	case refusal != "":
		return c.Error(refusal)
	case t.stream.Group(c.Args[3]).Consumer(c.Args[4]) == nil:
		return c.Integer(0)
	}
	change := t.change(w)
	pending := change.Group(c.Args[3]).RemoveConsumer(c.Args[4])
	t.put(change)
	return c.Integer(int64(pending))
}
