package resp

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
)

// monitors are the clients that said MONITOR. They are told of each command of this node's clients before it is
// executed; one that does not keep up is closed.
type monitors struct {
	mu sync.Mutex
	// watching is nil while there is none, which is what each command looks at.
	watching atomic.Pointer[[]*session]
}

func (m *monitors) add(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var now []*session
	if before := m.watching.Load(); before != nil {
		now = slices.Clone(*before)
	}
	if !slices.Contains(now, s) {
		now = append(now, s)
	}
	m.watching.Store(&now)
}

func (m *monitors) remove(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.watching.Load()
	if before == nil {
		return
	}
	now := slices.DeleteFunc(slices.Clone(*before), func(other *session) bool { return other == s })
	if len(now) == 0 {
		m.watching.Store(nil)
	} else {
		m.watching.Store(&now)
	}
}

// monitor is MONITOR.
func monitor(c *Conn, dst []byte, _ [][]byte) []byte {
	c.session.set(func(f *facts) { f.monitoring = true })
	c.server.monitors.add(c.session)
	return reply.OK(dst)
}

// show tells the monitors of a command, unless it is one of administration.
func (s *Server) show(client *session, spec *command.Spec, args [][]byte) {
	watching := s.monitors.watching.Load()
	if watching == nil || spec.Flags&(command.FlagAdmin|command.FlagSkipMonitor) != 0 {
		return
	}
	var message []byte
	for _, watcher := range *watching {
		switch {
		case !watcher.takes(argv.Size(args)): // the line would be longer still, and is not made
			watcher.lose()
			continue
		case message == nil:
			message = reply.Simple(nil, monitorLine(s.now(), client, spec, args))
		}
		watcher.post(message)
	}
}

// monitorLine is how Redis writes a command for monitors.
func monitorLine(now time.Time, client *session, spec *command.Spec, args [][]byte) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d.%06d [%d %s]", now.Unix(), now.Nanosecond()/1000, client.facts.database, client.address)
	for i, arg := range args {
		text.WriteByte(' ')
		if isSecret(spec, args, i) {
			arg = []byte("(redacted)")
		}
		appendQuoted(&text, arg)
	}
	return text.String()
}

// isSecret reports whether an argument is not for others: what AUTH is given, what stands behind AUTH in HELLO and
// behind AUTH and AUTH2 in MIGRATE, also where that is in the wrong place, and passwords that CONFIG SET sets.
func isSecret(spec *command.Spec, args [][]byte, i int) bool {
	follows := func(distance int, word string) bool {
		return i > distance && strings.EqualFold(string(args[i-distance]), word)
	}
	switch spec {
	case node.Auth:
		return i > 0
	case node.Hello:
		return follows(1, "auth") || follows(2, "auth")
	case data.Migrate:
		return i > 6 && (follows(1, "auth") || follows(1, "auth2") || follows(2, "auth2"))
	case node.ConfigSet:
		return i > 2 && (follows(1, "requirepass") || follows(1, "masterauth"))
	}
	return false
}

// appendQuoted writes bytes in quotes, with the escapes of C.
func appendQuoted(text *strings.Builder, value []byte) {
	text.WriteByte('"')
	for _, b := range value {
		switch {
		case b == '"' || b == '\\':
			text.WriteByte('\\')
			text.WriteByte(b)
		case b == '\n':
			text.WriteString(`\n`)
		case b == '\r':
			text.WriteString(`\r`)
		case b == '\t':
			text.WriteString(`\t`)
		case b == '\a':
			text.WriteString(`\a`)
		case b == '\b':
			text.WriteString(`\b`)
		case b < ' ' || b > '~':
			fmt.Fprintf(text, `\x%02x`, b)
		default:
			text.WriteByte(b)
		}
	}
	text.WriteByte('"')
}
