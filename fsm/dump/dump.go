package dump

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/rdb"
)

// Functions are those of the commands here.
var Functions = []exec.Function{
	{Of: data.Dump, Read: dump},
	{Of: data.Restore, Write: restore},
}

// maxShrink is how many times as long as its object a value is at most: a sorted set counts its members twice, and a
// number of ten digits and a sign is five bytes.
const maxShrink = 3

// noForm is the error for a value that Redis does not have.
func noForm(e *keyspace.Entry) string {
	return "ERR a value of the type " + e.Kind().Name() + " has no form in Redis's format"
}

// dump is DUMP key.
func dump(v exec.View, c exec.Call) []byte {
	e := v.Get(c.Args[1])
	switch {
	case e == nil:
		return c.Null()
	case !c.Fits(e.Size() / maxShrink): // what is longer than that is found out
		return c.TooLong()
	}
	object, version, ok := appendValue(nil, e, v)
	switch {
	case !ok:
		return c.Error(noForm(e))
	case !c.Fits(len(object) + exec.ValueOverheadBytes):
		return c.TooLong()
	}
	return c.BulkLasting(rdb.Seal(object, version))
}
