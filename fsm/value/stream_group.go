package value

import (
	"strings"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/shelves"
	"github.com/raftredis/raftredis/internal/allocated"
)

// StreamGroup is a group of consumers of a stream: up to where entries were delivered to it, and which of these were
// not acknowledged. It is for reading; StreamChange changes it.
type StreamGroup struct {
	generation uint64
	name       *streamName
	last       StreamID
	read       int64
	pending    shelves.Shelves[StreamID, StreamPending]
	consumers  shelves.Shelves[string, *StreamConsumer]
	// sum adds up the digests of what is pending, and of the consumers; size is how many bytes there are of all.
	sum  uint64
	size int
}

// StreamConsumer is a consumer of a group. It is for reading.
type StreamConsumer struct {
	generation   uint64
	name         *streamName
	seen, active int64
	pending      shelves.Shelves[StreamID, StreamID]
}

// StreamPending is an entry that was delivered to a consumer and not acknowledged.
type StreamPending struct {
	ID StreamID
	// Time is when it was delivered last, in log time. Count is how often.
	Time  int64
	Count uint64
	// owner is the name of the consumer.
	owner *streamName
}

// streamName is the name of a group or of a consumer, with its digest. It never changes: as long as a consumer exists,
// what is pending for it names it by the same streamName.
type streamName struct {
	text   string
	digest uint64
}

// NeverActive is what Active is of a consumer to which nothing was ever delivered.
const NeverActive = -1

// UnknownRead says that it is not known how many of the entries that were ever added a group has read.
const UnknownRead = -1

func newStreamName(text []byte, s digest.Sip) *streamName {
	return &streamName{string(text), digest.Of(s, text)}
}

// Compare makes groups the items of shelves.
func (g *StreamGroup) Compare(key string) int { return strings.Compare(g.name.text, key) }

// Compare makes consumers the items of shelves.
func (c *StreamConsumer) Compare(key string) int { return strings.Compare(c.name.text, key) }

// Compare makes what is pending the items of shelves.
func (p StreamPending) Compare(key StreamID) int { return p.ID.Compare(key) }

// Name is the name of the group.
func (g *StreamGroup) Name() string { return g.name.text }

// Last is the ID up to which entries were delivered. Read is how many of the entries that were ever added the group has
// read, or UnknownRead.
func (g *StreamGroup) Last() StreamID { return g.last }

// Read is how many of the entries that were ever added the group has read, or UnknownRead.
func (g *StreamGroup) Read() int64 { return g.read }

// Consumers is how many consumers there are, Pending how many entries are pending.
func (g *StreamGroup) Consumers() int { return g.consumers.Len() }

// Pending is how many entries are pending.
func (g *StreamGroup) Pending() int { return g.pending.Len() }

// Consumer gives a consumer by its name, nil if there is none.
func (g *StreamGroup) Consumer(name []byte) *StreamConsumer {
	c, _ := g.consumers.Find(string(name))
	return c
}

// EachConsumer visits the consumers in the order of their names, until visit wants no more.
func (g *StreamGroup) EachConsumer(visit func(c *StreamConsumer) bool) {
	g.consumers.Each(shelves.Spot{}, visit)
}

// PendingOf gives what is pending with an ID.
func (g *StreamGroup) PendingOf(id StreamID) (p StreamPending, ok bool) { return g.pending.Find(id) }

// EachPending visits what is pending from an ID on, until visit wants no more. If c is not nil, only what is pending
// for that consumer of the group.
func (g *StreamGroup) EachPending(from StreamID, c *StreamConsumer, visit func(p StreamPending) bool) {
	if c == nil {
		at, _ := g.pending.Seek(from)
		g.pending.Each(at, visit)
		return
	}
	at, _ := c.pending.Seek(from)
	c.pending.Each(at, func(id StreamID) bool {
		p, _ := g.pending.Find(id)
		return visit(p)
	})
}

// LastPending is the highest ID that is pending, zero if there is none.
func (g *StreamGroup) LastPending() StreamID {
	p, _ := g.pending.Last()
	return p.ID
}

// Owner is the name of the consumer for which the entry is pending.
func (p StreamPending) Owner() string { return p.owner.text }

// Name is the name of the consumer.
func (c *StreamConsumer) Name() string { return c.name.text }

// Seen is when the consumer last asked for entries, Active when it last got some, or NeverActive; both in log time.
func (c *StreamConsumer) Seen() int64 { return c.seen }

// Active is when the consumer last got entries, in log time, or NeverActive.
func (c *StreamConsumer) Active() int64 { return c.active }

// Pending is how many entries are pending for the consumer.
func (c *StreamConsumer) Pending() int { return c.pending.Len() }

// digest is the hash of a group.
func (g *StreamGroup) digest(s digest.Sip) uint64 {
	return s.Word(g.name.digest).Word(g.last.Millis).Word(g.last.Sequence).Word(uint64(g.read)).
		Word(uint64(g.pending.Len())).Word(uint64(g.consumers.Len())).Finish(g.sum)
}

func (c *StreamConsumer) digest(s digest.Sip) uint64 {
	return s.Word(c.name.digest).Word(uint64(c.seen)).Finish(uint64(c.active))
}

func (p StreamPending) digest(s digest.Sip) uint64 {
	return s.Word(p.ID.Millis).Word(p.ID.Sequence).Word(uint64(p.Time)).Word(p.Count).Finish(p.owner.digest)
}

// How many bytes of contents there are besides names, and what occupies memory besides these. Tests compare the sizes
// with the types.
const (
	streamPendingBytes  = 40
	streamIDBytes       = 16
	streamGroupBytes    = 136
	streamConsumerBytes = 72
	streamNameBytes     = 24
)

func (c *StreamConsumer) size() int { return streamConsumerBytes + len(c.name.text) }

func (g *StreamGroup) memoryBytes() int {
	bytes := allocated.Size(streamGroupBytes) + g.name.memoryBytes() + g.pending.MemoryBytes(streamPendingBytes) +
		g.consumers.MemoryBytes(pointerBytes)
	g.consumers.Each(shelves.Spot{}, func(c *StreamConsumer) bool {
		bytes += allocated.Size(streamConsumerBytes) + c.name.memoryBytes() + c.pending.MemoryBytes(streamIDBytes)
		return true
	})
	return bytes
}

func (n *streamName) memoryBytes() int {
	return allocated.Size(streamNameBytes) + allocated.Size(len(n.text))
}
