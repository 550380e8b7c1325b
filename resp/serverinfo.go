package resp

import (
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// nodeHandlers answer the commands that show the node.
var nodeHandlers = []handler{
	{of: command.Info, answer: info},
	{of: command.LolWut, answer: lolwut},
	help(command.ModuleHelp, moduleHelpLines),
	{of: command.ModuleList, answer: moduleList},
	{of: command.Monitor, answer: monitor},
	{of: command.RaftIndex, answer: raftIndex},
	{of: command.RaftRead, answer: raftRead},
	{of: command.Role, answer: role},
	{of: command.Time, answer: timeNow},
}

// timeNow is TIME: this node's clock. No promise rests on it, and expiry goes by another.
func timeNow(c *Conn, dst []byte, _ [][]byte) []byte {
	now := c.server.now()
	dst = reply.BulkString(reply.ArrayHeader(dst, 2), strconv.FormatInt(now.Unix(), 10))
	return reply.BulkString(dst, strconv.Itoa(now.Nanosecond()/1000))
}

// moduleList is MODULE LIST: there is none, and none can be loaded.
func moduleList(_ *Conn, dst []byte, _ [][]byte) []byte { return reply.ArrayHeader(dst, 0) }

// raftIndex is RAFT.INDEX: the last entry of the log that this node has applied. A client that has it from one node can
// see on another whether that has come as far.
func raftIndex(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, int64(c.server.node.Info().Applied))
}

// raftRead is RAFT.READ [LINEARIZABLE|STALE]: how old the state may be that reads of this connection are answered from.
// STALE is as READONLY, but holds on a leader too: it is never waited for others, and nothing is known of the age.
func raftRead(c *Conn, dst []byte, args [][]byte) []byte {
	switch {
	case len(args) == 1 && c.facts().stale:
		return reply.BulkString(dst, "stale")
	case len(args) == 1:
		return reply.BulkString(dst, "linearizable")
	case len(args) == 2 && strings.EqualFold(string(args[1]), "linearizable"):
		c.session.set(func(f *facts) { f.stale = false })
		return reply.OK(dst)
	case len(args) != 2 || !strings.EqualFold(string(args[1]), "stale"):
		return reply.Error(dst, "ERR RAFT.READ takes LINEARIZABLE or STALE")
	}
	if refusal := c.server.staleRefusal(); refusal != "" {
		return reply.Error(dst, refusal)
	}
	c.session.set(func(f *facts) { f.stale = true })
	return reply.OK(dst)
}
