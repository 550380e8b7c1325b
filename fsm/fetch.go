package fsm

import (
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/fsm/value"
)

// textOf gives the string of an entry for reading; no entry is the empty string. ok is false if the value is of another
// kind; the command then answers with wrongType. Every command on strings fetches its values by textOf.
func textOf(e *keyspace.Entry) (text value.String, ok bool) {
	if e == nil {
		return value.String{}, true
	}
	return e.Text()
}
