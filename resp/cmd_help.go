package resp

import (
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

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
