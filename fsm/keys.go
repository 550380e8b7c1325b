package fsm

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of the commands here, to the letter those of Redis.
const (
	sameObject    = "ERR source and destination objects are the same"
	dbNotAnyIndex = "ERR value is out of range, value must between -2147483648 and 2147483647"
)

// keyFunctions are those of the commands on keys, whatever their values are.
var keyFunctions = []function{
	{of: command.Copy, write: copyKey},
	{of: command.DBSize, read: dbsize},
	{of: command.Del, write: del},
	{of: command.Exists, read: exists},
	{of: command.FlushAll, write: flush},
	{of: command.FlushDB, write: flush},
	{of: command.Keys, read: keysLike},
	{of: command.RandomKey, read: randomKey},
	{of: command.Rename, write: rename},
	{of: command.RenameNX, write: renameNX},
	{of: command.Scan, read: scanKeys},
	{of: command.Touch, read: touch},
	{of: command.Type, read: typeOf},
	{of: command.Unlink, write: del},
}

func dbsize(v view, c call) []byte { return c.integer(int64(v.space.Size())) }

func exists(v view, c call) []byte {
	var found int64
	for _, key := range c.args[1:] {
		if v.get(key) != nil {
			found++
		}
	}
	return c.integer(found)
}

// touch is TOUCH key …: it counts keys, since no time of last access is kept.
func touch(v view, c call) []byte { return exists(v, c) }

// typeOf is TYPE key.
func typeOf(v view, c call) []byte {
	e := v.get(c.args[1])
	if e == nil {
		return reply.Simple(c.reply, "none")
	}
	return reply.Simple(c.reply, e.Kind().Name())
}

// del is DEL key … and UNLINK key …: to remove a value takes constant time, so they are the same.
func del(m *Machine, c call) []byte {
	var removed int64
	for _, key := range c.args[1:] {
		if m.space.Remove(key) {
			removed++
		}
	}
	return c.integer(removed)
}

// rename is RENAME key key: value and deadline move, and replace what is there.
func rename(m *Machine, c call) []byte {
	if refusal := m.move(c.args[1], c.args[2]); refusal != "" {
		return c.error(refusal)
	}
	return c.ok()
}

// renameNX is RENAMENX key key: RENAME, unless the second key exists, also if both are the same.
func renameNX(m *Machine, c call) []byte {
	from, to := c.args[1], c.args[2]
	if old := m.space.Get(from); old != nil && !isLock(old) && m.space.Get(to) != nil {
		return c.integer(0)
	}
	if refusal := m.move(from, to); refusal != "" {
		return c.error(refusal)
	}
	return c.integer(1)
}

// move puts what is at a key in place of what is at another. refusal is why nothing was changed, empty if it was.
func (m *Machine) move(from, to []byte) (refusal string) {
	old := m.space.Get(from)
	switch {
	case old == nil:
		return reply.NoSuchKey
	case isLock(old):
		return lockStays
	case bytes.Equal(from, to):
		return ""
	}
	moved, refusal := m.renamed(old, to)
	if refusal != "" {
		return refusal
	}
	m.space.Remove(from)
	m.space.Put(m.space.Place(to), to, moved)
	return ""
}

// copyKey is COPY key key, with DB 0 and REPLACE.
func copyKey(m *Machine, c call) []byte {
	replace, refusal := parseCopyOptions(c.args[3:])
	from, to := c.args[1], c.args[2]
	switch {
	case refusal != "":
		return c.error(refusal)
	case bytes.Equal(from, to):
		return c.error(sameObject)
	}
	old := c.read(m.space.Get(from))
	switch {
	case isLock(old):
		return c.error(lockStays)
	case old == nil || (m.space.Get(to) != nil && !replace):
		return c.integer(0)
	}
	fresh, refusal := m.renamed(old, to)
	if refusal != "" {
		return c.error(refusal)
	}
	m.space.Put(m.space.Place(to), to, fresh)
	m.space.Unshare(&fresh)
	return c.integer(1)
}

func parseCopyOptions(args [][]byte) (replace bool, refusal string) {
	for i := 0; i < len(args); i++ {
		switch {
		case is(args[i], "REPLACE"):
			replace = true
		case is(args[i], "DB") && i+1 < len(args):
			i++
			switch db, ok := number.Parse(args[i]); {
			case !ok:
				return false, reply.NotInteger
			case db < math.MinInt32 || db > math.MaxInt32:
				return false, dbNotAnyIndex
			case db != 0:
				return false, reply.DBOutOfRange
			}
		default:
			return false, reply.Syntax
		}
	}
	return replace, ""
}

// flush is FLUSHALL and FLUSHDB: there is one database. It is dropped in constant time, so SYNC and ASYNC are the same.
func flush(m *Machine, c call) []byte {
	if len(c.args) > 2 || (len(c.args) == 2 && !is(c.args[1], "SYNC") && !is(c.args[1], "ASYNC")) {
		return c.error(reply.Syntax)
	}
	m.space.Flush()
	return c.ok()
}
