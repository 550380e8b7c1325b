package worlds

import (
	"bytes"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// Spoil implements workload.Spoiler, on a key that the body writes: a bit falls over in its value, it is lost, or it
// has another deadline.
func (KeySpace) Spoil(body []byte, way int) []byte {
	key := writtenKey(body)
	if key == nil {
		return body
	}
	spoilt := [workload.Spoilings][][]byte{
		bytes.Fields([]byte("BITFIELD key OVERFLOW WRAP INCRBY u1 0 1")),
		bytes.Fields([]byte("DEL key")),
		bytes.Fields([]byte("PEXPIRE key 86400000")),
	}[way]
	spoilt[1] = key
	return argv.Append(bytes.Clone(body), spoilt)
}

// writtenKey is the first key in a body, nil for none. It is in the database in which the body ends: what stands before
// a SELECT may be in another one. (The last key may be that of a DEL, and nothing would be spoilt.)
func writtenKey(body []byte) (key []byte) {
	for len(body) > 0 {
		args, rest, err := argv.Next(body, nil)
		if err != nil || len(args) == 0 {
			return nil
		}
		body = rest
		switch spec, fault := commands.Find(args); {
		case fault != command.NoFault: // the head of a transaction
		case spec == node.Select:
			key = nil
		default:
			if at := spec.FirstKey(args); at > 0 && at < len(args) && key == nil { // it may have too few arguments
				key = args[at]
			}
		}
	}
	return key
}
