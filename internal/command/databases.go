package command

import (
	"strconv"

	"github.com/raftredis/raftredis/internal/number"
)

// DefaultDatabases is how many databases there are unless a setting says otherwise, as in Redis. MaxDatabases is how
// many there can be: each entry of the log looks at all that are in use.
const (
	DefaultDatabases = 16
	MaxDatabases     = 1 << 10
)

// MaxSelectionBytes is the longest that a selection is in the body of an entry.
const MaxSelectionBytes = 1 + 1 + len("SELECT") + 1 + 4 + 1 + 4

// Selection is what stands in front of the writes of a run: SELECT number, with the count of databases behind it where
// that is not the default; nil where nothing has to be said. An entry begins in database 0. It is made once for all
// runs of a connection that stays in its database, and must not be changed.
func (r *Run) Selection() [][]byte {
	counts := r.Databases != 0 && r.Databases != DefaultDatabases
	if r.Database == 0 && !counts {
		return nil
	}
	if of := [...]int{r.Database, r.Databases}; r.selection == nil || r.selectedFor != of {
		r.selection = [][]byte{[]byte("SELECT"), strconv.AppendInt(nil, int64(r.Database), 10)}
		if counts {
			r.selection = append(r.selection, strconv.AppendInt(nil, int64(r.Databases), 10))
		}
		r.selectedFor = of
	}
	return r.selection
}

// ParseSelection reads SELECT number [count], as it stands in an entry. count is the number of databases so far, and
// stays what it is unless one is given. ok is false if there is no such database.
func ParseSelection(args [][]byte, count int) (database, databases int, ok bool) {
	if len(args) == 3 {
		given, isNumber := number.Parse(args[2])
		if !isNumber || given < 1 || given > MaxDatabases {
			return 0, count, false
		}
		count = int(given)
	}
	if len(args) < 2 || len(args) > 3 {
		return 0, count, false
	}
	chosen, isNumber := number.Parse(args[1])
	if !isNumber || chosen < 0 || chosen >= int64(count) {
		return 0, count, false
	}
	return int(chosen), count, true
}
