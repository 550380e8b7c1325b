package streams

import (
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of XADD, XTRIM and XSETID, to the letter those of Redis.
const (
	trimTwice        = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	maxLenNegative   = "ERR The MAXLEN argument must be >= 0."
	limitNegative    = "ERR The LIMIT argument must be >= 0."
	limitAlone       = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	limitExact       = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	trimNothing      = "ERR syntax error, XTRIM must be called with a trimming strategy"
	addZero          = "ERR The ID specified in XADD must be greater than 0-0"
	addExhausted     = "ERR The stream has exhausted the last possible ID, unable to add more items"
	addNotHigher     = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
	addTooLarge      = "ERR Elements are too large to be stored"
	addedNegative    = "ERR entries_added must be positive"
	setBelowGiven    = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
	setBelowDeleted  = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
	setBelowTop      = "ERR The ID specified in XSETID is smaller than the target stream top item"
	setAddedBelowLen = "ERR The entries_added specified in XSETID is smaller than the target stream length"
)

// How many entries are dropped at most with `~` and without LIMIT: those of a hundred blocks, where it is said how many
// these are.
const (
	trimmedBlocks      = 100
	unboundedTrimLimit = 10_000
)

// trimLimit is how many entries are dropped at most with `~` and without LIMIT.
func trimLimit(l *command.Layout) uint64 {
	if l.StreamNodeEntries == 0 {
		return unboundedTrimLimit
	}
	return trimmedBlocks * uint64(l.StreamNodeEntries)
}

// addOptions are those of XADD and XTRIM.
type addOptions struct {
	// id is the ID of the entry, if hasID; open says that its sequence is open.
	id          value.StreamID
	hasID, open bool
	// mustExist is NOMKSTREAM.
	mustExist bool
	// trims says that trim tells what to drop.
	trims bool
	trim  value.StreamTrim
	// hasLimit says that LIMIT was given.
	hasLimit bool
}

// parseAdd reads the options of XADD up to the ID, or with adds false all of XTRIM. It gives the position of the ID.
// refusal is an error, empty if there is none.
func parseAdd(args [][]byte, adds bool, layout *command.Layout) (o addOptions, at int, refusal string) {
	for at = 2; at < len(args); at++ {
		arg, more := args[at], len(args)-1-at
		var taken int
		switch {
		case adds && string(arg) == "*":
			return o, at, o.check(adds, layout)
		case more > 0 && (exec.Is(arg, "MAXLEN") || exec.Is(arg, "MINID")):
			taken, refusal = o.parseTrim(args[at:])
		case more > 0 && exec.Is(arg, "LIMIT"):
			taken, refusal = 1, o.parseLimit(args[at+1])
		case adds && exec.Is(arg, "NOMKSTREAM"):
			o.mustExist = true
		case adds:
			var ok bool
			if o.id, o.open, ok = parseIDOpen(arg, 0, true); !ok {
				return o, at, idInvalid
			}
			o.hasID = true
			return o, at, o.check(adds, layout)
		default:
			refusal = reply.Syntax
		}
		if refusal != "" {
			return o, at, refusal
		}
		at += taken
	}
	return o, at, o.check(adds, layout)
}

// parseTrim reads MAXLEN or MINID with = or ~ and the bound, and says how many arguments these are behind the first.
func (o *addOptions) parseTrim(args [][]byte) (taken int, refusal string) {
	if o.trims {
		return 0, trimTwice
	}
	o.trims, taken = true, 1
	o.trim.Approximate = false
	if sign := string(args[1]); len(args) > 2 && (sign == "~" || sign == "=") {
		o.trim.Approximate, taken = sign == "~", 2
	}
	if o.trim.ByID = exec.Is(args[0], "MINID"); o.trim.ByID {
		o.trim.MinID, refusal = refusedUnless(parseID(args[taken], 0))
		return taken, refusal
	}
	maxLen, ok := number.Parse(args[taken])
	switch {
	case !ok:
		return taken, reply.NotInteger
	case maxLen < 0:
		return taken, maxLenNegative
	}
	o.trim.MaxLen = uint64(maxLen)
	return taken, ""
}

func (o *addOptions) parseLimit(arg []byte) (refusal string) {
	limit, ok := number.Parse(arg)
	switch {
	case !ok:
		return reply.NotInteger
	case limit < 0:
		return limitNegative
	}
	o.trim.Limit, o.hasLimit = uint64(limit), true
	return ""
}

// check looks at the options together, and fills in the limit.
func (o *addOptions) check(adds bool, layout *command.Layout) (refusal string) {
	switch {
	case o.trim.Limit > 0 && !o.trims:
		return limitAlone
	case !adds && !o.trims:
		return trimNothing
	case o.hasLimit && !o.trim.Approximate:
		return limitExact
	case !o.hasLimit && o.trim.Approximate:
		o.trim.Limit = trimLimit(layout)
	}
	return ""
}

// add is XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] bound [LIMIT n]] *|ID field value …
func add(w *exec.Writer, c exec.Call) []byte {
	o, at, refusal := parseAdd(c.Args, true, w.Layout())
	pairs := c.Args[min(at+1, len(c.Args)):]
	switch {
	case refusal != "":
		return c.Error(refusal)
	case len(pairs) < 2 || len(pairs)%2 == 1:
		return c.Error(reply.WrongArity("xadd"))
	case o.hasID && !o.open && o.id == value.StreamID{}:
		return c.Error(addZero)
	}
	t, ok := targetOf(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil && o.mustExist:
		return c.Null()
	}
	var last value.StreamID
	if t.stream != nil {
		last = t.stream.Last()
	}
	id, refusal := o.nextID(last, w.Now().Wall)
	if refusal == "" {
		refusal = refuseLarge(pairs, w.MaxValueBytes())
	}
	if refusal != "" {
		return c.Error(refusal)
	}
	change := t.change(w)
	change.Append(id, pairs, value.StreamNodesOf(w.Layout()))
	if o.trims {
		change.Trim(o.trim)
	}
	t.put(change)
	return replyID(c.Reply, id)
}

// nextID is the ID of a new entry behind the last one. now is wall time. Where the clock is behind, the ID is the one
// behind the last.
func (o *addOptions) nextID(last value.StreamID, now int64) (id value.StreamID, refusal string) {
	next, more := last.Next()
	switch {
	case !more:
		return id, addExhausted
	case !o.hasID && uint64(max(now, 0)) > last.Millis:
		return value.StreamID{Millis: uint64(now)}, ""
	case !o.hasID:
		return next, ""
	case o.open && o.id.Millis == last.Millis && last.Sequence == math.MaxUint64:
		return id, addNotHigher
	case o.open && o.id.Millis == last.Millis:
		return next, ""
	case o.id.Compare(last) <= 0:
		return id, addNotHigher
	}
	return o.id, ""
}

// refuseLarge refuses an entry that is too long, as Redis does, and one with a field or a value of more than so many
// bytes, which RESTORE would not take.
func refuseLarge(pairs [][]byte, maxBytes int) (refusal string) {
	bytes := 0
	for _, text := range pairs {
		if len(text) > maxBytes {
			return reply.StringTooLong
		}
		bytes += len(text)
	}
	if bytes > value.MaxStreamEntryBytes {
		return addTooLarge
	}
	return ""
}

// trim is XTRIM key MAXLEN|MINID [=|~] bound [LIMIT n].
func trim(w *exec.Writer, c exec.Call) []byte {
	o, _, refusal := parseAdd(c.Args, false, w.Layout())
	if refusal != "" {
		return c.Error(refusal)
	}
	t, ok := targetOf(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil:
		return c.Integer(0)
	}
	change := t.change(w)
	dropped := change.Trim(o.trim)
	if dropped > 0 {
		t.put(change)
	}
	return c.Integer(int64(dropped))
}

// deleteEntries is XDEL key ID …
func deleteEntries(w *exec.Writer, c exec.Call) []byte {
	t, ok := targetOf(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil:
		return c.Integer(0)
	}
	ids, refusal := parseIDs(c.Args[2:])
	if refusal != "" {
		return c.Error(refusal)
	}
	change, deleted := t.change(w), int64(0)
	for _, id := range ids {
		if change.Delete(id) {
			deleted++
		}
	}
	if deleted > 0 {
		t.put(change)
	}
	return c.Integer(deleted)
}

// length is XLEN key.
func length(v exec.View, c exec.Call) []byte {
	t, ok := streamOf(v.Get(c.Args[1]))
	switch {
	case !ok:
		return c.WrongType()
	case t == nil:
		return c.Integer(0)
	}
	return c.Integer(int64(t.Len()))
}

// setID is XSETID key ID [ENTRIESADDED n] [MAXDELETEDID ID].
func setID(w *exec.Writer, c exec.Call) []byte {
	id, ok := parseID(c.Args[2], 0)
	if !ok {
		return c.Error(idInvalid)
	}
	added, deleted, refusal := parseSetID(id, c.Args[3:])
	if refusal != "" {
		return c.Error(refusal)
	}
	t, ok := targetOf(w, c.Args[1])
	switch {
	case !ok:
		return c.WrongType()
	case t.stream == nil:
		return c.Error(reply.NoSuchKey)
	case id.Compare(t.stream.MaxDeleted()) < 0:
		return c.Error(setBelowDeleted)
	case t.stream.Len() > 0 && id.Compare(t.stream.Newest()) < 0:
		return c.Error(setBelowTop)
	case t.stream.Len() > 0 && added >= 0 && t.stream.Len() > uint64(added):
		return c.Error(setAddedBelowLen)
	}
	change := t.change(w)
	change.SetLast(id)
	if added >= 0 {
		change.SetAdded(uint64(added))
	}
	if (deleted != value.StreamID{}) {
		change.SetMaxDeleted(deleted)
	}
	t.put(change)
	return c.OK()
}

// parseSetID reads the options of XSETID: added is -1 if it was not given, deleted zero.
func parseSetID(id value.StreamID, args [][]byte) (added int64, deleted value.StreamID, refusal string) {
	added = -1
	for ; len(args) > 0; args = args[2:] {
		var ok bool
		switch {
		case len(args) == 1:
			return added, deleted, reply.Syntax
		case exec.Is(args[0], "ENTRIESADDED"):
			if added, ok = number.Parse(args[1]); !ok {
				return added, deleted, reply.NotInteger
			}
			if added < 0 {
				return added, deleted, addedNegative
			}
		case exec.Is(args[0], "MAXDELETEDID"):
			if deleted, ok = parseID(args[1], 0); !ok {
				return added, deleted, idInvalid
			}
			if id.Compare(deleted) < 0 {
				return added, deleted, setBelowGiven
			}
		default:
			return added, deleted, reply.Syntax
		}
	}
	return added, deleted, ""
}
