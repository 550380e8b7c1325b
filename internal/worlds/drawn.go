package worlds

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// drawnKeys are the keys of drawn requests: few, so that commands meet, two of them in one slot. The model has others.
var drawnKeys = []string{"d", "d1", "{d}2", ""}

// The model has keys in the first databases. Drawn requests are in these, and in two more, which change places now and
// then: so they have no locks and topics, with which they would not.
const modelDatabases = 2

var (
	swappedDatabases = [...]int{2, 15}
	drawnDatabases   = [...]int{0, 1, swappedDatabases[0], swappedDatabases[1]}
)

// database is one of the databases of the model.
func (c *client) database() int { return c.chance.IntN(modelDatabases) }

const (
	// swapShare is the share of drawn calls that let two databases change places.
	swapShare = 0.01
	// drawnCallsMax is the length of a drawn run at most.
	drawnCallsMax = 4
	// drawnCallBytesMax bounds the words of a call: simulated disks and messages are small.
	drawnCallBytesMax = 120
)

// drawn makes up a run of any commands: writes with reads that ride along, deadlines that pass while the world lasts,
// arguments at all edges, and calls that are no commands.
func (c *client) drawn(now time.Duration, readsOnly bool) workload.Request {
	c.mixed.Now = workload.Epoch + now.Milliseconds()
	r := &Request{
		drawn: true, database: drawnDatabases[c.chance.IntN(len(drawnDatabases))], protocol: 2 + c.chance.IntN(2),
		opened: c.mixed.Opened,
	}
	for range 1 + c.chance.IntN(drawnCallsMax) {
		r.calls = append(r.calls, c.drawnCall(r.database, readsOnly))
	}
	return r
}

// drawnCall draws a call that fits a simulated world.
func (c *client) drawnCall(database int, readsOnly bool) call {
	for {
		var words []string
		switch which := c.chance.IntN(10); {
		case !readsOnly && c.hits(swapShare):
			words = call{"SWAPDB", strconv.Itoa(swappedDatabases[0]), strconv.Itoa(swappedDatabases[1])}
		case which < 2:
			words = c.mixed.Once()
		case which < 5:
			_, words = c.mixed.Call()
		case which < 7:
			_, words = c.mixed.Own()
		default:
			words = c.mixed.Specified()
		}
		if !fits(words, readsOnly) || empties(words, database) && !c.mayEmpty() || c.layouts && showsNode(words) {
			continue
		}
		if database >= modelDatabases && staysInDatabase(words) || reachesMovers(words) {
			continue
		}
		return words
	}
}

const (
	// crowdCalls is how many keys a run sets that end together. The crowds of all clients of a moment are more than one
	// entry removes.
	crowdCalls = 20
	// crowdEvery is the time between the moments at which crowds end.
	crowdEvery = 2 * time.Second
)

// crowd makes up a run that sets many keys which end at one moment, that of the crowds of other clients, with reads
// that ride along: so there is more to remove than one entry does, and what an entry does must not depend on them.
func (c *client) crowd(now time.Duration) workload.Request {
	ends := strconv.FormatInt(workload.Epoch+(now.Truncate(crowdEvery)+crowdEvery).Milliseconds(), 10)
	r := &Request{drawn: true, database: c.database(), protocol: 2}
	for range crowdCalls {
		c.written++
		r.calls = append(r.calls, call{"SET", fmt.Sprintf("crowd%d.%d", c.number, c.written), "", "PXAT", ends})
		if c.hits(0.5) {
			r.calls = append(r.calls, call{"DBSIZE"})
		}
	}
	return r
}

const (
	// longShare is the share of requests on long values where small ones count as long, longKeys how many of these there
	// are, longCallsMax the length of such a run at most.
	longShare    = 0.15
	longKeys     = 2
	longCallsMax = 5
)

// long makes up a run on values that are written at one stroke, and changed in place behind reads that answer with
// them: a reply that lacks a part of one must not show the change. It writes one whole value at most: the body of a run
// has to fit the least journal of a world, which has room for two kilobytes.
func (c *client) long(readsOnly bool) workload.Request {
	r := &Request{drawn: true, database: c.database(), protocol: 2}
	whole := !readsOnly
	for range 1 + c.chance.IntN(longCallsMax) {
		next := c.longCall(readsOnly, whole)
		whole = whole && next[0] != "SET"
		r.calls = append(r.calls, next)
	}
	return r
}

// longCall is a call of such a run; whole says that it may write a whole value.
func (c *client) longCall(readsOnly, whole bool) call {
	key, at := "long"+strconv.Itoa(c.chance.IntN(longKeys)), c.chance.IntN(40)
	pick := c.chance.IntN(10)
	if readsOnly || pick < 4 {
		if c.hits(0.5) {
			return call{"GETRANGE", key, strconv.Itoa(at / 8), "-2"}
		}
		return call{"GET", key}
	}
	c.written++
	unique := strconv.Itoa(c.written*100 + c.number)
	switch {
	case pick < 6 && whole:
		text := "<" + unique + ">"
		return call{"SET", key, strings.Repeat(text, (c.longBytes+c.chance.IntN(64))/len(text)+1)}
	case pick < 8:
		return call{"SETRANGE", key, strconv.Itoa(at), unique}
	case pick < 9:
		return call{"SETBIT", key, strconv.Itoa(8 * at), strconv.Itoa(c.chance.IntN(2))}
	}
	return call{"APPEND", key, unique}
}

// mayEmpty reports, now and then, that a call may empty databases of the model: only in worlds where hardly anything is
// asked for that the model would have to know.
func (c *client) mayEmpty() bool { return c.mix.Drawn > 0.5 && c.hits(0.02) }

// empties reports whether a call in a database empties one that the model has keys in, or may give it other keys.
func empties(words call, database int) bool {
	args := words.args()
	spec, fault := commands.Find(args)
	if spec == data.RaftOnce && fault == command.NoFault {
		args = args[spec.Wraps:]
		spec, fault = commands.Find(args)
	}
	switch {
	case fault != command.NoFault:
		return false
	case spec == data.SwapDB:
		return isModelled(string(args[1])) || isModelled(string(args[2]))
	}
	return spec == data.FlushAll || spec == data.FlushDB && database < modelDatabases
}

// isModelled reports whether text is the number of a database that the model has keys in.
func isModelled(text string) bool {
	number, err := strconv.Atoi(text)
	return err == nil && number >= 0 && number < modelDatabases
}

// staysInDatabase reports whether a call may make a value that SWAPDB does not move: a lock or a topic.
func staysInDatabase(words call) bool {
	return strings.Contains(strings.ToUpper(words.String()), "RAFT.LO")
}

// showsNode reports whether the reply to a call shows what may differ between nodes: how values lie in memory, and when
// keys were used.
func showsNode(words call) bool {
	spec, fault := commands.Find(words.args())
	return fault == command.NoFault &&
		(spec == node.MemoryUsage || spec == data.ObjectIdleTime || spec == node.DebugObject)
}

// fits reports whether a call is short, and a read if it must be one.
func fits(words []string, readsOnly bool) bool {
	length := 0
	for _, word := range words {
		length += len(word)
	}
	spec, fault := commands.Find(call(words).args())
	switch {
	case length > drawnCallBytesMax:
		return false
	case fault != command.NoFault:
		return true
	}
	return !readsOnly || spec.Class != command.Write
}
