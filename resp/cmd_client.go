package resp

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/channels"
)

// Error texts of CLIENT, to the letter those of Redis.
const (
	badClientName    = "ERR Client names cannot contain spaces, newlines or special characters."
	unblockReason    = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"
	unblockedByError = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
	pauseMode        = "ERR CLIENT PAUSE mode must be WRITE or ALL"
	timeoutNoInteger = "ERR timeout is not an integer or out of range"
	timeoutNegative  = "ERR timeout is negative"
	timeoutTooLong   = "ERR timeout is out of range"
)

// clientHandlers answer CLIENT.
var clientHandlers = []handler{
	{of: node.ClientCaching, answer: clientCaching},
	{of: node.ClientGetName, answer: clientGetName},
	{of: node.ClientGetRedir, answer: clientGetRedir},
	help(node.ClientHelp),
	{of: node.ClientID, answer: clientID},
	{of: node.ClientInfo, answer: clientInfo},
	{of: node.ClientKill, answer: clientKill},
	{of: node.ClientList, answer: clientList},
	{of: node.ClientNoEvict, answer: clientNoEvict},
	{of: node.ClientNoTouch, answer: clientNoTouch},
	{of: node.ClientPause, answer: clientPause},
	{of: node.ClientReply, answer: clientReply},
	{of: node.ClientSetInfo, answer: clientSetInfo},
	{of: node.ClientSetName, answer: clientSetName},
	{of: node.ClientTracking, answer: clientTracking},
	{of: node.ClientTrackingInfo, answer: clientTrackingInfo},
	{of: node.ClientUnblock, answer: clientUnblock},
	{of: node.ClientUnpause, answer: clientUnpause},
}

// plainText reports whether a name has only visible ASCII characters, as Redis asks of what stands in lists of clients.
func plainText(name []byte) bool {
	for _, b := range name {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

func clientID(c *Conn, dst []byte, _ [][]byte) []byte { return reply.Integer(dst, c.session.id) }

func clientGetName(c *Conn, dst []byte, _ [][]byte) []byte {
	if c.facts().name == "" {
		return reply.Null(dst, c.protocol())
	}
	return reply.BulkString(dst, c.facts().name)
}

func clientSetName(c *Conn, dst []byte, args [][]byte) []byte {
	if !plainText(args[2]) {
		return reply.Error(dst, badClientName)
	}
	c.session.set(func(f *facts) { f.name = string(args[2]) })
	return reply.OK(dst)
}

// clientSetInfo is CLIENT SETINFO LIB-NAME|LIB-VER value.
func clientSetInfo(c *Conn, dst []byte, args [][]byte) []byte {
	option, value := string(args[2]), string(args[3])
	var change func(f *facts)
	switch {
	case strings.EqualFold(option, "lib-name"):
		change = func(f *facts) { f.library = value }
	case strings.EqualFold(option, "lib-ver"):
		change = func(f *facts) { f.libraryVersion = value }
	default:
		return reply.Error(dst, "ERR Unrecognized option '"+option+"'")
	}
	if !plainText(args[3]) {
		return reply.Error(dst, "ERR "+option+" cannot contain spaces, newlines or special characters.")
	}
	c.session.set(change)
	return reply.OK(dst)
}

// clientReply is CLIENT REPLY ON|OFF|SKIP. OFF and SKIP are not answered themselves; SKIP means nothing after OFF.
func clientReply(c *Conn, dst []byte, args [][]byte) []byte {
	switch mode := string(args[2]); {
	case strings.EqualFold(mode, "on"):
		c.replyMode = repliesOn
	case strings.EqualFold(mode, "off"):
		c.replyMode = repliesOff
	case strings.EqualFold(mode, "skip"):
		if c.replyMode != repliesOff {
			c.replyMode = repliesSkipNext
		}
	default:
		return reply.Error(dst, reply.Syntax)
	}
	if c.replyMode != repliesOn {
		return dst
	}
	return reply.OK(dst)
}

// replyMode says whether the client wants replies.
type replyMode uint8

const (
	repliesOn replyMode = iota
	// repliesOff: none.
	repliesOff
	// repliesSkipNext: none to the next command. repliesSkipped: the next command is being answered.
	repliesSkipNext
	repliesSkipped
)

// muted reports whether what is being answered gets no reply.
func (m replyMode) muted() bool { return m == repliesOff || m == repliesSkipped }

// parseSwitch reads ON or OFF.
func parseSwitch(arg []byte) (on, ok bool) {
	on = strings.EqualFold(string(arg), "on")
	return on, on || strings.EqualFold(string(arg), "off")
}

// clientNoEvict is CLIENT NO-EVICT ON|OFF. No client is ever evicted for memory here: too many bytes of one end it, of
// all together refuse the next request.
func clientNoEvict(c *Conn, dst []byte, args [][]byte) []byte {
	on, ok := parseSwitch(args[2])
	if !ok {
		return reply.Error(dst, reply.Syntax)
	}
	c.session.set(func(f *facts) { f.noEvict = on })
	return reply.OK(dst)
}

// clientNoTouch is CLIENT NO-TOUCH ON|OFF: whether the commands of the connection leave a trace in what this node keeps
// of the uses of keys.
func clientNoTouch(c *Conn, dst []byte, args [][]byte) []byte {
	on, ok := parseSwitch(args[2])
	if !ok {
		return reply.Error(dst, reply.Syntax)
	}
	c.session.set(func(f *facts) { f.noTouch = on })
	return reply.OK(dst)
}

// clientUnblock is CLIENT UNBLOCK id [TIMEOUT|ERROR].
func clientUnblock(c *Conn, dst []byte, args [][]byte) []byte {
	how := timedOut
	switch {
	case len(args) > 4:
		return reply.Error(dst, reply.SubcommandSyntax(args))
	case len(args) == 4 && strings.EqualFold(string(args[3]), "error"):
		how = interrupted
	case len(args) == 4 && !strings.EqualFold(string(args[3]), "timeout"):
		return reply.Error(dst, unblockReason)
	}
	id, ok := number.Parse(args[2])
	if !ok {
		return reply.Error(dst, reply.NotInteger)
	}
	s := c.server.sessions.find(id)
	return reply.Integer(dst, int64(digit(s != nil && s.unblock(how))))
}

// parseTimeout reads a number of milliseconds as Redis does for commands that wait, or returns the text of an error.
func parseTimeout(arg []byte) (time.Duration, string) {
	millis, ok := number.Parse(arg)
	switch {
	case !ok:
		return 0, timeoutNoInteger
	case millis < 0:
		return 0, timeoutNegative
	case millis > math.MaxInt64/int64(time.Millisecond):
		return 0, timeoutTooLong
	}
	return time.Duration(millis) * time.Millisecond, ""
}

// clientPause is CLIENT PAUSE milliseconds [WRITE|ALL].
func clientPause(c *Conn, dst []byte, args [][]byte) []byte {
	all := true
	switch {
	case len(args) > 4:
		return reply.Error(dst, reply.SubcommandSyntax(args))
	case len(args) == 4 && strings.EqualFold(string(args[3]), "write"):
		all = false
	case len(args) == 4 && !strings.EqualFold(string(args[3]), "all"):
		return reply.Error(dst, pauseMode)
	}
	period, failure := parseTimeout(args[2])
	if failure != "" {
		return reply.Error(dst, failure)
	}
	c.server.pause.begin(c.server.now(), period, all)
	return reply.OK(dst)
}

func clientUnpause(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.pause.stop()
	return reply.OK(dst)
}

// clientInfo is CLIENT INFO.
func clientInfo(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Verbatim(dst, c.protocol(), "txt", c.server.describe(c.session))
}

// clientList is CLIENT LIST [TYPE type | ID id ...].
func clientList(c *Conn, dst []byte, args [][]byte) []byte {
	wanted := func(*session) bool { return true }
	switch {
	case len(args) == 4 && strings.EqualFold(string(args[2]), "type"):
		kind, ok := parseClientType(args[3])
		if !ok {
			return reply.Error(dst, unknownClientType(args[3]))
		}
		wanted = func(s *session) bool { return s.kind() == kind }
	case len(args) > 3 && strings.EqualFold(string(args[2]), "id"):
		ids := make(map[int64]bool)
		for _, arg := range args[3:] {
			id, ok := number.Parse(arg)
			if !ok {
				return reply.Error(dst, "ERR Invalid client ID")
			}
			ids[id] = true
		}
		wanted = func(s *session) bool { return ids[s.id] }
	case len(args) > 2:
		return reply.Error(dst, reply.Syntax)
	}
	var text strings.Builder
	for _, s := range c.server.sessions.list() {
		if wanted(s) {
			text.WriteString(c.server.describe(s))
		}
	}
	return reply.Verbatim(dst, c.protocol(), "txt", text.String())
}

// clientType is the kind of a client in lists. Other nodes are connected to another port.
type clientType uint8

const (
	anyClient clientType = iota
	normalClient
	listeningClient
	otherClient
)

func parseClientType(arg []byte) (clientType, bool) {
	switch strings.ToLower(string(arg)) {
	case "normal":
		return normalClient, true
	case "pubsub":
		return listeningClient, true
	case "master", "replica", "slave":
		return otherClient, true
	}
	return anyClient, false
}

// kind is the type of the client.
func (s *session) kind() clientType {
	if known := s.known(); known.subscribed() {
		return listeningClient
	}
	return normalClient
}

func unknownClientType(arg []byte) string { return "ERR Unknown client type '" + string(arg) + "'" }

// describe is the line of CLIENT LIST about a connection. Fields that have no meaning here have the value that Redis
// gives them where nothing is to be told.
func (s *Server) describe(one *session) string {
	now, known := s.now(), one.known()
	unread, room, unsent, mail := one.unread.Load(), one.room.Load(), one.unsent.Load(), int64(one.mailBytes())
	queued := one.queuedBytes.Load()
	spec := "NULL"
	if last := one.spec.Load(); last != nil {
		spec = last.Name
	}
	text := make([]byte, 0, 512)
	field := func(name, value string) { text = append(append(append(append(text, name...), '='), value...), ' ') }
	whole := func(name string, value int64) { field(name, strconv.FormatInt(value, 10)) }
	seconds := func(from time.Time) int64 { return int64(max(now.Sub(from), 0) / time.Second) }
	whole("id", one.id)
	field("addr", one.address)
	field("laddr", one.local)
	whole("fd", int64(one.file()))
	field("name", known.name)
	whole("age", seconds(one.began))
	whole("idle", int64(max(s.since(monotonic(one.active.Load())), 0)/time.Second))
	field("flags", one.flags(&known))
	whole("db", int64(known.database))
	whole("sub", int64(known.listens[channels.Plain]))
	whole("psub", int64(known.listens[channels.Pattern]))
	whole("ssub", int64(known.listens[channels.Shard]))
	whole("multi", one.queued.Load()-1)
	whole("qbuf", unread)
	whole("qbuf-free", room)
	whole("argv-mem", 0)
	whole("multi-mem", queued)
	whole("rbs", unsent)
	whole("rbp", unsent)
	whole("obl", unsent)
	whole("oll", 0)
	whole("omem", mail)
	whole("tot-mem", unread+room+unsent+mail+queued)
	field("events", "r")
	field("cmd", spec)
	field("user", "default")
	whole("redir", known.tracking.redirection())
	whole("resp", int64(known.protocol))
	field("lib-name", known.library)
	field("lib-ver", known.libraryVersion)
	text[len(text)-1] = '\n'
	return string(text)
}

// flags are the letters by which CLIENT LIST says what is special about a connection, in Redis's order.
func (s *session) flags(known *facts) string {
	letters := ""
	add := func(letter string, set bool) {
		if set {
			letters += letter
		}
	}
	add("O", known.monitoring)
	add("P", known.subscribed())
	add("x", s.queued.Load() > 0)
	add("b", s.blocked.Load() != unblocked)
	add("t", known.tracking.on)
	add("R", s.redirectBroken.Load())
	add("B", known.tracking.broadcast)
	add("r", known.readOnly)
	add("e", known.noEvict)
	add("T", known.noTouch)
	if letters == "" {
		return "N"
	}
	return letters
}

// killFilter says which clients CLIENT KILL ends: those that meet every condition that was given.
type killFilter struct {
	id             int64 // 0: any
	address, local string
	kind           clientType // anyClient: any
	skipMe         bool
}

// matches reports whether a session meets the conditions.
func (k *killFilter) matches(s *session, me *session) bool {
	switch {
	case k.id != 0 && s.id != k.id,
		k.address != "" && s.address != k.address,
		k.local != "" && s.local != k.local,
		k.kind != anyClient && k.kind != s.kind(),
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
