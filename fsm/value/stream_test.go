package value

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/raftredis/raftredis/fsm/value/digest"
	"github.com/raftredis/raftredis/fsm/value/shelves"
	"github.com/raftredis/raftredis/internal/command"
)

// modelPending is what is pending, by ID; a modelGroup and a modelStream hold what a group and a stream should.
type modelPending struct {
	owner string
	time  int64
	count uint64
}

type modelGroup struct {
	last      StreamID
	read      int64
	consumers map[string][2]int64
	pending   map[StreamID]modelPending
}

type modelItem struct {
	id    StreamID
	pairs []string
}

type modelStream struct {
	items         []modelItem
	last, deleted StreamID
	added         uint64
	groups        map[string]*modelGroup
}

func (m *modelStream) copy() *modelStream {
	again := *m
	again.items = slices.Clone(m.items)
	again.groups = map[string]*modelGroup{}
	for name, g := range m.groups {
		own := modelGroup{last: g.last, read: g.read, consumers: map[string][2]int64{}, pending: map[StreamID]modelPending{}}
		for one, times := range g.consumers {
			own.consumers[one] = times
		}
		for id, p := range g.pending {
			own.pending[id] = p
		}
		again.groups[name] = &own
	}
	return &again
}

func (m *modelStream) find(id StreamID) int {
	return slices.IndexFunc(m.items, func(i modelItem) bool { return i.id == id })
}

// textOf shows an entry.
func textOf(e StreamEntry) (pairs []string) {
	e.Each(func(field, text []byte) { pairs = append(pairs, string(field), string(text)) })
	return pairs
}

func modelOf(t *Stream) *modelStream {
	m := &modelStream{last: t.Last(), deleted: t.MaxDeleted(), added: t.Added(), groups: map[string]*modelGroup{}}
	t.Each(StreamID{}, MaxStreamID(), func(e StreamEntry) bool {
		m.items = append(m.items, modelItem{e.ID, textOf(e)})
		return true
	})
	t.EachGroup(func(g *StreamGroup) bool {
		own := &modelGroup{
			last: g.Last(), read: g.Read(), consumers: map[string][2]int64{}, pending: map[StreamID]modelPending{},
		}
		g.EachConsumer(func(c *StreamConsumer) bool {
			own.consumers[c.Name()] = [2]int64{c.Seen(), c.Active()}
			return true
		})
		g.EachPending(StreamID{}, nil, func(p StreamPending) bool {
			own.pending[p.ID] = modelPending{p.Owner(), p.Time, p.Count}
			return true
		})
		m.groups[g.Name()] = own
		return true
	})
	return m
}

func readStream(parts [][]byte, s digest.Sip, generation uint64) (*Stream, bool) {
	r := NewReader(KindStream)
	for _, part := range parts {
		if len(part) > 0 && !r.Add(part, 0, s, generation) {
			return nil, false
		}
	}
	_, made, ok := r.Finish(s, generation)
	if !ok {
		return nil, false
	}
	return made.(*Stream), true
}

// checkStream compares a stream with the model, and with one that is restored from its image.
func checkStream(t *testing.T, r *rand.Rand, stream *Stream, m *modelStream, s digest.Sip) {
	t.Helper()
	if len(m.items) == 0 {
		m.items = nil
	}
	if got := modelOf(stream); !reflect.DeepEqual(got, m) {
		for name, g := range m.groups {
			t.Logf("group %q is %+v, want %+v", name, got.groups[name], g)
		}
		t.Fatalf("the stream is %+v\nwant %+v", got, m)
	}
	if stream.Len() != uint64(len(m.items)) {
		t.Fatalf("%d entries, want %d", stream.Len(), len(m.items))
	}
	var first, newest StreamID
	if n := len(m.items); n > 0 {
		first, newest = m.items[0].id, m.items[n-1].id
	}
	if stream.First() != first || stream.Newest() != newest {
		t.Fatalf("from %v to %v, want %v to %v", stream.First(), stream.Newest(), first, newest)
	}
	checkRanges(t, r, stream, m)
	checkConsumers(t, stream)
	parts := imageOf(t, stream)
	again, ok := readStream(parts, s, 1)
	if !ok {
		t.Fatal("the image is refused")
	}
	if again.Digest() != stream.Digest() || again.Size() != stream.Size() || again.Blocks() != stream.Blocks() ||
		!reflect.DeepEqual(modelOf(again), m) {
		t.Fatal("the restored stream is another one")
	}
	if !reflect.DeepEqual(imageOf(t, again), parts) {
		t.Fatal("the restored stream has another image")
	}
	checkConsumers(t, again)
}

// checkConsumers compares what is pending for the consumers with what is pending for their groups.
func checkConsumers(t *testing.T, stream *Stream) {
	t.Helper()
	stream.EachGroup(func(g *StreamGroup) bool {
		sum := 0
		g.EachConsumer(func(c *StreamConsumer) bool {
			sum += c.Pending()
			g.EachPending(StreamID{}, c, func(p StreamPending) bool {
				if p.Owner() != c.Name() {
					t.Fatalf("%v is pending for %q, and listed for %q", p.ID, p.Owner(), c.Name())
				}
				return true
			})
			return true
		})
		if sum != g.Pending() {
			t.Fatalf("%d entries are pending for consumers, %d for the group", sum, g.Pending())
		}
		return true
	})
}

// near is an ID at or beside one of the model.
func (m *modelStream) near(r *rand.Rand) StreamID {
	id := m.last
	if len(m.items) > 0 && r.IntN(8) > 0 {
		id = m.items[r.IntN(len(m.items))].id
	}
	switch r.IntN(6) {
	case 0:
		id, _ = id.Next()
	case 1:
		id, _ = id.Before()
	}
	return id
}

func checkRanges(t *testing.T, r *rand.Rand, stream *Stream, m *modelStream) {
	t.Helper()
	for range 3 {
		from, upto := m.near(r), m.near(r)
		var want, got, back []StreamID
		for _, item := range m.items {
			if item.id.Compare(from) >= 0 && item.id.Compare(upto) <= 0 {
				want = append(want, item.id)
			}
		}
		collect := func(into *[]StreamID) func(e StreamEntry) bool {
			return func(e StreamEntry) bool {
				*into = append(*into, e.ID)
				return true
			}
		}
		stream.Each(from, upto, collect(&got))
		stream.EachBack(from, upto, collect(&back))
		slices.Reverse(back)
		if !slices.Equal(got, want) || !slices.Equal(back, want) {
			t.Fatalf("from %v to %v: %v, and back %v; want %v", from, upto, got, back, want)
		}
		if e, ok := stream.Entry(from); ok != (m.find(from) >= 0) || (ok && e.ID != from) {
			t.Fatalf("entry %v is there: %v", from, ok)
		}
	}
}

// streamStep does something to a stream and to its model.
func streamStep(r *rand.Rand, t *Stream, m *modelStream, s digest.Sip, generation uint64, long bool) *Stream {
	c := t.Change(s, generation)
	names := []string{"a", "bb", "", "c"}
	name := names[r.IntN(len(names))]
	consumer := []string{"x", "y", "z", ""}[r.IntN(4)]
	g := m.groups[name]
	switch r.IntN(14) {
	case 0, 1, 2, 3:
		for range []int{1, 1, 1, 250}[r.IntN(4)] {
			appendStep(r, c, m, long)
		}
	case 4:
		for range r.IntN(4) {
			id := m.near(r)
			at := m.find(id)
			if c.Delete(id) != (at >= 0) {
				panic("deleted something else")
			}
			if at >= 0 {
				m.items = slices.Delete(m.items, at, at+1)
				if m.deleted.Compare(id) < 0 {
					m.deleted = id
				}
			}
		}
	case 5:
		trimStep(r, c, m)
	case 6:
		id := m.last
		if n := len(m.items); n > 0 && r.IntN(2) == 0 {
			id = m.items[n-1].id
		}
		m.last, m.added = id, m.added+3
		c.SetLast(m.last)
		c.SetAdded(m.added)
	case 7, 8:
		if g == nil {
			m.groups[name] = &modelGroup{m.last, UnknownRead, map[string][2]int64{}, map[StreamID]modelPending{}}
			c.AddGroup([]byte(name), m.last, UnknownRead)
		} else if r.IntN(9) == 0 {
			delete(m.groups, name)
			c.RemoveGroup([]byte(name))
		}
	default:
		if g != nil {
			groupStep(r, c.Group([]byte(name)), m, g, consumer)
		}
	}
	return c.Done()
}

// usualNodes are those of Redis's defaults.
func usualNodes() StreamNodes {
	l := command.DefaultLayout()
	return StreamNodesOf(&l)
}

// drawnNodes are usual ones as a rule.
func drawnNodes(r *rand.Rand) StreamNodes {
	if r.IntN(4) > 0 {
		return usualNodes()
	}
	return StreamNodesOf(&command.Layout{
		StreamNodeBytes:   []int{0, 1, 200, 4097, command.MaxStreamNodeBytes}[r.IntN(5)],
		StreamNodeEntries: []int{0, 1, 2, 101, command.MaxStreamNodeEntries}[r.IntN(5)],
	})
}

func appendStep(r *rand.Rand, c *StreamChange, m *modelStream, long bool) {
	id, _ := m.last.Next()
	if r.IntN(3) > 0 {
		id = StreamID{m.last.Millis + r.Uint64N(300), r.Uint64N(1 << r.IntN(64))}
		if id.Compare(m.last) <= 0 {
			id, _ = m.last.Next()
		}
	}
	pairs := []string{"field", fmt.Sprint(r.IntN(1 << r.IntN(31)))}
	if r.IntN(5) == 0 {
		pairs = append(pairs, "other", strings.Repeat("v", r.IntN(200)))
	}
	if long && r.IntN(8) == 0 {
		pairs[1] = strings.Repeat("l", r.IntN(3*MaxPartBytes))
	}
	texts := make([][]byte, len(pairs))
	for i, text := range pairs {
		texts[i] = []byte(text)
	}
	c.Append(id, texts, drawnNodes(r))
	m.items = append(m.items, modelItem{id, pairs})
	m.last = id
	m.added++
}

// trimStep trims exactly; of a trimming by whole blocks the model takes over how much it drops, at most what it may.
func trimStep(r *rand.Rand, c *StreamChange, m *modelStream) {
	o := StreamTrim{ByID: r.IntN(2) == 0, Approximate: r.IntN(2) == 0, MinID: m.near(r)}
	o.MaxLen = r.Uint64N(uint64(len(m.items)) + 2)
	want := max(len(m.items)-int(o.MaxLen), 0)
	if o.ByID {
		for want = 0; want < len(m.items) && m.items[want].id.Compare(o.MinID) < 0; {
			want++
		}
	}
	if o.Approximate && r.IntN(2) == 0 {
		o.Limit = 1 + r.Uint64N(300)
		want = min(want, int(o.Limit))
	}
	got := int(c.Trim(o))
	if got > want || (!o.Approximate && got != want) {
		panic(fmt.Sprintf("%+v dropped %d of %d, want %d", o, got, len(m.items), want))
	}
	m.items = slices.Delete(m.items, 0, got)
}

func groupStep(r *rand.Rand, c *StreamGroupChange, m *modelStream, g *modelGroup, name string) {
	now := r.Int64N(1000)
	switch r.IntN(8) {
	case 0:
		n := 0
		for id, p := range g.pending {
			if p.owner == name {
				n++
				delete(g.pending, id)
			}
		}
		delete(g.consumers, name)
		if got := c.RemoveConsumer([]byte(name)); got != n {
			panic(fmt.Sprintf("%d were pending, want %d", got, n))
		}
	case 1:
		g.last, g.read = m.near(r), r.Int64N(9)-1
		c.SetLast(g.last, g.read)
	case 2, 3:
		for range 1 + r.IntN(60) {
			id := m.near(r)
			_, was := g.pending[id]
			delete(g.pending, id)
			if c.Acknowledge(id) != was {
				panic("acknowledged something else")
			}
		}
	default:
		one, made := c.Consumer([]byte(name), now)
		if _, was := g.consumers[name]; was == made {
			panic("made a consumer that was there")
		}
		c.SetTimes(one, now, now-1)
		g.consumers[name] = [2]int64{now, now - 1}
		for range 1 + r.IntN(60) {
			id, count := m.near(r), r.Uint64N(5)
			c.Deliver(id, one, now, count)
			g.pending[id] = modelPending{name, now, count}
		}
	}
}

// TestStreamsAreThoseOfTheModel changes, freezes, shares and restores streams, and looks at frozen ones again at the
// end: nothing that came later may show in them.
func TestStreamsAreThoseOfTheModel(t *testing.T) {
	r := random(t, 64)
	s := digest.NewSip(r.Uint64(), r.Uint64())
	type kept struct {
		stream *Stream
		model  *modelStream
	}
	for round := range 24 {
		generation := uint64(1)
		stream, model := NewStream(s, generation), &modelStream{groups: map[string]*modelGroup{}}
		var frozen []kept
		for range 150 {
			switch r.IntN(12) {
			case 0:
				frozen = append(frozen, kept{stream, model.copy()})
				generation++
			case 1: // as COPY does: both go on from here
				frozen = append(frozen, kept{stream, model.copy()})
				generation++
				other := model.copy()
				_ = streamStep(r, stream, other, s, generation, false)
			case 2:
				again, ok := readStream(imageOf(t, stream), s, generation)
				if !ok {
					t.Fatal("the image is refused")
				}
				stream = again
			default:
				stream = streamStep(r, stream, model, s, generation, round%4 == 0)
			}
		}
		checkStream(t, r, stream, model, s)
		for _, one := range frozen {
			checkStream(t, r, one.stream, one.model, s)
		}
	}
}

// TestDigestsOfStreamsFollowFromTheContents: whatever is changed shows, and what is undone does not.
func TestDigestsOfStreamsFollowFromContents(t *testing.T) {
	s := digest.NewSip(1, 2)
	base := func() *StreamChange {
		c := NewStream(s, 1).Change(s, 1)
		for i := range uint64(3) {
			c.Append(StreamID{i + 1, 0}, [][]byte{[]byte("f"), []byte("v")}, usualNodes())
		}
		c.AddGroup([]byte("g"), StreamID{}, 0)
		one, _ := c.Group([]byte("g")).Consumer([]byte("a"), 5)
		c.open.Deliver(StreamID{1, 0}, one, 5, 1)
		return c
	}
	seen := map[uint64]string{base().Done().Digest(): "nothing"}
	for name, change := range map[string]func(c *StreamChange){
		"last":     func(c *StreamChange) { c.SetLast(StreamID{9, 0}) },
		"added":    func(c *StreamChange) { c.SetAdded(9) },
		"deleted":  func(c *StreamChange) { c.SetMaxDeleted(StreamID{1, 0}) },
		"an entry": func(c *StreamChange) { c.Append(StreamID{4, 0}, [][]byte{[]byte("f"), []byte("v")}, usualNodes()) },
		"less":     func(c *StreamChange) { c.Delete(StreamID{2, 0}) },
		"trimmed":  func(c *StreamChange) { c.Trim(StreamTrim{MaxLen: 2}) },
		"group":    func(c *StreamChange) { c.AddGroup([]byte("h"), StreamID{}, 0) },
		"no group": func(c *StreamChange) { c.RemoveGroup([]byte("g")) },
		"position": func(c *StreamChange) { c.Group([]byte("g")).SetLast(StreamID{1, 0}, 0) },
		"read":     func(c *StreamChange) { c.Group([]byte("g")).SetLast(StreamID{}, 1) },
		"consumer": func(c *StreamChange) { c.Group([]byte("g")).Consumer([]byte("b"), 5) },
		"seen": func(c *StreamChange) {
			g := c.Group([]byte("g"))
			one, _ := g.Consumer([]byte("a"), 5)
			g.SetTimes(one, 6, one.Active())
		},
		"active": func(c *StreamChange) {
			g := c.Group([]byte("g"))
			one, _ := g.Consumer([]byte("a"), 5)
			g.SetTimes(one, 5, 5)
		},
		"count": func(c *StreamChange) {
			g := c.Group([]byte("g"))
			one, _ := g.Consumer([]byte("a"), 5)
			g.Deliver(StreamID{1, 0}, one, 5, 2)
		},
		"time": func(c *StreamChange) {
			g := c.Group([]byte("g"))
			one, _ := g.Consumer([]byte("a"), 5)
			g.Deliver(StreamID{1, 0}, one, 6, 1)
		},
		"acknowledged": func(c *StreamChange) { c.Group([]byte("g")).Acknowledge(StreamID{1, 0}) },
	} {
		c := base()
		change(c)
		digest := c.Done().Digest()
		if other, ok := seen[digest]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[digest] = name
	}
	c := base()
	g := c.Group([]byte("g"))
	one, _ := g.Consumer([]byte("b"), 7)
	g.Deliver(StreamID{3, 0}, one, 7, 1)
	g.Acknowledge(StreamID{3, 0})
	g.RemoveConsumer([]byte("b"))
	c.AddGroup([]byte("h"), StreamID{}, 0)
	c.RemoveGroup([]byte("h"))
	if got := c.Done(); seen[got.Digest()] != "nothing" || got.Size() != base().Done().Size() {
		t.Errorf("what was undone shows: %d bytes, %q", got.Size(), seen[got.Digest()])
	}
}

// TestBlocksEndWhereNodesOfRedisDo at the bounds of entries and bytes. The comparison with a Redis server, in package
// fsm, does it with random ones.
func TestBlocksEndWhereNodesOfRedisDo(t *testing.T) {
	s := digest.NewSip(1, 2)
	blocks := func(count int, value string, nodes StreamNodes) int {
		c := NewStream(s, 1).Change(s, 1)
		for i := range count {
			c.Append(StreamID{1_700_000_000_000 + uint64(i), 0}, [][]byte{[]byte("field"), []byte(value)}, nodes)
		}
		return c.Done().Blocks()
	}
	for _, test := range []struct {
		count  int
		value  string
		nodes  StreamNodes
		blocks int
	}{
		{1, "v", usualNodes(), 1}, {100, "v", usualNodes(), 1}, {101, "v", usualNodes(), 2},
		{200, "v", usualNodes(), 2}, {201, "v", usualNodes(), 3}, {2, strings.Repeat("v", 5000), usualNodes(), 2},
		{3, strings.Repeat("v", 5000), usualNodes(), 3},
		{3, "v", StreamNodes{4096, 1}, 3}, {4, "v", StreamNodes{4096, 2}, 2}, {5, "v", StreamNodes{4096, 2}, 3},
		{3, "v", StreamNodes{1, 100}, 3}, {101, "v", StreamNodes{4096, 101}, 1}, {102, "v", StreamNodes{4096, 101}, 2},
		{2, strings.Repeat("v", 5000), StreamNodes{10_100, 100}, 1},
		{3, strings.Repeat("v", 5000), StreamNodes{10_100, 100}, 2},
		{command.MaxStreamNodeEntries, "v", StreamNodesOf(&command.Layout{}), 1},
		{command.MaxStreamNodeEntries + 1, "v", StreamNodesOf(&command.Layout{}), 2},
		{2, strings.Repeat("v", command.MaxStreamNodeBytes/2-100), StreamNodesOf(&command.Layout{}), 1},
		{2, strings.Repeat("v", command.MaxStreamNodeBytes/2), StreamNodesOf(&command.Layout{}), 2},
	} {
		if got := blocks(test.count, test.value, test.nodes); got != test.blocks {
			t.Errorf("%d entries of %d bytes: %d blocks, want %d", test.count, len(test.value), got, test.blocks)
		}
	}
}

// TestAFreezeCostsAStreamLittle counts what the first write behind a freeze copies: not the million entries, and not
// what is pending.
func TestAFreezeCostsAStreamLittle(t *testing.T) {
	const entries, pendings = 1_000_000, 100_000
	s := digest.NewSip(1, 2)
	c := NewStream(s, 1).Change(s, 1)
	pair := [][]byte{[]byte("field"), []byte("value"), []byte("other"), []byte("12345678")}
	for i := range uint64(entries) {
		c.Append(StreamID{i + 1, 0}, pair, usualNodes())
	}
	c.AddGroup([]byte("g"), StreamID{}, 0)
	g := c.Group([]byte("g"))
	one, _ := g.Consumer([]byte("a"), 1)
	for i := range uint64(pendings) {
		g.Deliver(StreamID{i + 1, 0}, one, 1, 1)
	}
	stream := c.Done()
	const maxBytes = 64 << 10
	generation := uint64(1)
	for name, change := range map[string]func(c *StreamChange){
		"append":      func(c *StreamChange) { c.Append(StreamID{entries + 1, 0}, pair, usualNodes()) },
		"delete":      func(c *StreamChange) { c.Delete(StreamID{entries / 2, 0}) },
		"trim":        func(c *StreamChange) { c.Trim(StreamTrim{MaxLen: entries - 1}) },
		"acknowledge": func(c *StreamChange) { c.Group([]byte("g")).Acknowledge(StreamID{pendings / 2, 0}) },
		"deliver": func(c *StreamChange) {
			g := c.Group([]byte("g"))
			one, _ := g.Consumer([]byte("a"), 1)
			g.Deliver(StreamID{pendings + 1, 0}, one, 1, 1)
		},
	} {
		const times = 50
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			generation++
			c := stream.Change(s, generation)
			change(c)
			_ = c.Done()
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / times; got > maxBytes {
			t.Errorf("the first %s behind a freeze copies %d bytes, more than %d", name, got, maxBytes)
		}
	}
}

// TestEntriesTakeLessMemoryThanInRedis compares what entries of two fields take with the listpacks that Redis has for
// them, without what holds these together.
func TestEntriesTakeLessMemoryThanInRedis(t *testing.T) {
	const entries = 200_000
	s := digest.NewSip(1, 2)
	c := NewStream(s, 1).Change(s, 1)
	for i := range uint64(entries) {
		c.Append(StreamID{1_700_000_000_000 + i/3, i % 3},
			[][]byte{[]byte("sensor"), fmt.Append(nil, 1000+i%7), []byte("temperature"), fmt.Append(nil, i%40, ".", i%10)},
			usualNodes())
	}
	stream, listpacks := c.Done(), 0
	stream.blocks.Each(shelves.Spot{}, func(b *streamBlock) bool {
		listpacks += int(b.listpack)
		return true
	})
	if got := stream.MemoryBytes(); got > listpacks {
		t.Errorf("%d entries take %d bytes, in Redis %d", entries, got, listpacks)
	}
}

// TestSizesOfStreams compares the constants with the types.
func TestSizesOfStreams(t *testing.T) {
	for name, sizes := range map[string][2]uintptr{
		"stream":   {unsafe.Sizeof(Stream{}), streamBytes},
		"block":    {unsafe.Sizeof(streamBlock{}), streamBlockBytes},
		"group":    {unsafe.Sizeof(StreamGroup{}), streamGroupBytes},
		"consumer": {unsafe.Sizeof(StreamConsumer{}), streamConsumerBytes},
		"pending":  {unsafe.Sizeof(StreamPending{}), streamPendingBytes},
		"ID":       {unsafe.Sizeof(StreamID{}), streamIDBytes},
		"name":     {unsafe.Sizeof(streamName{}), streamNameBytes},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("a %s has %d bytes, not %d", name, sizes[0], sizes[1])
		}
	}
}

// TestImagesOfStreamsAreCanonical: a reader refuses what no writer writes.
func TestImagesOfStreamsAreCanonical(t *testing.T) {
	s := digest.NewSip(1, 2)
	c := NewStream(s, 1).Change(s, 1)
	for i := range uint64(4) {
		c.Append(StreamID{i + 1, 7}, [][]byte{[]byte("f"), []byte("v")}, usualNodes())
	}
	c.Append(StreamID{5, 0}, [][]byte{[]byte("g"), []byte("v")}, usualNodes())
	c.Delete(StreamID{3, 7})
	c.AddGroup([]byte("g"), StreamID{1, 7}, 1)
	g := c.Group([]byte("g"))
	for _, name := range []string{"a", "b"} {
		one, _ := g.Consumer([]byte(name), 3)
		g.Deliver(StreamID{uint64(len(name)), 7}, one, 3, 1)
	}
	stream := c.Done()
	image := bytes.Join(imageOf(t, stream), nil)
	if _, ok := readStream([][]byte{image}, s, 1); !ok {
		t.Fatal("the image is refused")
	}
	taken := 0
	for i := range image {
		for bit := range 8 {
			wrong := bytes.Clone(image)
			wrong[i] ^= 1 << bit
			again, ok := readStream([][]byte{wrong}, s, 1)
			if !ok {
				continue
			}
			taken++
			if again.Digest() == stream.Digest() {
				t.Errorf("byte %d, bit %d: another image of the same digest", i, bit)
			}
			if got := bytes.Join(imageOf(t, again), nil); !bytes.Equal(got, wrong) {
				t.Errorf("byte %d, bit %d: it is read, and written in another way", i, bit)
			}
		}
	}
	if taken == 0 {
		t.Error("no image but one is read: the test finds nothing")
	}
	for cut := range image {
		if _, ok := readStream([][]byte{image[:cut]}, s, 1); ok {
			t.Errorf("an image of %d bytes is read", cut)
		}
	}
	if _, ok := readStream([][]byte{append(bytes.Clone(image), 0)}, s, 1); ok {
		t.Error("an image is read with something behind it")
	}
}

// FuzzStreamReader: bytes are a stream or not, and no more; one that is read is written as it was.
func FuzzStreamReader(f *testing.F) {
	s := digest.NewSip(1, 2)
	c := NewStream(s, 1).Change(s, 1)
	c.Append(StreamID{1, 1}, [][]byte{[]byte("f"), []byte("v")}, usualNodes())
	c.Append(StreamID{1, 2}, [][]byte{[]byte("f"), []byte("v"), []byte("g"), []byte("")}, usualNodes())
	c.AddGroup([]byte("g"), StreamID{}, UnknownRead)
	one, _ := c.Group([]byte("g")).Consumer([]byte("a"), 0)
	c.open.Deliver(StreamID{1, 1}, one, -1, 3)
	var image []byte
	_ = c.Done().EachPart(make([]byte, 0, MaxPartBytes), func(part []byte) error {
		image = append(image, part...)
		return nil
	})
	f.Add(image, 3)
	f.Add(binary.AppendUvarint(nil, 1<<40), 0)
	f.Fuzz(func(t *testing.T, image []byte, cut int) {
		cut = max(0, min(cut, len(image)))
		stream, ok := readStream([][]byte{image[:cut], image[cut:]}, s, 1)
		if !ok {
			return
		}
		if got := bytes.Join(imageOf(t, stream), nil); !bytes.Equal(got, image) {
			t.Fatalf("%x is read, and written as %x", image, got)
		}
	})
}
