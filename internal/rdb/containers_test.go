package rdb

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// makeZiplist makes a ziplist as Redis did before 7: the test's own writer, so that the reader is not judged by itself.
func makeZiplist(elements ...string) []byte {
	b := make([]byte, ziplistHeaderBytes)
	before, last := 0, ziplistHeaderBytes
	for _, element := range elements {
		last = len(b)
		if before < 254 {
			b = append(b, byte(before))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, 254), uint32(before))
		}
		b = appendZiplistElement(b, element)
		before = len(b) - last
	}
	b = append(b, 0xff)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	binary.LittleEndian.PutUint32(b[4:], uint32(last))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(elements)))
	return b
}

func appendZiplistElement(b []byte, element string) []byte {
	var n int64
	if _, err := fmt.Sscanf(element, "%d", &n); err == nil && fmt.Sprint(n) == element {
		switch {
		case n >= 0 && n <= 12:
			return append(b, 0xf1+byte(n))
		case n >= -1<<7 && n < 1<<7:
			return append(b, 0xfe, byte(n))
		case n >= -1<<15 && n < 1<<15:
			return append(b, 0xc0, byte(n), byte(n>>8))
		case n >= -1<<23 && n < 1<<23:
			return append(b, 0xf0, byte(n), byte(n>>8), byte(n>>16))
		case n >= -1<<31 && n < 1<<31:
			return binary.LittleEndian.AppendUint32(append(b, 0xd0), uint32(n))
		}
		return binary.LittleEndian.AppendUint64(append(b, 0xe0), uint64(n))
	}
	switch length := len(element); {
	case length < 1<<6:
		b = append(b, byte(length))
	case length < 1<<14:
		b = append(b, 0x40|byte(length>>8), byte(length))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0x80), uint32(length))
	}
	return append(b, element...)
}

func makeIntset(width int, members ...int64) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(members)))
	for _, member := range members {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(member))[:width]...)
	}
	return b
}

func makeZipmap(pairs ...string) []byte {
	b := []byte{byte(len(pairs) / 2)}
	for i, text := range pairs {
		if len(text) < 254 {
			b = append(b, byte(len(text)))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, 254), uint32(len(text)))
		}
		if i%2 == 1 {
			b = append(b, 2) // two bytes behind the value are free
		}
		b = append(b, text...)
		if i%2 == 1 {
			b = append(b, 0xff, 0)
		}
	}
	return append(b, 0xff)
}

// object is a type with a body of parts: strings as they are, others as strings in the format.
func object(t Type, parts ...any) []byte {
	b := []byte{byte(t)}
	for _, part := range parts {
		switch part := part.(type) {
		case int:
			b = AppendLength(b, uint64(part))
		case string:
			b = AppendText(b, part)
		case []byte:
			b = append(AppendLength(b, uint64(len(part))), part...)
		case float64:
			b = AppendScore(b, part)
		}
	}
	return b
}

// raw is a type with a body of bytes.
func raw(t Type, body string) []byte { return append([]byte{byte(t)}, body...) }

// examples are objects of all types that are read.
func examples() map[string][]byte {
	pairs := []string{"f", "1", "g", strings.Repeat("v", 300)}
	all := map[string][]byte{
		"string":        object(String, "text"),
		"list":          object(List, 2, "a", "7"),
		"set":           object(Set, 2, "a", "7"),
		"hash":          object(Hash, 2, pairs[0], pairs[1], pairs[2], pairs[3]),
		"sorted set":    object(SortedSet, 2, "a", 1.5, "b", -2.0),
		"with decimals": raw(SortedSetText, "\x02\x01a\x031.5\x01b\xff"),
		"zipmap":        object(HashZipmap, makeZipmap(pairs...)),
		"ziplist":       object(ListZiplist, makeZiplist(edges()...)),
		"intset":        object(SetIntset, makeIntset(2, -5, 0, 7)),
		"zset ziplist":  object(SortedSetZiplist, makeZiplist("a", "1.5", "b", "-inf")),
		"hash ziplist":  object(HashZiplist, makeZiplist(pairs...)),
		"quicklist":     object(ListQuicklist, 2, makeZiplist("a", "b"), makeZiplist("c")),
		"hash listpack": object(HashListpack, makeListpack(pairs)),
		"zset listpack": object(SortedSetListpack, makeListpack([]string{"a", "1", "b", "2.5"})),
		"packed list": object(
			ListQuicklistPacked, 3, 2, makeListpack([]string{"a", "5"}), 1, "long", 2, makeListpack(edges()),
		),
		"set listpack": object(SetListpack, makeListpack([]string{"a", "5"})),
		"compressed":   append([]byte{byte(String)}, compressed("\x00a\xe0\x05\x00", 15)...),
	}
	for name, one := range exampleStreams() {
		all[name], _ = writeStream(one)
	}
	return all
}

// shown are the elements of an object, in order.
func shown(object []byte) (all []string, ok bool) {
	r := NewReader(object, 1<<20)
	t, ok := r.Type()
	if !ok {
		return nil, false
	}
	add := func(text []byte) bool { all = append(all, string(text)); return true }
	switch t.Kind() {
	case StringKind:
		text, isText := r.Text()
		ok = isText && add(text)
	case ListKind, SetKind:
		ok = r.Elements(t, add)
	case HashKind:
		ok = r.Pairs(t, func(field, value []byte) bool { return add(field) && add(value) })
	case SortedSetKind:
		ok = r.Scores(t, func(member []byte, score float64) bool { return add(member) && add(fmt.Append(nil, score)) })
	default:
		ok = false
	}
	return all, ok && r.Done()
}

func TestContainers_AreReadInEveryForm(t *testing.T) {
	pairs := []string{"f", "1", "g", strings.Repeat("v", 300)}
	want := map[string][]string{
		"string": {"text"}, "list": {"a", "7"}, "set": {"a", "7"}, "hash": pairs, "sorted set": {"a", "1.5", "b", "-2"},
		"with decimals": {"a", "1.5", "b", "-Inf"}, "zipmap": pairs, "ziplist": edges(), "intset": {"-5", "0", "7"},
		"zset ziplist": {"a", "1.5", "b", "-Inf"}, "hash ziplist": pairs, "quicklist": {"a", "b", "c"},
		"hash listpack": pairs,
		"zset listpack": {"a", "1", "b", "2.5"}, "packed list": slices.Concat([]string{"a", "5", "long"}, edges()),
		"set listpack": {"a", "5"}, "compressed": {strings.Repeat("a", 15)},
	}
	for name, one := range examples() {
		if strings.Contains(name, "stream") {
			continue
		}
		if got, ok := shown(one); !ok || !slices.Equal(got, want[name]) {
			t.Errorf("%s is read as %.300q, %v", name, got, ok)
		}
		for cut := 1; cut <= min(len(one), 40); cut++ {
			if got, ok := shown(one[:len(one)-cut]); ok {
				t.Errorf("%s without %d bytes is read as %.100q", name, cut, got)
			}
		}
		if _, ok := shown(append(slices.Clone(one), 0)); ok {
			t.Errorf("%s is read with a byte behind it", name)
		}
	}
}

func TestContainers_WhatIsNoneIsRefused(t *testing.T) {
	long := makeListpack([]string{"a", "b"})
	long[4] = 3
	for name, one := range map[string][]byte{
		"nothing":                     {},
		"a type only":                 {byte(Hash)},
		"an unknown type":             object(8, 1, "a"),
		"a module":                    object(7, 1, "a"),
		"an empty list":               object(List, 0),
		"an empty set":                object(Set, 0),
		"an empty hash":               object(Hash, 0),
		"an empty sorted set":         object(SortedSet, 0),
		"an empty listpack":           object(SetListpack, makeListpack(nil)),
		"an empty ziplist":            object(ListZiplist, makeZiplist()),
		"empty nodes":                 object(ListQuicklistPacked, 1, 2, makeListpack(nil)),
		"an empty long element":       object(ListQuicklistPacked, 1, 1, ""),
		"an unknown node":             object(ListQuicklistPacked, 1, 3, "a"),
		"an empty intset":             object(SetIntset, makeIntset(2)),
		"an empty zipmap":             object(HashZipmap, makeZipmap()),
		"no number":                   object(SortedSet, 1, "a", 0.0)[:4],
		"NaN":                         object(SortedSet, 1, "a", nan()),
		"NaN in words":                raw(SortedSetText, "\x01\x01a\xfd"),
		"a score that is none":        object(SortedSetListpack, makeListpack([]string{"a", "b"})),
		"half a pair":                 object(HashListpack, makeListpack([]string{"a", "b", "c"})),
		"a listpack with a wrong sum": object(SetListpack, long),
		"an intset out of order":      object(SetIntset, makeIntset(4, 2, 1)),
		"an intset with one twice":    object(SetIntset, makeIntset(8, 2, 2)),
		"an intset of odd numbers":    object(SetIntset, makeIntset(3, 1)),
		"a length that lies":          raw(List, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01a"),
		"a string that lies":          raw(String, "\x81\x7f\xff\xff\xff\xff\xff\xff\xff"),
		"an encoding that is none":    raw(String, "\xc4a"),
	} {
		if got, ok := shown(one); ok {
			t.Errorf("%s is read as %.100q", name, got)
		}
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

// A visitor that wants no more ends the reading.
func TestContainers_AVisitorMayRefuse(t *testing.T) {
	for name, one := range examples() {
		r := NewReader(one, 1<<20)
		kind, _ := r.Type()
		visits := 0
		once := func() bool { visits++; return false }
		ok := true
		switch kind.Kind() {
		case ListKind, SetKind:
			ok = r.Elements(kind, func([]byte) bool { return once() })
		case HashKind:
			ok = r.Pairs(kind, func(_, _ []byte) bool { return once() })
		case SortedSetKind:
			ok = r.Scores(kind, func([]byte, float64) bool { return once() })
		default:
			continue
		}
		if ok || visits != 1 {
			t.Errorf("%s: %v after %d visits", name, ok, visits)
		}
	}
}

// TestElements_AreBounded: what is compressed has some elements more than bytes, whatever few bytes stand for them.
func TestElements_AreBounded(t *testing.T) {
	const elements = 100
	packed := makeListpack(slices.Repeat([]string{"1"}, elements))
	for name, object := range map[string][]byte{
		"a list":       slices.Concat([]byte{byte(ListQuicklistPacked), 1, packedNode}, AppendText(nil, packed)),
		"a set":        append([]byte{byte(SetListpack)}, AppendText(nil, packed)...),
		"a hash":       append([]byte{byte(HashListpack)}, AppendText(nil, packed)...),
		"a sorted set": append([]byte{byte(SortedSetListpack)}, AppendText(nil, packed)...),
	} {
		for _, more := range []int{-1, 0, 1} {
			r := NewReader(object, 0)
			if want := len(object) + maxMoreElements; r.elements != want {
				t.Fatalf("%s of %d bytes may have %d elements, want %d", name, len(object), r.elements, want)
			}
			r.elements = elements + more
			if _, ok := visitWith(r); ok != (more >= 0) {
				t.Errorf("%s of %d elements, where %d may be: read %v", name, elements, elements+more, ok)
			}
		}
	}
	object, _ := writeStream(exampleStreams()["a stream"])
	const fields, pieces = 2, 6 + 6 + 7 + 11 + 6 // of its only listpack, and of its entries
	for _, more := range []int{-1, 0, 1} {
		r := NewReader(object, 0)
		r.elements = fields + pieces + more
		if _, ok := visitWith(r); ok != (more >= 0) {
			t.Errorf("a stream of %d elements, where %d may be: read %v", fields+pieces, fields+pieces+more, ok)
		}
	}
}
