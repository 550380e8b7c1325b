package resp

import (
	"slices"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
)

// handler is what answers a command of the connection or the node.
type handler struct {
	// of is the command.
	of *command.Spec
	// answer appends the reply to dst; it may change the connection, but not its output. If it leaves the connection in
	// another phase, the reply comes when that ends.
	answer func(c *Conn, dst []byte, args [][]byte) []byte
	// pure says that the reply depends on the arguments alone and that nothing is changed: such a command does not end
	// a run, its reply is made at once and waits at its place.
	pure bool
	// slow says that answer may leave the reply to the end of something that takes long, and that replies to earlier
	// commands must not wait for it.
	slow bool
}

// allHandlers are those of all families; each family lists its own beside its functions.
var allHandlers = slices.Concat(
	aclHandlers, clientHandlers, clusterHandlers, commandHandlers, configHandlers, connectionHandlers, debugHandlers,
	latencyHandlers, memberHandlers, memoryHandlers, nodeHandlers, persistenceHandlers, pubSubHandlers,
	slowLogHandlers, stopHandlers, topicHandlers, streamHandlers, transactionHandlers, waitHandlers,
)

// handlers has the handler of each command of class Barrier that is not a mere container, at the command's ID.
var handlers = attach(allHandlers)

func attach(handlers []handler) []handler {
	all := make([]handler, commands.IDs())
	for _, h := range handlers {
		all[h.of.ID()] = h
	}
	return all
}

// topicHandlers answer what needs no state among the commands on topics.
var topicHandlers = []handler{help(data.RaftLogHelp)}

// streamHandlers answer what needs no state among the commands on streams.
var streamHandlers = []handler{help(data.XGroupHelp), help(data.XInfoHelp)}

// help is the handler of a subcommand HELP: it answers the lines about the container.
func help(of *command.Spec) handler {
	answer := func(_ *Conn, dst []byte, _ [][]byte) []byte {
		lines := of.Container().HelpLines()
		dst = reply.ArrayHeader(dst, len(lines))
		for _, text := range lines {
			dst = reply.Simple(dst, text)
		}
		return dst
	}
	return handler{of: of, answer: answer, pure: true}
}
