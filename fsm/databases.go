package fsm

import (
	"bytes"
	"math"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// Error texts of the commands here, to the letter those of Redis.
const (
	sameObject      = "ERR source and destination objects are the same"
	dbNotAnyIndex   = "ERR value is out of range, value must between -2147483648 and 2147483647"
	invalidFirstDB  = "ERR invalid first DB index"
	invalidSecondDB = "ERR invalid second DB index"
)

// swapStays refuses to move a lock, or a topic with its indexes: see value.Kind.Stays.
const swapStays = "ERR one of the databases has locks or topics, which must keep their names: " +
	"SCAN 0 TYPE raftlock and SCAN 0 TYPE raftlog find them"

// parseDatabase reads the number of a database that the client may use. refusal is why it is none, empty if it is.
func parseDatabase(w *exec.Writer, arg []byte) (database int, refusal string) {
	switch n, ok := number.Parse(arg); {
	case !ok:
		return 0, reply.NotInteger
	case n < math.MinInt32 || n > math.MaxInt32:
		return 0, dbNotAnyIndex
	case n < 0 || n >= int64(w.Databases()):
		return 0, reply.DBOutOfRange
	default:
		return int(n), ""
	}
}

// moveKey is MOVE key db. A topic gets new indexes, as by RENAME.
func moveKey(w *exec.Writer, c exec.Call) []byte {
	key := c.Args[1]
	database, refusal := parseDatabase(w, c.Args[2])
	switch {
	case refusal != "":
		return c.Error(refusal)
	case database == w.Database():
		return c.Error(sameObject)
	}
	to := w.In(database)
	old := w.Get(key)
	switch {
	case isLock(old):
		return c.Error(lockStays)
	case old == nil || to.Get(key) != nil:
		return c.Integer(0)
	}
	moved, refusal := renamed(w, old, key)
	if refusal != "" {
		return c.Error(refusal)
	}
	w.Remove(key)
	to.Put(to.Place(key), key, moved)
	return c.Integer(1)
}

// copyKey is COPY key key [DB db] [REPLACE].
func copyKey(w *exec.Writer, c exec.Call) []byte {
	options, refusal := parseCopyOptions(w, c.Args[3:])
	from, name := c.Args[1], c.Args[2]
	switch {
	case refusal != "":
		return c.Error(refusal)
	case options.database == w.Database() && bytes.Equal(from, name):
		return c.Error(sameObject)
	}
	to := w.In(options.database)
	old := c.Read(w.Get(from))
	switch {
	case isLock(old):
		return c.Error(lockStays)
	case old == nil || (to.Get(name) != nil && !options.replace):
		return c.Integer(0)
	}
	fresh, refusal := renamed(w, old, name)
	if refusal != "" {
		return c.Error(refusal)
	}
	to.Put(to.Place(name), name, fresh)
	to.Unshare(&fresh)
	return c.Integer(1)
}

type copyOptions struct {
	database int
	replace  bool
}

func parseCopyOptions(w *exec.Writer, args [][]byte) (options copyOptions, refusal string) {
	options.database = w.Database()
	for i := 0; i < len(args); i++ {
		switch {
		case exec.Is(args[i], "REPLACE"):
			options.replace = true
		case exec.Is(args[i], "DB") && i+1 < len(args):
			i++
			if options.database, refusal = parseDatabase(w, args[i]); refusal != "" {
				return options, refusal
			}
		default:
			return options, reply.Syntax
		}
	}
	return options, ""
}

// swapDB is SWAPDB index index.
func swapDB(w *exec.Writer, c exec.Call) []byte {
	var databases [2]int
	for i, invalid := range [...]string{invalidFirstDB, invalidSecondDB} {
		n, ok := number.Parse(c.Args[1+i])
		if !ok || n < math.MinInt32 || n > math.MaxInt32 {
			return c.Error(invalid)
		}
		databases[i] = int(n)
	}
	for _, database := range databases {
		if database < 0 || database >= w.Databases() {
			return c.Error(reply.DBOutOfRange)
		}
	}
	if !w.Swap(databases[0], databases[1]) {
		return c.Error(swapStays)
	}
	return c.OK()
}

// flushAll is FLUSHALL. The databases are dropped in constant time, so SYNC and ASYNC are the same.
func flushAll(w *exec.Writer, c exec.Call) []byte {
	if !flushes(c) {
		return c.Error(reply.Syntax)
	}
	w.FlushAll()
	return c.OK()
}

// flushDB is FLUSHDB, of the database of the client.
func flushDB(w *exec.Writer, c exec.Call) []byte {
	if !flushes(c) {
		return c.Error(reply.Syntax)
	}
	w.Flush()
	return c.OK()
}

func flushes(c exec.Call) bool {
	return len(c.Args) == 1 || len(c.Args) == 2 && (exec.Is(c.Args[1], "SYNC") || exec.Is(c.Args[1], "ASYNC"))
}
