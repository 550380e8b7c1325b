package fsm

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/reply"
)

// A transaction is the body of an entry by itself. It begins with a head, which names the keys that its client watches
// and the state in which it has looked at each. The writes of the transaction follow; its reads stay with the origin,
// at their places. The state machine of every node judges the head. Either all that follows is executed or nothing is.
//
// A key has changed if an entry behind that state has put it or removed it. Of a key that is there its version says so.
// Of one that is not, package keyspace remembers when it was last put: see keyspace.removals. A key that has ended by
// its deadline since then has changed; one that had ended before has not, whether it was removed yet or not.

// transactionFunctions are those of the commands around transactions. All others are of the connection.
var transactionFunctions = []exec.Function{{Of: node.Watch, Read: watch}}

// watch is WATCH key [key …]: it notes in which state each key was looked at, and whether it was there.
//
// It is the last call of its run. A write that followed in the same entry would give a key the version that it may have
// had before:
//
//  1. An entry holds SET k 1 and SET k 2, and WATCH k between them.
//  2. Behind it, the version of k is the index of the entry, as it was for WATCH.
//  3. EXEC finds the version that it looks for, although k has changed.
func watch(v exec.View, c exec.Call) []byte {
	found := make([]command.Watched, 0, len(c.Args)-1)
	for _, key := range c.Args[1:] {
		found = append(found, command.Watched{
			Database: v.Database, Key: key, Index: v.Space.Index(), Present: v.Space.Get(key) != nil,
		})
	}
	c.Watch(found)
	return c.OK()
}

// unchanged reports whether no key that a head names has changed. A head that is none lets nothing happen.
func unchanged(state *keyspace.State, head [][]byte) bool {
	for rest := head[1:]; len(rest) > 0; {
		w, following, ok := command.NextWatched(rest)
		if guard.Down(guard.WatchIsJudged) {
			return true
		}
		if !ok || state.Space(w.Database).ChangedSince(w.Key, w.Index, w.Present) {
			return false
		}
		rest = following
	}
	return true
}

// begin begins the reply to a transaction: with the header of an array of the replies to its calls; or it answers null,
// and executes says no. Without a state there are no replies.
func begin(c exec.Call, state *keyspace.State, run *command.Run) (replies []byte, executes bool) {
	switch {
	case state == nil:
		return c.Error(reply.Loading), false
	case !unchanged(state, run.Head):
		return c.NullArray(), false
	}
	return reply.ArrayHeader(c.Reply, len(run.Calls)), true
}

// takeHead takes the head of the run's transaction from the body that came back from the log.
func (m *Machine) takeHead(run *command.Run, body []byte) (rest []byte) {
	args, rest, ok := m.next(body)
	if !ok || !slices.EqualFunc(args, run.Head, bytes.Equal) {
		panic(fmt.Sprintf("fsm: entry %d is not the transaction of the run that waits for it", m.state.Index()))
	}
	return rest
}
