package commands

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
)

// RefusedOnce says why RAFT.ONCE does not take a command; it is empty if it does. It takes what answers from the state
// alone, so that all nodes keep the same reply.
func RefusedOnce(s *command.Spec) string {
	switch {
	case s == data.RaftOnce, s.Container() == data.RaftSession:
		return "sessions are not nested"
	case s.Class == command.Barrier, s.OfNode, node.IsDebug(s), s == node.Watch:
		return "it concerns the connection or the node"
	case s.Flags&command.FlagBlocking != 0:
		return "it may wait for others, so send it as it is"
	case s.Class == command.Read && s.Linear:
		return "it changes nothing and may take long, so send it as it is"
	}
	return ""
}
