package fsm

import (
	"bytes"

	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// soughtKeys is how many keys are fetched at once. What a search for that many reads fits the first cache of a
// processor; with fewer, the processor waits more often.
const soughtKeys = 32

// upcoming are the keys of the commands that come next: one of each command that has arguments, in order. They were
// fetched together (keyspace.Fetch), so that the commands need not wait for memory one by one.
//
//	bodies ──► Upcoming ──► keys ──► Fetch ──► next takes each command off a body, and its key off the keys
//
// Nothing here is part of the state: without it every entry has the same effect, only more slowly.
type upcoming struct {
	keys [soughtKeys]keyspace.Sought
	// count is how many there are, taken how many of them were taken.
	count, taken int
	arguments    [][]byte
}

// Upcoming takes the next bodies of the log, in order, at the places in memory where Apply will get them. It does not
// change the state, and is called where Apply may be, right before it. Other bodies may come instead.
func (m *Machine) Upcoming(bodies [][]byte) {
	if !m.ready {
		return
	}
	m.coming.drop()
	for _, body := range bodies {
		m.coming.add(&m.state, m.state.Space(0), body)
	}
	keyspace.Fetch(m.coming.keys[:m.coming.count])
}

// seek finds what was fetched for the first command of a body, and fetches for the whole body where nothing was, and it
// has more commands.
func (m *Machine) seek(args [][]byte, body, rest []byte) {
	u := &m.coming
	if u.taken == u.count && len(rest) > 0 {
		u.drop()
		u.add(&m.state, m.writer.Space(), body)
		keyspace.Fetch(u.keys[:u.count])
	}
	m.writer.Seek(u.take(args))
}

// add notes the keys of a body, as many as there is room for.
func (u *upcoming) add(s *keyspace.State, space *keyspace.Space, body []byte) {
	for len(body) > 0 && u.count < soughtKeys {
		args, rest, err := argv.Next(body, u.arguments)
		if err != nil {
			return // Apply ends here as well
		}
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
}

// Names of the commands whose second argument is no key.
var selectName, onceName = []byte(node.Select.Name), []byte(data.RaftOnce.Name)

func isNamed(args [][]byte, name []byte) bool {
	return len(args[0]) == len(name) && bytes.EqualFold(args[0], name)
}

// keyOf is the argument that most likely is the first key of a command, nil if it has none.
func keyOf(args [][]byte) []byte {
	switch {
	case isNamed(args, selectName):
		return nil
	case len(args) > carried && isNamed(args, onceName):
		args = args[carried:]
	}
	if len(args) < 2 {
		return nil
	}
	return args[1]
}

// take gives what was fetched for the next command, nil for nothing.
func (u *upcoming) take(args [][]byte) *keyspace.Sought {
	key := keyOf(args)
	if len(key) == 0 || u.taken == u.count {
		return nil
	}
	next := &u.keys[u.taken]
	if !next.Is(key) { // other bodies came
		u.drop()
		return nil
	}
	u.taken++
	return next
}

// end lets go of bodies that were applied.
func (u *upcoming) end() {
	if u.taken == u.count && u.count > 0 {
		u.drop()
	}
}

func (u *upcoming) drop() {
	clear(u.keys[:u.count])
	u.count, u.taken = 0, 0
	clear(u.arguments[:cap(u.arguments)])
	if cap(u.arguments) > maxKeptArguments {
		u.arguments = nil
	}
}

// fetchFor fetches the keys of the first of some reads.
func fetchFor(calls []command.Call, space *keyspace.Space) {
	var keys [soughtKeys]keyspace.Sought
	count := 0
	for i := range calls[:min(len(calls), soughtKeys)] {
		if args := calls[i].Args; calls[i].Spec != nil && len(args) > 1 {
			keys[count] = keyspace.Sought{Key: args[1], Space: space}
			count++
		}
	}
	keyspace.Fetch(keys[:count])
}
