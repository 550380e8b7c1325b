package resp

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// DEBUG is for tests of clients and for looking into a node. The subcommands here touch no key and no other client.
// Those of Redis that change keys, files or the life of the process are unknown: a key space that one node changes on
// its own is a broken one.

// Values of enable-debug-command.
const (
	DebugNo    = "no"
	DebugLocal = "local"
	DebugYes   = "yes"
)

// Error texts of DEBUG; all but the last are Redis's to the letter.
const (
	debugNotAllowed = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can " +
		"run it from a local connection, otherwise you need to set this option in the configuration file, and then " +
		"restart the server."
	debugNoResp2   = "ERR RESP2 is not supported by this command"
	debugWrongType = "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|" +
		"array|set|map|attrib|push|verbatim|true|false"
	alwaysExpires = "ERR expired keys are removed by the log, on all nodes alike: a node cannot cease to do so"
)

// debugHandlers answer DEBUG.
var debugHandlers = []handler{
	{of: node.DebugError, answer: debugError},
	help(node.DebugHelp),
	{of: node.DebugLog, answer: debugLog},
	{of: node.DebugProtocol, answer: debugProtocol},
	{of: node.DebugSetActiveExpire, answer: debugSetActiveExpire},
	{of: node.DebugSleep, answer: debugSleep, slow: true},
}

// debugRefusal says why a call of DEBUG is not executed, in the order of Redis: there DEBUG judges its arguments
// itself, so whether it is allowed comes before.
func (c *Conn) debugRefusal(spec *command.Spec, fault command.Fault, args [][]byte) string {
	switch {
	case fault == command.WrongArity && spec == node.Debug:
		return reply.WrongArity(spec.Name)
	case !c.mayDebug():
		return debugNotAllowed
	case !c.facts().authenticated:
		return reply.NoAuth
	case fault != command.NoFault:
		return reply.SubcommandSyntax(args)
	}
	return ""
}

// mayDebug reports whether enable-debug-command allows DEBUG on this connection. A client without an address is one of
// this process or of a socket of this machine.
func (c *Conn) mayDebug() bool {
	switch c.server.tuning.EnableDebug.Load() {
	case DebugYes:
		return true
	case DebugLocal:
		return isLocal(c.session.address)
	}
	return false
}

// isLocal reports whether an address is of this machine alone.
func isLocal(clientAddress string) bool {
	address, err := netip.ParseAddrPort(clientAddress)
	return err != nil || address.Addr().Unmap().IsLoopback()
}

// debugSleep is DEBUG SLEEP seconds. The time counts as the command's own, as if it had been hard work; what is no
// number counts as 0, as in Redis.
func debugSleep(c *Conn, dst []byte, args [][]byte) []byte {
	seconds, err := strconv.ParseFloat(string(args[2]), 64)
	if err != nil || seconds <= 0 || math.IsNaN(seconds) {
		return reply.OK(dst)
	}
	period := time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
	c.await(nil, max(period, 1), func(dst []byte, last bool) ([]byte, bool) {
		if last {
			dst = reply.OK(dst)
		}
		return dst, last
	})
	return dst
}

// debugError is DEBUG ERROR text. Ends of lines in it become blanks.
func debugError(_ *Conn, dst []byte, args [][]byte) []byte { return reply.Error(dst, string(args[2])) }

// debugLog is DEBUG LOG message.
func debugLog(c *Conn, dst []byte, args [][]byte) []byte {
	c.server.logger.Warn("DEBUG LOG", "message", string(args[2]), "client", c.session.id)
	return reply.OK(dst)
}

// debugSetActiveExpire is DEBUG SET-ACTIVE-EXPIRE 0|1. Any number but 0 asks for what is so anyway.
func debugSetActiveExpire(_ *Conn, dst []byte, args [][]byte) []byte {
	if number, ok := number.Parse(args[2]); ok && number != 0 {
		return reply.OK(dst)
	}
	return reply.Error(dst, alwaysExpires)
}

// debugProtocol is DEBUG PROTOCOL type: a value of each type that a client may have to read.
func debugProtocol(c *Conn, dst []byte, args [][]byte) []byte {
	protocol := c.protocol()
	switch strings.ToLower(string(args[2])) {
	case "string":
		return reply.BulkString(dst, "Hello World")
	case "integer":
		return reply.Integer(dst, 12345)
	case "double":
		return reply.Double(dst, protocol, 3.141)
	case "bignum":
		return appendBigNumber(dst, protocol, "1234567999999999999999999999999999999")
	case "null":
		return reply.Null(dst, protocol)
	case "array":
		return appendSmallNumbers(reply.ArrayHeader(dst, 3))
	case "set":
		return appendSmallNumbers(reply.SetHeader(dst, protocol, 3))
	case "map":
		dst = reply.MapHeader(dst, protocol, 3)
		for i := range 3 {
			dst = reply.Bool(reply.Integer(dst, int64(i)), protocol, i == 1)
		}
		return dst
	case "attrib":
		return appendWithAttribute(dst, protocol)
	case "push":
		if protocol < reply.RESP3 {
			return reply.Error(dst, debugNoResp2)
		}
		dst = reply.BulkString(reply.PushHeader(dst, protocol, 2), "server-cpu-usage")
		return reply.BulkString(reply.Integer(dst, 42), "Some real reply following the push reply")
	case "verbatim":
		return reply.Verbatim(dst, protocol, "txt", "This is a verbatim\nstring")
	case "true", "false":
		return reply.Bool(dst, protocol, strings.EqualFold(string(args[2]), "true"))
	}
	return reply.Error(dst, debugWrongType)
}

func appendSmallNumbers(dst []byte) []byte {
	for i := range 3 {
		dst = reply.Integer(dst, int64(i))
	}
	return dst
}

// appendBigNumber appends a number of any size, which RESP2 knows as a string only. No command but DEBUG has one.
func appendBigNumber(dst []byte, protocol int, digits string) []byte {
	if protocol < reply.RESP3 {
		return reply.BulkString(dst, digits)
	}
	return append(append(append(dst, '('), digits...), "\r\n"...)
}

// appendWithAttribute appends a reply with an attribute before it, which RESP2 does not have. No command but DEBUG
// does.
func appendWithAttribute(dst []byte, protocol int) []byte {
	if protocol >= reply.RESP3 {
		dst = append(dst, "|1\r\n"...)
		dst = reply.ArrayHeader(reply.BulkString(dst, "key-popularity"), 2)
		dst = reply.Integer(reply.BulkString(dst, "key:123"), 90)
	}
	return reply.BulkString(dst, "Some real reply following the attribute")
}
