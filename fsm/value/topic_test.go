package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/fsm/value/digest"
)

// modelEntry is an entry of a topic; a modelTopic holds what a topic should.
type modelEntry struct {
	index uint64
	time  int64
	data  string
}

type modelTopic struct {
	entries       []modelEntry
	next, trimmed uint64
}

func (m *modelTopic) bytes() (sum uint64) {
	for _, e := range m.entries {
		sum += uint64(len(e.data))
	}
	return sum
}

func (m *modelTopic) copy() *modelTopic {
	again := *m
	again.entries = slices.Clone(m.entries)
	return &again
}

// trim drops entries before an index.
func (m *modelTopic) trim(before uint64) {
	for len(m.entries) > 0 && m.entries[0].index < before {
		m.entries = m.entries[1:]
		m.trimmed++
	}
}

// first is the first index that is held, or the next.
func (m *modelTopic) first() uint64 { return m.next - uint64(len(m.entries)) }

// readTopic makes a topic of parts.
func readTopic(parts [][]byte, s digest.Sip, generation uint64) (*Topic, bool) {
	r := NewReader(KindTopic)
	for _, part := range parts {
		if !r.Add(part, 0, s, generation) {
			return nil, false
		}
	}
	_, made, ok := r.Finish(s, generation)
	if !ok {
		return nil, false
	}
	return made.(*Topic), true
}

// checkTopic compares a topic with the model, and with one that is restored from its image.
func checkTopic(t *testing.T, r *rand.Rand, topic *Topic, m *modelTopic, s digest.Sip) {
	t.Helper()
	if topic.First() != m.first() || topic.Next() != m.next || topic.Trimmings() != m.trimmed ||
		topic.Bytes() != m.bytes() || topic.Len() != uint64(len(m.entries)) {
		t.Fatalf("the topic holds %d to %d, %d trimmed, %d bytes; want %d to %d, %d, %d", topic.First(), topic.Next(),
			topic.Trimmings(), topic.Bytes(), m.first(), m.next, m.trimmed, m.bytes())
	}
	from := r.IntN(len(m.entries) + 1)
	at := from
	topic.Each(m.first()+uint64(from), func(index uint64, time int64, data []byte) bool {
		if at >= len(m.entries) || m.entries[at] != (modelEntry{index, time, string(data)}) {
			t.Fatalf("entry %d is not that of the model", index)
		}
		at++
		return true
	})
	if at != len(m.entries) {
		t.Fatalf("a walk from entry %d ends at %d of %d", from, at, len(m.entries))
	}
	again, ok := readTopic(imageOf(t, topic), s, 1)
	if !ok || again.Digest() != topic.Digest() || again.Size() != topic.Size() || again.Limits() != topic.Limits() {
		t.Fatal("the restored topic is another one")
	}
	if !reflect.DeepEqual(imageOf(t, again), imageOf(t, topic)) {
		t.Fatal("the restored topic has another image")
	}
}

// checkBounds compares the searches of a topic with those of the model.
func checkBounds(t *testing.T, r *rand.Rand, topic *Topic, m *modelTopic) {
	t.Helper()
	now := int64(0)
	if n := len(m.entries); n > 0 {
		now = m.entries[r.IntN(n)].time + int64(r.IntN(3)) - 1
	}
	limit, count := uint64(r.Int64N(int64(m.bytes())+2)), uint64(r.IntN(len(m.entries)+2))
	since, within := m.next, m.next
	for i := len(m.entries) - 1; i >= 0 && m.entries[i].time >= now; i-- {
		since = m.entries[i].index
	}
	left := uint64(0)
	for i := len(m.entries) - 1; i >= 0; i-- {
		left += uint64(len(m.entries[i].data))
		if left > limit || m.next-m.entries[i].index > count {
			break
		}
		within = m.entries[i].index
	}
	if got := topic.Since(now); got != since {
		t.Fatalf("since %d: index %d, want %d", now, got, since)
	}
	if got := topic.Within(limit, count); got != within {
		t.Fatalf("within %d bytes and %d entries: index %d, want %d", limit, count, got, within)
	}
}

// TestTopicsAreThoseOfTheModel appends, trims, freezes, shares, renumbers and restores, and looks at frozen topics
// again at the end: nothing that came later may show in them.
func TestTopicsAreThoseOfTheModel(t *testing.T) {
	r := random(t, 50)
	s := digest.NewSip(r.Uint64(), r.Uint64())
	type kept struct {
		topic *Topic
		model *modelTopic
	}
	for range 30 {
		generation, now := uint64(1), int64(r.IntN(3))
		topic, model := NewTopic(7, TopicLimits{Bytes: 1 << 30, Entries: 9}, s), &modelTopic{next: 7}
		var frozen []kept
		lengths := [][]int{{1, 2}, {0, 30}, {500, 3000}, {60_000, 70_000}}[r.IntN(4)]
		for range 400 {
			switch r.IntN(12) {
			default:
				times := 1
				if r.IntN(20) == 0 && lengths[1] < 50 {
					times = stretchEntries
				}
				for range times {
					data := bytes.Repeat([]byte{byte(r.Uint32())}, lengths[0]+r.IntN(lengths[1]-lengths[0]))
					now += []int64{0, 0, 1, 1 << 33}[r.IntN(4)] * int64(r.IntN(2))
					topic = topic.Appended(now, data, s, generation)
					model.entries = append(model.entries, modelEntry{model.next, now, string(data)})
					model.next++
				}
			case 0:
				frozen = append(frozen, kept{topic, model.copy()})
				generation++
			case 1, 2:
				before := model.first() + uint64(r.IntN(len(model.entries)/2+2))
				if r.IntN(30) == 0 {
					before = model.next
				}
				before = min(before, model.next)
				topic = topic.Trimmed(before, s, generation)
				model.trim(before)
			case 3: // as COPY does: both go on from here
				frozen = append(frozen, kept{topic, model.copy()})
				generation++
				topic.Appended(now, []byte("of the other key"), s, generation)
			case 4:
				if again, ok := readTopic(imageOf(t, topic), s, generation); ok && r.IntN(4) == 0 {
					topic = again
				}
			case 5:
				topic = topic.Renumbered(model.next+5, s)
				shift := model.next + 5 - model.first()
				for i := range model.entries {
					model.entries[i].index += shift
				}
				model.next += shift
			}
			checkBounds(t, r, topic, model)
		}
		checkTopic(t, r, topic, model, s)
		for _, one := range frozen {
			checkTopic(t, r, one.topic, one.model, s)
		}
	}
}

// TestTrimmingWithinAStretchIsExact at the edges of stretches, and gives memory back with each whole one.
func TestTrimmingWithinAStretchIsExact(t *testing.T) {
	s := digest.NewSip(3, 4)
	for _, trimmed := range []uint64{0, 1, stretchEntries - 1, stretchEntries, stretchEntries + 1, 3*stretchEntries - 1} {
		topic := NewTopic(1, TopicLimits{}, s)
		for i := range 3 * stretchEntries {
			topic = topic.Appended(int64(i), []byte{byte(i)}, s, 1)
		}
		all := topic.MemoryBytes()
		topic = topic.Trimmed(1+trimmed, s, 2)
		if topic.Bytes() != 3*stretchEntries-trimmed || topic.FirstTime() != int64(trimmed) ||
			topic.LastTime() != 3*stretchEntries-1 {
			t.Errorf("%d trimmed: %d bytes from time %d to %d", trimmed, topic.Bytes(), topic.FirstTime(), topic.LastTime())
		}
		if whole := int(trimmed) / stretchEntries; topic.MemoryBytes() > all-whole*all/4 {
			t.Errorf("%d trimmed: %d bytes of %d are still in use", trimmed, topic.MemoryBytes(), all)
		}
	}
}

// TestTopicsThatAreNoneAreRefused gives the reader parts that no topic makes.
func TestTopicsThatAreNoneAreRefused(t *testing.T) {
	s := digest.NewSip(1, 2)
	words := func(all ...uint64) (part []byte) {
		for _, word := range all {
			part = binary.AppendUvarint(part, word)
		}
		return part
	}
	head := words(5, 2, 1, 100, 10, 0)
	for name, c := range map[string]struct {
		parts [][]byte
		ok    bool
	}{
		"truth":                 {[][]byte{head, {3, 2, 'a', 'b'}}, true},
		"byte by byte":          {[][]byte{head, {3}, {2}, {'a'}, {'b'}}, true},
		"empty":                 {[][]byte{words(5, 2, 0, 100, 10, 1)}, true},
		"an empty entry":        {[][]byte{head, {3, 0}}, true},
		"nothing":               {nil, false},
		"index 0":               {[][]byte{words(0, 2, 0, 100, 10, 0)}, false},
		"an index too large":    {[][]byte{words(1<<62, 0, 0, 100, 10, 0)}, false},
		"too many":              {[][]byte{words(5, 1<<62-1, 2, 100, 10, 0)}, false},
		"a word too few":        {[][]byte{words(5, 2, 1, 100, 10)}, false},
		"a word too many":       {[][]byte{words(5, 2, 1, 100, 10, 0, 0)}, false},
		"trims twice":           {[][]byte{words(5, 2, 1, 100, 10, 2)}, false},
		"an entry missing":      {[][]byte{head}, false},
		"an entry cut":          {[][]byte{head, {3, 2, 'a'}}, false},
		"an entry too many":     {[][]byte{head, {3, 1, 'a', 0, 1, 'b'}}, false},
		"an entry too long":     {[][]byte{head, append([]byte{3}, words(MaxTopicEntryBytes+1)...)}, false},
		"a time beyond numbers": {[][]byte{head, append(words(1<<63), 0)}, false},
		"an endless number":     {[][]byte{head, bytes.Repeat([]byte{0xff}, 11)}, false},
	} {
		if _, ok := readTopic(c.parts, s, 1); ok != c.ok {
			t.Errorf("%s: %t", name, ok)
		}
	}
	var before, after uint64
	if before = uint64(testing.AllocsPerRun(1, func() {})); before > 0 {
		t.Fatal("the measure allocates")
	}
	after = uint64(testing.AllocsPerRun(10, func() {
		readTopic([][]byte{words(5, 2, 1<<40, 100, 10, 0), append([]byte{3}, words(MaxTopicEntryBytes)...)}, s, 1)
	}))
	if after > 20 {
		t.Errorf("a claim of many long entries costs %d allocations", after)
	}
}

// FuzzTopicReader takes any bytes, cut anywhere: what is a topic has an image that is read as the same.
func FuzzTopicReader(f *testing.F) {
	f.Add([]byte{5, 2, 1, 100, 10, 0}, []byte{3, 2, 'a', 'b'}, 1)
	f.Add([]byte{1, 0, 3, 100, 10, 1}, []byte{0, 0, 0, 1, 'x', 9, 0}, 3)
	f.Fuzz(func(t *testing.T, head, entries []byte, cut int) {
		if len(head) == 0 {
			return
		}
		s, parts := digest.NewSip(1, 2), [][]byte{head}
		for len(entries) > 0 {
			n := min(1+cut&0xff, len(entries))
			parts, entries = append(parts, entries[:n]), entries[n:]
		}
		topic, ok := readTopic(parts, s, 1)
		if !ok {
			return
		}
		again, ok := readTopic(imageOf(t, topic), s, 1)
		if !ok || again.Digest() != topic.Digest() {
			t.Fatal("the image of what was read is not read as the same")
		}
	})
}

func TestAnErrorEndsTheImageOfATopic(t *testing.T) {
	s, full := digest.NewSip(1, 2), errors.New("no room")
	topic := NewTopic(1, TopicLimits{}, s)
	for range 4 {
		topic = topic.Appended(1, make([]byte, MaxPartBytes), s, 1)
	}
	for wanted := range len(imageOf(t, topic)) {
		left := wanted
		err := topic.EachPart(make([]byte, 0, MaxPartBytes), func([]byte) error {
			if left--; left < 0 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || left != -1 {
			t.Errorf("at part %d: %v, and %d more parts", wanted, err, -1-left)
		}
	}
}

func TestSizesOfTopicsAreThoseOfTheTypes(t *testing.T) {
	for name, sizes := range map[string][2]int{
		"topic":   {topicBytes, int(reflect.TypeFor[Topic]().Size())},
		"stretch": {stretchHeaderBytes, int(reflect.TypeFor[stretch]().Size())},
		"mark":    {markBytes, int(reflect.TypeFor[mark]().Size())},
	} {
		if sizes[0] != sizes[1] {
			t.Errorf("%s: %d bytes in the constant, %d in the type", name, sizes[0], sizes[1])
		}
	}
}
