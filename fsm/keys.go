package fsm

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// keyFunctions are those of the commands on keys, whatever their values are, and on databases.
var keyFunctions = []exec.Function{
	{Of: data.Copy, Write: copyKey},
	{Of: data.DBSize, Read: dbsize},
	{Of: data.Del, Write: del},
	{Of: data.Exists, Read: exists},
	{Of: data.FlushAll, Write: flushAll},
	{Of: data.FlushDB, Write: flushDB},
	{Of: data.Keys, Read: keysLike},
	{Of: data.Move, Write: moveKey},
	{Of: data.RandomKey, Read: randomKey},
	{Of: data.Rename, Write: rename},
	{Of: data.RenameNX, Write: renameNX},
	{Of: data.Scan, Read: scanKeys},
	{Of: data.SwapDB, Write: swapDB},
	{Of: data.Touch, Read: touch},
	{Of: data.Type, Read: typeOf},
	{Of: data.Unlink, Write: del},
}

func dbsize(v exec.View, c exec.Call) []byte { return c.Integer(int64(v.Space.Size())) }

func exists(v exec.View, c exec.Call) []byte { return countPresent(c, v.Look) }

// touch is TOUCH key …: it uses keys, also for a client that wants no trace of its commands.
func touch(v exec.View, c exec.Call) []byte {
	v.Use.Unnoted = v.IsFrozen
	return countPresent(c, v.Get)
}

func countPresent(c exec.Call, look func(key []byte) *keyspace.Entry) []byte {
	var found int64
	for _, key := range c.Args[1:] {
		if look(key) != nil {
			found++
		}
	}
	return c.Integer(found)
}

// typeOf is TYPE key.
func typeOf(v exec.View, c exec.Call) []byte {
	e := v.Look(c.Args[1])
	if e == nil {
		return reply.Simple(c.Reply, "none")
	}
	return reply.Simple(c.Reply, e.Kind().Name())
}

// del is DEL key … and UNLINK key …: to remove a value takes constant time, so they are the same.
func del(w *exec.Writer, c exec.Call) []byte {
	var removed int64
	for _, key := range c.Args[1:] {
		if w.Remove(key) {
			removed++
		}
	}
	return c.Integer(removed)
}

// rename is RENAME key key: value and deadline move, and replace what is there.
func rename(w *exec.Writer, c exec.Call) []byte {
	if refusal := move(w, c.Args[1], c.Args[2]); refusal != "" {
		return c.Error(refusal)
	}
	return c.OK()
}

// renameNX is RENAMENX key key: RENAME, unless the second key exists, also if both are the same.
func renameNX(w *exec.Writer, c exec.Call) []byte {
	from, to := c.Args[1], c.Args[2]
	if old := w.Get(from); old != nil && !isLock(old) && w.Get(to) != nil {
		return c.Integer(0)
	}
	if refusal := move(w, from, to); refusal != "" {
		return c.Error(refusal)
	}
	return c.Integer(1)
}

// move puts what is at a key in place of what is at another. refusal is why nothing was changed, empty if it was.
func move(w *exec.Writer, from, to []byte) (refusal string) {
	old := w.Get(from)
	switch {
	case old == nil:
		return reply.NoSuchKey
	case isLock(old):
		return lockStays
	case bytes.Equal(from, to):
		return ""
	}
	moved, refusal := renamed(w, old, to)
	if refusal != "" {
		return refusal
	}
	w.Remove(from)
	w.Put(w.Place(to), to, moved)
	return ""
}
