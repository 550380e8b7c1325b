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
const MaxSelectionBytes = 1 + 1 + len("SELECT") + 1 + 4 + 1 + 4 + 3*(1+5)

// Selection says in which database what follows it in an entry is, of how many that the client may use, and by which
// layout it is written.
type Selection struct {
	Database, Databases int
	Layout              Layout
}

// FirstSelection is the one in which each entry begins.
func FirstSelection() Selection {
	return Selection{Databases: DefaultDatabases, Layout: DefaultLayout()}
}

// Selection is what stands in front of the writes of a run where an entry does not begin in it: SELECT number [count
// [layout]]. The count of databases and the layout are there where they are not the default. It is nil where nothing
// has to be said. It is made once for all runs of a connection that stays in its database, and must not be changed.
func (r *Run) Selection() [][]byte {
	count := r.Databases
	if count == 0 {
		count = DefaultDatabases
	}
	counts := count != DefaultDatabases
	if r.Database == 0 && !counts && r.Layout == nil {
		return nil
	}
	if of := (selected{r.Database, count, r.Layout}); r.selection == nil || r.selectedFor != of {
		r.selection = [][]byte{[]byte("SELECT"), decimal(r.Database)}
		switch {
		case r.Layout != nil:
			r.selection = append(r.selection, decimal(count))
			for _, n := range r.Layout.numbers() {
				r.selection = append(r.selection, decimal(n))
			}
		case counts:
			r.selection = append(r.selection, decimal(count))
		}
		r.selectedFor = of
	}
	return r.selection
}

// selected is what a selection was made for.
type selected struct {
	database, databases int
	layout              *Layout
}

func decimal(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }

// Parse reads SELECT number [count [layout]], as it stands in an entry. What is not given stays as it was before. ok is
// false if there is no such database, or no such layout.
func (s Selection) Parse(args [][]byte) (chosen Selection, ok bool) {
	if len(args) > 3 {
		if s.Layout, ok = parseLayout(args[3:]); !ok {
			return s, false
		}
	}
	if len(args) > 2 {
		count, isNumber := number.Parse(args[2])
		if !isNumber || count < 1 || count > MaxDatabases {
			return s, false
		}
		s.Databases = int(count)
	}
	if len(args) < 2 {
		return s, false
	}
	database, isNumber := number.Parse(args[1])
	if !isNumber || database < 0 || database >= int64(s.Databases) {
		return s, false
	}
	s.Database = int(database)
	return s, true
}
