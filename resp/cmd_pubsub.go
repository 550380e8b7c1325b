package resp

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/channels"
	"github.com/raftredis/raftredis/resp/wire"
)

// A message is an entry of the log. The state machine of each node hands it to the server while it applies the entry
// (Server.Published), and the server posts it to the clients that listen, as it posts invalidations: so what waits for
// a client is bounded, and a slow one holds up no other. See docs/decisions/0073.
//
// That a client listens is a fact of its connection alone. To begin is a read of nothing, which the store confirms:
//
//  1. SUBSCRIBE is submitted. When it is confirmed, the node has applied all that was acknowledged before 1.
//  2. The connection joins the table, and the client is told.
//  3. A message that was acknowledged before 1 was applied before 2: it is not heard, however far the node was behind,
//     and whether it applies its log anew after a start. A message that is sent after 2 is applied later, and heard.
//
// Messages that the node passes over, because a snapshot takes their place, end the connections that listen; so does a
// node without a leader, after a while. A client whose connection lasts has missed nothing.

// hearing is to what a client listens.
type hearing struct {
	names [channels.Kinds]map[string]struct{}
	// heldBytes is the memory that was taken for the names from the budget of clients.
	heldBytes int
	// joining is what the store is asked to confirm, nil if nothing is.
	joining *joining
}

// joining is a SUBSCRIBE that is under way.
type joining struct {
	spec  *command.Spec
	kind  channels.Kind
	names []string
}

// listenerBytes is about what it takes to listen to a name besides its bytes.
const listenerBytes = 256

// Error texts. The first two are Redis's.
const (
	onlyListens = ": only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	shardWithin = "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"

	listensUnwatched = "ERR this node is not told of messages"
	tooManyPatterns  = "ERR clients of this node listen to too many patterns: each message is compared with all of them"
)

// longPattern refuses PSUBSCRIBE of a pattern that is longer than the table has them.
var longPattern = fmt.Sprintf("ERR a pattern is longer than %d bytes: each message is compared with all of them",
	channels.MaxPatternBytes)

func isLongPattern(pattern []byte) bool { return len(pattern) > channels.MaxPatternBytes }

// pubSubHandlers answer the commands by which clients listen.
var pubSubHandlers = []handler{
	listens(node.Subscribe, channels.Plain),
	listens(node.PSubscribe, channels.Pattern),
	listens(node.SSubscribe, channels.Shard),
	listensNoMore(node.Unsubscribe, channels.Plain),
	listensNoMore(node.PUnsubscribe, channels.Pattern),
	listensNoMore(node.SUnsubscribe, channels.Shard),
	{of: node.PubSubChannels, answer: listNames(channels.Plain)},
	help(node.PubSubHelp),
	{of: node.PubSubNumPat, answer: countPatterns},
	{of: node.PubSubNumSub, answer: countListeners(channels.Plain)},
	{of: node.PubSubShardChannels, answer: listNames(channels.Shard)},
	{of: node.PubSubShardNumSub, answer: countListeners(channels.Shard)},
}

// whileListening are the commands of a client of RESP2 that listens: it could not tell other replies from messages.
var whileListening = []*command.Spec{
	node.Ping, node.PSubscribe, node.PUnsubscribe, node.Quit, node.Reset, node.SSubscribe, node.Subscribe,
	node.SUnsubscribe, node.Unsubscribe,
}

// listens is SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE: name [name ...].
func listens(of *command.Spec, kind channels.Kind) handler {
	return handler{of: of, answer: func(c *Conn, dst []byte, args [][]byte) []byte {
		switch {
		case !c.server.tracker.watched:
			return reply.Error(dst, listensUnwatched)
		case kind == channels.Shard && c.isAnswering():
			return reply.Error(dst, shardWithin)
		case kind == channels.Pattern && slices.ContainsFunc(args[1:], isLongPattern):
			return reply.Error(dst, longPattern)
		}
		if redirect := c.movedFrom([]command.Call{{Spec: of, Args: args}}); redirect != "" {
			return reply.Error(dst, redirect)
		}
		if c.hearing == nil {
			c.hearing = &hearing{}
		}
		c.hearing.joining = &joining{of, kind, texts(args[1:])}
		c.submittedAt = c.present()
		c.read()
		return dst
	}}
}

// texts copies arguments.
func texts(args [][]byte) []string {
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = string(arg)
	}
	return all
}

// joined ends a SUBSCRIBE when the store has answered. One that was not confirmed ends the connection behind the error:
// libraries do not expect that it fails, and listen on, but they connect again when their connection ends.
func (c *Conn) joined() {
	j := c.hearing.joining
	c.hearing.joining = nil
	outcome := c.request.end()
	c.finish()
	before := len(c.out)
	call := command.Call{Spec: j.spec, Args: [][]byte{[]byte(j.spec.Name)}}
	for _, name := range j.names {
		call.Args = append(call.Args, []byte(name))
	}
	refusal := ""
	if outcome == Done {
		refusal = c.startListening(j)
	}
	switch {
	case outcome != Done:
		c.refuseRun([]command.Call{call}, outcome)
		c.server.metrics.RefusedTooLong.Inc()
		c.phase = ended
	case refusal != "":
		c.out = reply.Error(c.out, refusal)
	default:
		c.refusedSince = 0
	}
	c.timed(call, c.submittedAt, c.out[before:])
	if outcome != Done || refusal != "" {
		c.dropMuted(before)
	}
}

// startListening has the client listen, and tells it, name by name. It returns why not, and then nothing has changed.
func (c *Conn) startListening(j *joining) (refusal string) {
	h := c.hearing
	known := h.names[j.kind]
	var fresh []string
	confirmations, bytes, count := []byte(nil), 0, h.count(j.kind)
	added := make(map[string]struct{})
	for _, name := range j.names {
		_, is := known[name]
		_, again := added[name]
		if !is && !again {
			added[name] = struct{}{}
			fresh, bytes, count = append(fresh, name), bytes+len(name)+listenerBytes, count+1
		}
		confirmations = confirm(confirmations, c.protocol(), joins[j.kind], name, count)
	}
	if !c.server.input.Take(bytes) {
		return wire.ErrNoRoom.Reply
	}
	if !c.server.channels.Join(j.kind, fresh, c.session) {
		c.server.input.Give(bytes)
		return tooManyPatterns
	}
	h.heldBytes += bytes
	if known == nil {
		h.names[j.kind] = added
	} else {
		maps.Copy(known, added)
	}
	c.session.set(c.noteListening)
	c.barByListening()
	c.out = append(c.out, confirmations...)
	return ""
}

// joins and leaves are the first words of what a client is told, by kind.
var (
	joins  = [channels.Kinds]string{"subscribe", "psubscribe", "ssubscribe"}
	leaves = [channels.Kinds]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

// confirm tells a client to how many names it listens now.
func confirm(dst []byte, protocol int, word, name string, count int) []byte {
	dst = reply.BulkString(reply.PushHeader(dst, protocol, 3), word)
	return reply.Integer(reply.BulkString(dst, name), int64(count))
}

// count is the number in what a client is told. As in Redis, channels and patterns are counted together.
func (h *hearing) count(kind channels.Kind) int {
	if kind == channels.Shard {
		return len(h.names[kind])
	}
	return len(h.names[channels.Plain]) + len(h.names[channels.Pattern])
}

// noteListening lets others know to how many names the client listens.
func (c *Conn) noteListening(f *facts) {
	for kind := range f.listens {
		f.listens[kind] = 0
		if c.hearing != nil {
			f.listens[kind] = len(c.hearing.names[kind])
		}
	}
}

// barByListening refuses most commands to a client of RESP2 that listens.
func (c *Conn) barByListening() {
	c.bars &^= byListening
	if c.protocol() == reply.RESP2 && c.facts().subscribed() {
		c.bars |= byListening
	}
}

// listensNoMore is UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE: [name ...]. Without a name it ends all that the client
// listens to. What was sent before is sent first: a client of RESP2 could not tell it from a reply later.
func listensNoMore(of *command.Spec, kind channels.Kind) handler {
	return handler{of: of, answer: func(c *Conn, dst []byte, args [][]byte) []byte {
		h := c.hearing
		if h == nil {
			h = &hearing{}
		}
		begin, names := len(dst), texts(args[1:])
		if len(names) == 0 {
			names = slices.Sorted(maps.Keys(h.names[kind]))
		}
		var confirmations []byte
		var left []string
		for _, name := range names {
			if _, is := h.names[kind][name]; is {
				delete(h.names[kind], name)
				left = append(left, name)
				c.giveBack(len(name) + listenerBytes)
			}
			confirmations = confirm(confirmations, c.protocol(), leaves[kind], name, h.count(kind))
		}
		if len(names) == 0 {
			confirmations = reply.BulkString(reply.PushHeader(nil, c.protocol(), 3), leaves[kind])
			confirmations = reply.Integer(reply.Null(confirmations, c.protocol()), int64(h.count(kind)))
		}
		c.server.channels.Leave(kind, left, c.session)
		dst = c.turn(dst, c.noteListening)
		c.barByListening()
		if c.isAnswering() && c.protocol() == reply.RESP2 && !c.facts().subscribed() {
			c.session.drop() // a transaction has no middle in which anything was sent
		}
		dst = append(dst, confirmations...)
		c.pushed = len(dst) - begin
		return dst
	}}
}

// giveBack gives memory for names back.
func (c *Conn) giveBack(bytes int) {
	c.hearing.heldBytes -= bytes
	c.server.input.Give(bytes)
}

// stopListening ends all that the client listens to.
func (c *Conn) stopListening() {
	h := c.hearing
	if h == nil {
		return
	}
	for kind, names := range h.names {
		c.server.channels.Leave(channels.Kind(kind), slices.Collect(maps.Keys(names)), c.session)
	}
	c.giveBack(h.heldBytes)
	c.hearing = nil
	c.session.set(c.noteListening)
	c.bars &^= byListening
}

// turn changes facts by which messages have their form. What was posted before that is sent before the reply; in the
// middle of the reply to a transaction it cannot be.
func (c *Conn) turn(dst []byte, change func(f *facts)) []byte {
	if c.isAnswering() {
		c.session.set(change)
		return dst
	}
	before := len(dst)
	dst = c.session.turn(dst, change)
	c.pushed += len(dst) - before
	return dst
}

// listNames is PUBSUB CHANNELS or PUBSUB SHARDCHANNELS [pattern].
func listNames(kind channels.Kind) func(c *Conn, dst []byte, args [][]byte) []byte {
	return func(c *Conn, dst []byte, args [][]byte) []byte {
		switch len(args) {
		case 2:
			return appendStrings(dst, c.server.channels.Names(kind, nil))
		case 3:
			return appendStrings(dst, c.server.channels.Names(kind, args[2]))
		}
		return reply.Error(dst, reply.SubcommandSyntax(args))
	}
}

// countPatterns is PUBSUB NUMPAT.
func countPatterns(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, int64(c.server.channels.Count(channels.Pattern)))
}

// countListeners is PUBSUB NUMSUB or PUBSUB SHARDNUMSUB [channel ...].
func countListeners(kind channels.Kind) func(c *Conn, dst []byte, args [][]byte) []byte {
	return func(c *Conn, dst []byte, args [][]byte) []byte {
		dst = reply.ArrayHeader(dst, 2*len(args[2:]))
		for _, name := range args[2:] {
			dst = reply.Integer(reply.Bulk(dst, name), int64(c.server.channels.Listeners(kind, name)))
		}
		return dst
	}
}

// Published is for the state machine to call for each message that an entry sends, while no read runs. The server does
// not keep the bytes, and blocks for no client. It returns how many clients of this node heard the message.
func (s *Server) Published(channel, message []byte, sharded bool) (receivers int) {
	return s.channels.Send(channel, message, sharded)
}

// Replaced is for the state machine to call when another state takes the place of its own. The messages of the entries
// between the two are not heard here. It writes no log: who calls it holds up all clients.
func (s *Server) Replaced() { s.passedOver.Add(s.cutListeners()) }

// cutDeaf ends the connections of clients that listen where they would miss messages and not learn that: the node was
// removed from its cluster; its state differs from the others', and so does what it makes of transactions; or it has
// known of no leader for so long that it refuses all else. It also tells of those that Replaced has cut.
func (s *Server) cutDeaf() {
	s.tellCut(s.passedOver.Swap(0), "messages were passed over: a snapshot takes the place of the entries that send them")
	switch {
	case s.channels.Listening() == 0:
	case s.node.Leader().Removed:
		s.tellCut(s.cutListeners(), "this node was removed from its cluster, and hears of no message")
	case s.node.Health().State == HealthQuarantined:
		s.tellCut(s.cutListeners(), "the state of this node differs from that of others, and so may its messages")
	case s.leaderless() >= s.limits.RefusalPeriod:
		cut := s.cutListeners()
		for range cut {
			s.metrics.RefusedTooLong.Inc()
		}
		s.tellCut(cut, "this node knows of no leader, and hears of no message, for "+
			s.leaderless().Round(time.Second).String())
	}
}

// cutListeners ends the connections of all clients that listen, and counts those that it has not ended before.
func (s *Server) cutListeners() (cut int64) {
	if s.channels.Listening() == 0 {
		return 0
	}
	for _, one := range s.sessions.list() {
		if known := one.known(); known.subscribed() {
			if one.cut(); !one.wasCut.Swap(true) {
				cut++
			}
		}
	}
	return cut
}

// tellCut logs that clients that listen were cut, if some were.
func (s *Server) tellCut(cut int64, why string) {
	if cut > 0 {
		s.logger.Warn("clients closed that listen to channels: "+why, "clients", cut)
	}
}
