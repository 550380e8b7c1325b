package worlds

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
)

// movers is the kind of keys that move between two databases of their own, which change places now and then: by MOVE,
// by COPY with DB, and by SWAPDB. Nothing else is in these databases, no lock above all, with which they would stay
// where they are.
//
// For the model the two keys of one name are a pair: the key in the second database is the twin of that in the first.
const movers = 'm'

// moverDatabases are those of movers.
var moverDatabases = [...]int{3, 4}

const (
	// moverShare is the share of requests on movers, swapMoversShare that of those which let their databases change
	// places.
	moverShare      = 0.06
	swapMoversShare = 0.15
	// moverCallsMax is the length of such a run at most.
	moverCallsMax = 3
)

// move makes up a request on movers, all in one of their databases: mostly on one key, so that it is here and there.
func (c *client) move(now time.Duration, readsOnly bool) workload.Request {
	r := &Request{database: c.moverDatabase(), protocol: 2}
	if !readsOnly && c.hits(swapMoversShare) {
		r.calls = []call{{"SWAPDB", strconv.Itoa(r.database), otherMovers(r.database)}}
		return r
	}
	key := c.mover(now)
	for range 1 + c.chance.IntN(moverCallsMax) {
		if readsOnly || c.hits(0.4) {
			r.calls = append(r.calls, c.read(key))
			continue
		}
		r.calls = append(r.calls, c.moverWrite(key, r.database))
	}
	return r
}

// mover picks one of the movers that are in use now.
func (c *client) mover(now time.Duration) string {
	return fmt.Sprintf("%c%d.%d", movers, c.chance.IntN(c.mix.Keys), int(now/c.mix.KeyLife))
}

// moverDatabase is one of their databases.
func (c *client) moverDatabase() int { return moverDatabases[c.chance.IntN(len(moverDatabases))] }

// otherMovers is the number of the database to which movers go from one.
func otherMovers(database int) string {
	if database == moverDatabases[0] {
		return strconv.Itoa(moverDatabases[1])
	}
	return strconv.Itoa(moverDatabases[0])
}

// moverWrite makes up a write to a mover in one of its databases.
func (c *client) moverWrite(key string, database int) call {
	other := otherMovers(database)
	switch pick := c.chance.IntN(10); {
	case pick < 3:
		return call{"MOVE", key, other}
	case pick == 3:
		return call{"COPY", key, key, "DB", other}
	case pick == 4:
		return call{"COPY", key, key, "DB", other, "REPLACE"}
	}
	return c.write(key)
}

// isMover reports whether a name, of a key or in the model, is that of a mover.
func isMover(name string) bool { return strings.HasPrefix(name, string(movers)) }

// asPair is a call on a mover in a database as the model has it: on a key of a pair, or on both.
func (c call) asPair(database int) call {
	made := slices.Clone(c)
	made[1] = moverName(database, c[1])
	switch twin := twinOf(made[1]); c[0] {
	case "MOVE":
		made[2] = twin
	case "COPY":
		made = append(call{c[0], made[1], twin}, c[5:]...)
	}
	return made
}

// moverName is how the model calls a mover of a database.
func moverName(database int, key string) string {
	if database == moverDatabases[1] {
		return key + twinMark
	}
	return key
}

// applyMove is the model of MOVE: it does not replace.
func (c call) applyMove(f *family) (reply string) {
	from, to := f.of(c[1]), f.of(c[2])
	if *from == "" || *to != "" {
		return integer(0)
	}
	*to, *from = *from, ""
	return integer(1)
}

// reachesMovers reports whether a call, in any database, may put something into those of movers, or let them change
// places: drawn calls must not, since they know no locks.
func reachesMovers(words call) bool {
	args := words.args()
	spec, _ := commands.Find(args)
	if spec == data.RaftOnce && len(args) > spec.Wraps {
		args = args[spec.Wraps:]
		spec, _ = commands.Find(args)
	}
	if spec != data.Move && spec != data.Copy && spec != data.SwapDB {
		return false
	}
	return slices.ContainsFunc(args[1:], func(arg []byte) bool {
		number, err := strconv.Atoi(string(arg))
		return err == nil && slices.Contains(moverDatabases[:], number)
	})
}

// countMoves counts what clients know to have happened between databases.
func (m *Met) countMoves(history []workload.Operation) {
	for _, h := range history {
		r := h.Run.(*Run)
		if r.head != nil && h.Known && !r.executed {
			m.Refused.Add(1)
		}
		for i, reply := range r.replies {
			switch name := r.calls[i][0]; {
			case name == "MOVE" && reply == integer(1):
				m.Moved.Add(1)
			case name == "SWAPDB" && reply == okReply:
				m.Swapped.Add(1)
			}
		}
	}
}
