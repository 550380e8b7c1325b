package worlds

import (
	"bytes"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
)

// Spoil implements workload.Spoiler, on the first key of the body: a bit falls over in its value, it is lost, or it has
// another deadline.
func (KeySpace) Spoil(body []byte, way int) []byte {
	args, _, err := argv.Next(body, nil)
	if err != nil || len(args) < 2 {
		return body
	}
	spoilt := [workload.Spoilings][][]byte{
		bytes.Fields([]byte("BITFIELD key OVERFLOW WRAP INCRBY u1 0 1")),
		bytes.Fields([]byte("DEL key")),
		bytes.Fields([]byte("PEXPIRE key 86400000")),
	}[way]
	spoilt[1] = args[1]
	return argv.Append(bytes.Clone(body), spoilt)
}
