package fsm

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

const (
	// soughtKeys is how many commands are looked at together, and how many keys are fetched at once. What a search for
	// that many reads fits the first cache of a processor; with fewer, the processor waits more often.
	soughtKeys = 32
	// soughtBytes is the length of commands behind which no more are looked at: what is fetched would leave the caches
	// again before its command comes.
	soughtBytes = 256 << 10
	// soughtArguments is how many arguments a command that is looked at has at most. Others are rare, and long
	// themselves.
	soughtArguments = maxKeptArguments
	// soughtKeyBytes is the length of the longest key that is fetched: to hash a longer one takes longer than to wait.
	soughtKeyBytes = 256
)

// upcoming are the keys of the commands that come next: one of each command that has one, in order. They were fetched
// together (keyspace.Fetch), so that the commands need not wait for memory one by one.
//
//	bodies ──► Upcoming ──► keys ──► Fetch ──► next takes each command off a body, and its key off the keys
//
// To look at commands takes time under the machine's lock, so each look has bounds, and the next one begins only when
// all commands of the last one have come, with keys or without. So each command of a body is looked at once.
//
// Nothing here is part of the state: without it every entry has the same effect, only more slowly.
type upcoming struct {
	keys [soughtKeys]keyspace.Sought
	// count is how many there are, taken how many of them were taken.
	count, taken int
	// looked is how many commands were looked at since the start. passed is how many of these have come, or will not
	// come any more.
	looked, passed uint64
	// bytes is how long the commands of the present look are.
	bytes     int
	arguments [][]byte
}

// Upcoming takes the next bodies of the log, in order, at the places in memory where Apply will get them. It does not
// change the state, and is called where Apply may be, right before it. Other bodies may come instead.
func (m *Machine) Upcoming(bodies [][]byte) {
	if !m.ready {
		return
	}
	m.coming.drop()
	for _, body := range bodies {
		if !m.coming.add(&m.state, m.state.Space(0), body) {
			break
		}
	}
	keyspace.Fetch(m.coming.keys[:m.coming.count])
}

// seek finds what was fetched for the first command of a body. Where that was not looked at, and is not the last one,
// it fetches for the commands from there on.
func (m *Machine) seek(args [][]byte, body, rest []byte) {
	u := &m.coming
	if u.passed == u.looked && len(rest) > 0 {
		u.drop()
		u.add(&m.state, m.writer.Space(), body)
		keyspace.Fetch(u.keys[:u.count])
	}
	m.writer.Seek(u.take(args))
}

// add looks at the commands of a body and notes their keys, up to the bounds of a look. all is false if it has not
// looked at all commands of the body.
func (u *upcoming) add(s *keyspace.State, space *keyspace.Space, body []byte) (all bool) {
	for len(body) > 0 {
		if u.looked-u.passed == soughtKeys || u.bytes >= soughtBytes || argv.Count(body) > soughtArguments {
			return false
		}
		args, rest, err := argv.Next(body, u.arguments)
		if err != nil {
			return true // Apply ends here as well
		}
		u.looked++
		u.bytes += len(body) - len(rest)
		u.arguments, body = args, rest
		if isNamed(args, selectName) {
			if chosen, ok := command.FirstSelection().Parse(args); ok {
				space = s.Space(chosen.Database)
			}
		}
		if key := keyOf(args); len(key) > 0 {
			u.keys[u.count] = keyspace.Sought{Key: key, Space: space}
			u.count++
		}
	}
	return true
}

// Names of the commands whose second argument is no key.
var selectName, onceName = []byte(node.Select.Name), []byte(data.RaftOnce.Name)

func isNamed(args [][]byte, name []byte) bool {
	return len(args[0]) == len(name) && bytes.EqualFold(args[0], name)
}

// keyOf is the argument that most likely is the first key of a command, nil if it has none that is worth fetching.
func keyOf(args [][]byte) []byte {
	switch {
	case isNamed(args, selectName):
		return nil
	case len(args) > carried && isNamed(args, onceName):
		args = args[carried:]
	}
	if len(args) < 2 || len(args[1]) > soughtKeyBytes {
		return nil
	}
	return args[1]
}

// take gives what was fetched for the next command, nil for nothing.
func (u *upcoming) take(args [][]byte) *keyspace.Sought {
	if u.passed == u.looked {
		return nil
	}
	u.passed++
	key := keyOf(args)
	if len(key) == 0 {
		return nil
	}
	if u.taken == u.count || !u.keys[u.taken].Is(key) { // other bodies came
		u.drop()
		return nil
	}
	u.taken++
	return &u.keys[u.taken-1]
}

// end lets go of bodies that were applied.
func (u *upcoming) end() {
	if u.passed == u.looked && u.bytes > 0 {
		u.drop()
	}
}

func (u *upcoming) drop() {
	clear(u.keys[:u.count])
	u.count, u.taken, u.passed, u.bytes = 0, 0, u.looked, 0
	clear(u.arguments[:cap(u.arguments)])
	if cap(u.arguments) > maxKeptArguments {
		u.arguments = nil
	}
}

// fetchFor fetches the keys of the first of some reads, except long ones.
func fetchFor(calls []command.Call, space *keyspace.Space) {
	var keys [soughtKeys]keyspace.Sought
	count := 0
	for i := range calls[:min(len(calls), soughtKeys)] {
		if args := calls[i].Args; calls[i].Spec != nil && len(args) > 1 && len(args[1]) <= soughtKeyBytes {
			keys[count] = keyspace.Sought{Key: args[1], Space: space}
			count++
		}
	}
	keyspace.Fetch(keys[:count])
}
