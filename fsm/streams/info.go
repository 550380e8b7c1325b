package streams

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/value"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// infoFunctions are those of the commands that describe streams and groups.
var infoFunctions = []exec.Function{
	{Of: data.XInfoConsumers, Read: infoConsumers},
	{Of: data.XInfoGroups, Read: infoGroups},
	{Of: data.XInfoStream, Read: infoStream},
	{Of: data.XPending, Read: pending},
}

// inspected looks for the stream that XINFO is about. refusal is an error if there is none.
func inspected(v exec.View, key []byte) (t *value.Stream, refusal string) {
	e := v.Get(key)
	t, ok := streamOf(e)
	switch {
	case e == nil:
		return nil, reply.NoSuchKey
	case !ok:
		return nil, reply.WrongType
	}
	return t, ""
}

// The functions below append a name and a value of a map.

func namedInteger(dst []byte, name string, n int64) []byte {
	return reply.Integer(reply.BulkString(dst, name), n)
}

func namedID(dst []byte, name string, id value.StreamID) []byte {
	return replyID(reply.BulkString(dst, name), id)
}

func namedText(dst []byte, name, text string) []byte {
	return reply.BulkString(reply.BulkString(dst, name), text)
}

// namedKnown appends a number that may be unknown.
func namedKnown(c exec.Call, name string, n int64, known bool) []byte {
	if known {
		return namedInteger(c.Reply, name, n)
	}
	return reply.Null(reply.BulkString(c.Reply, name), c.Protocol)
}

// itemBytes is more than the encoding adds to a group, a consumer or a pending entry.
const itemBytes = 320

// infoGroups is XINFO GROUPS key.
func infoGroups(v exec.View, c exec.Call) []byte {
	t, refusal := inspected(v, c.Args[2])
	if refusal != "" {
		return c.Error(refusal)
	}
	bytes := 0
	t.EachGroup(func(g *value.StreamGroup) bool {
		bytes += itemBytes + len(g.Name())
		return true
	})
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, t.Groups())
	t.EachGroup(func(g *value.StreamGroup) bool {
		c.Reply = reply.MapHeader(c.Reply, c.Protocol, 6)
		c.Reply = namedText(c.Reply, "name", g.Name())
		c.Reply = namedInteger(c.Reply, "consumers", int64(g.Consumers()))
		c.Reply = namedInteger(c.Reply, "pending", int64(g.Pending()))
		c.Reply = groupProgress(c, t, g)
		return true
	})
	return c.Reply
}

// groupProgress appends how far a group is: three pairs of a map.
func groupProgress(c exec.Call, t *value.Stream, g *value.StreamGroup) []byte {
	c.Reply = namedID(c.Reply, "last-delivered-id", g.Last())
	c.Reply = namedKnown(c, "entries-read", g.Read(), g.Read() != value.UnknownRead)
	lag, known := lagOf(t, g)
	return namedKnown(c, "lag", lag, known)
}

// infoConsumers is XINFO CONSUMERS key group.
func infoConsumers(v exec.View, c exec.Call) []byte {
	t, refusal := inspected(v, c.Args[2])
	if refusal != "" {
		return c.Error(refusal)
	}
	g := t.Group(c.Args[3])
	if g == nil {
		return c.Error(noGroupAt(c.Args[2], c.Args[3]))
	}
	bytes := 0
	g.EachConsumer(func(one *value.StreamConsumer) bool {
		bytes += itemBytes + len(one.Name())
		return true
	})
	if !c.Fits(bytes) {
		return c.TooLong()
	}
	c.Reply = reply.ArrayHeader(c.Reply, g.Consumers())
	g.EachConsumer(func(one *value.StreamConsumer) bool {
		inactive := int64(value.NeverActive)
		if one.Active() != value.NeverActive {
			inactive = max(v.Now.Log-one.Active(), 0)
		}
		c.Reply = reply.MapHeader(c.Reply, c.Protocol, 4)
		c.Reply = namedText(c.Reply, "name", one.Name())
		c.Reply = namedInteger(c.Reply, "pending", int64(one.Pending()))
		c.Reply = namedInteger(c.Reply, "idle", max(v.Now.Log-one.Seen(), 0))
		c.Reply = namedInteger(c.Reply, "inactive", inactive)
		return true
	})
	return c.Reply
}

// infoStream is XINFO STREAM key [FULL [COUNT n]].
func infoStream(v exec.View, c exec.Call) []byte {
	t, refusal := inspected(v, c.Args[2])
	if refusal != "" {
		return c.Error(refusal)
	}
	full, count, refusal := parseFull(c.Args)
	if refusal != "" {
		return c.Error(refusal)
	}
	if full {
		return infoFull(v, c, t, count)
	}
	first, last := entriesFrom(t, value.StreamID{}, value.MaxStreamID(), 1),
		entriesBack(t, value.StreamID{}, value.MaxStreamID(), 1)
	_, bytes, fits := measured(c, first)
	_, more, fitsToo := measured(c, last)
	if !fits || !fitsToo || !c.Fits(bytes+more+itemBytes) {
		return c.TooLong()
	}
	c.Reply = reply.MapHeader(c.Reply, c.Protocol, 10)
	c.Reply = infoHead(c, t)
	c.Reply = namedInteger(c.Reply, "groups", int64(t.Groups()))
	for _, edge := range []struct {
		name    string
		through walk
	}{{"first-entry", first}, {"last-entry", last}} {
		c.Reply = reply.BulkString(c.Reply, edge.name)
		if t.Len() == 0 {
			c.Reply = c.Null()
		}
		edge.through(func(e value.StreamEntry) bool {
			c.Reply = entry(c, e)
			return true
		})
	}
	return c.Reply
}

// defaultFullCount is how much of each list XINFO STREAM FULL shows without COUNT.
const defaultFullCount = 10

// parseFull reads [FULL [COUNT n]]; a count of 0 is no bound.
func parseFull(args [][]byte) (full bool, count int64, refusal string) {
	count = defaultFullCount
	switch options := args[3:]; {
	case len(options) == 0:
		return false, 0, ""
	case len(options) == 1 && exec.Is(options[0], "FULL"):
	case len(options) == 3 && exec.Is(options[0], "FULL") && exec.Is(options[1], "COUNT"):
		n, ok := number.Parse(options[2])
		if !ok {
			return true, 0, reply.NotInteger
		}
		if n >= 0 {
			count = n
		}
	default:
		return false, 0, reply.SubcommandSyntax(args)
	}
	return true, count, ""
}

// infoHead appends what both forms of XINFO STREAM begin with: seven pairs of a map.
func infoHead(c exec.Call, t *value.Stream) []byte {
	c.Reply = namedInteger(c.Reply, "length", int64(t.Len()))
	c.Reply = namedInteger(c.Reply, "radix-tree-keys", int64(t.Blocks()))
	c.Reply = namedInteger(c.Reply, "radix-tree-nodes", int64(t.TreeNodes()))
	c.Reply = namedID(c.Reply, "last-generated-id", t.Last())
	c.Reply = namedID(c.Reply, "max-deleted-entry-id", t.MaxDeleted())
	c.Reply = namedInteger(c.Reply, "entries-added", int64(t.Added()))
	return namedID(c.Reply, "recorded-first-entry-id", t.First())
}

// full is XINFO STREAM FULL: what is shown of it, and from when.
type full struct {
	stream *value.Stream
	// count is how much of each list is shown, 0 for all. offset is wall time less log time.
	count, offset int64
}

// infoFull answers with a stream, its groups and its consumers.
func infoFull(v exec.View, c exec.Call, t *value.Stream, count int64) []byte {
	f := full{t, count, v.Now.Wall - v.Now.Log}
	through := entriesFrom(t, value.StreamID{}, value.MaxStreamID(), count)
	shown, bytes, fits := measured(c, through)
	if !fits || !c.Fits(bytes+f.groupBytes()) {
		return c.TooLong()
	}
	c.Reply = reply.MapHeader(c.Reply, c.Protocol, 9)
	c.Reply = infoHead(c, t)
	c.Reply = appendEntries(withName(c, "entries"), shown, through)
	c.Reply = reply.ArrayHeader(reply.BulkString(c.Reply, "groups"), t.Groups())
	t.EachGroup(func(g *value.StreamGroup) bool {
		c.Reply = f.group(c, g)
		return true
	})
	return c.Reply
}

// withName is the call with a name behind its replies.
func withName(c exec.Call, name string) exec.Call {
	c.Reply = reply.BulkString(c.Reply, name)
	return c
}

// shown is how much is shown of a list.
func (f *full) shown(length int) int {
	if f.count == 0 {
		return length
	}
	return int(min(int64(length), f.count))
}

// groupBytes is more than the groups have in the reply.
func (f *full) groupBytes() (bytes int) {
	f.stream.EachGroup(func(g *value.StreamGroup) bool {
		longest := 0
		g.EachConsumer(func(one *value.StreamConsumer) bool {
			longest = max(longest, len(one.Name()))
			bytes += itemBytes*(1+f.shown(one.Pending())) + len(one.Name())
			return true
		})
		bytes += itemBytes*2 + len(g.Name()) + f.shown(g.Pending())*(itemBytes+longest)
		return true
	})
	return bytes
}

// group appends a group.
func (f *full) group(c exec.Call, g *value.StreamGroup) []byte {
	c.Reply = reply.MapHeader(c.Reply, c.Protocol, 7)
	c.Reply = namedText(c.Reply, "name", g.Name())
	c.Reply = groupProgress(c, f.stream, g)
	c.Reply = namedInteger(c.Reply, "pel-count", int64(g.Pending()))
	c.Reply = f.pending(withName(c, "pending"), g, nil)
	c.Reply = reply.ArrayHeader(reply.BulkString(c.Reply, "consumers"), g.Consumers())
	g.EachConsumer(func(one *value.StreamConsumer) bool {
		active := int64(value.NeverActive)
		if one.Active() != value.NeverActive {
			active = one.Active() + f.offset
		}
		c.Reply = reply.MapHeader(c.Reply, c.Protocol, 5)
		c.Reply = namedText(c.Reply, "name", one.Name())
		c.Reply = namedInteger(c.Reply, "seen-time", one.Seen()+f.offset)
		c.Reply = namedInteger(c.Reply, "active-time", active)
		c.Reply = namedInteger(c.Reply, "pel-count", int64(one.Pending()))
		c.Reply = f.pending(withName(c, "pending"), g, one)
		return true
	})
	return c.Reply
}

// pending appends what is pending for a group, or for a consumer of it if that is not nil: then without its name.
func (f *full) pending(c exec.Call, g *value.StreamGroup, of *value.StreamConsumer) []byte {
	left := f.shown(g.Pending())
	if of != nil {
		left = f.shown(of.Pending())
	}
	c.Reply = reply.ArrayHeader(c.Reply, left)
	if left == 0 {
		return c.Reply
	}
	g.EachPending(value.StreamID{}, of, func(p value.StreamPending) bool {
		if of == nil {
			c.Reply = reply.BulkString(replyID(reply.ArrayHeader(c.Reply, 4), p.ID), p.Owner())
		} else {
			c.Reply = replyID(reply.ArrayHeader(c.Reply, 3), p.ID)
		}
		c.Reply = reply.Integer(reply.Integer(c.Reply, p.Time+f.offset), int64(p.Count))
		left--
		return left > 0
	})
	return c.Reply
}
