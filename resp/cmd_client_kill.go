package resp

import (
	"strings"

	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// killFilter says which clients CLIENT KILL ends: those that meet every condition that was given.
type killFilter struct {
	id             int64 // 0: any
	address, local string
	kind           clientType
	skipMe         bool
}

// matches reports whether a session meets the conditions.
func (k *killFilter) matches(s *session, me *session) bool {
	switch {
	case k.id != 0 && s.id != k.id,
		k.address != "" && s.address != k.address,
		k.local != "" && s.local != k.local,
		k.kind != normalClient,
		k.skipMe && s == me:
		return false
	}
	return true
}

// parseKill reads the conditions of CLIENT KILL, or returns the text of an error.
func parseKill(args [][]byte) (k killFilter, failure string) {
	k = killFilter{skipMe: true}
	for i := 0; i < len(args); i += 2 {
		if i+1 == len(args) {
			return k, reply.Syntax
		}
		value := string(args[i+1])
		ok := true
		switch strings.ToLower(string(args[i])) {
		case "id":
			if k.id, ok = number.Parse(args[i+1]); !ok || k.id < 1 {
				return k, "ERR client-id should be greater than 0"
			}
		case "type":
			if k.kind, ok = parseClientType(args[i+1]); !ok {
				return k, unknownClientType(args[i+1])
			}
		case "addr":
			k.address = value
		case "laddr":
			k.local = value
		case "user":
			if value != "default" {
				return k, "ERR No such user '" + value + "'"
			}
		case "skipme":
			k.skipMe = strings.EqualFold(value, "yes")
			ok = k.skipMe || strings.EqualFold(value, "no")
		default:
			ok = false
		}
		if !ok {
			return k, reply.Syntax
		}
	}
	return k, ""
}

// clientKill is CLIENT KILL address, the old form, or CLIENT KILL condition value [condition value ...].
func clientKill(c *Conn, dst []byte, args [][]byte) []byte {
	old := len(args) == 3
	filter := killFilter{address: string(args[2])}
	if !old {
		var failure string
		if filter, failure = parseKill(args[2:]); failure != "" {
			return reply.Error(dst, failure)
		}
	}
	killed := c.kill(&filter)
	switch {
	case !old:
		return reply.Integer(dst, int64(killed))
	case killed == 0:
		return reply.Error(dst, "ERR No such client")
	}
	return reply.OK(dst)
}

// kill ends all connections that the filter matches and counts them. The one that asks is ended when it is answered.
func (c *Conn) kill(filter *killFilter) int {
	killed := 0
	for _, s := range c.server.sessions.list() {
		if !filter.matches(s, c.session) {
			continue
		}
		killed++
		if s == c.session {
			c.phase = ended
		} else {
			s.cut()
		}
	}
	return killed
}
