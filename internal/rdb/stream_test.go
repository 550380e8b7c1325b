package rdb

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// exampleStream is a stream with its entries, each an ID and fields with values.
type exampleStream struct {
	Stream
	maxEntries int64
	entries    []exampleEntry
	wanted     Version
}

type exampleEntry struct {
	id     StreamID
	fields []string
}

func writeStream(e exampleStream) ([]byte, Version) {
	w := NewStreamWriter(0, e.maxEntries)
	for _, one := range e.entries {
		var fields [][]byte
		for _, text := range one.fields {
			fields = append(fields, []byte(text))
		}
		w.Entry(one.id, fields)
	}
	return w.Finish(&e.Stream)
}

func exampleStreams() map[string]exampleStream {
	entries := []exampleEntry{
		{StreamID{1, 1}, []string{"a", "1", "b", "2"}},
		{StreamID{1, 2}, []string{"a", "x", "b", strings.Repeat("y", 5000)}},
		{StreamID{7, 0}, []string{"c", ""}},
		{StreamID{7, math.MaxUint64}, []string{"a", "1", "b", "2", "c", "3"}},
		{StreamID{math.MaxUint64, 0}, []string{"a", "1", "b", "2"}},
	}
	plain := Stream{Length: 5, Added: 5, First: entries[0].id, Last: entries[4].id}
	worn := Stream{Length: 5, Added: 9, First: entries[0].id, Last: StreamID{math.MaxUint64, 3}}
	worn.MaxDeleted = StreamID{8, 8}
	groups := func(active int64) []StreamGroup {
		return []StreamGroup{
			{Name: "empty", Last: StreamID{7, 0}, Read: UnknownRead},
			{
				Name: "g", Last: entries[4].id, Read: 5,
				Pending: []StreamPending{
					{StreamID{1, 1}, 1700000000000, 1, 1}, {StreamID{1, 2}, 1700000000001, 3, 0}, {StreamID{7, 0}, 5, 9, 1},
				},
				Consumers: []StreamConsumer{{"a", 1700000000001, active}, {"b", 1700000000000, 1700000000000}},
			},
		}
	}
	grouped, idle, never := plain, plain, worn
	grouped.Groups, idle.Groups, never.Groups = groups(1700000000001), groups(1700000000000), groups(-1)
	return map[string]exampleStream{
		"an empty stream":              {wanted: Version9},
		"a stream that was emptied":    {Stream: Stream{Added: 3, Last: StreamID{5, 5}}, wanted: Version10},
		"a stream":                     {Stream: plain, entries: entries, wanted: Version9},
		"a stream in listpacks of one": {Stream: plain, entries: entries, maxEntries: 1, wanted: Version9},
		"a stream in listpacks of two": {Stream: plain, entries: entries, maxEntries: 2, wanted: Version9},
		"a stream with deletions":      {Stream: worn, entries: entries, wanted: Version10},
		"a stream with groups":         {Stream: grouped, entries: entries, wanted: Version9},
		"a stream with idle consumers": {Stream: idle, entries: entries, wanted: Version11},
		"a stream with all of it":      {Stream: never, entries: entries, maxEntries: 3, wanted: Version11},
	}
}

func TestStreams_AreReadAsWritten(t *testing.T) {
	for name, want := range exampleStreams() {
		object, version := writeStream(want)
		if version != want.wanted {
			t.Errorf("%s is of version %d, want %d", name, version, want.wanted)
		}
		got := exampleStream{maxEntries: want.maxEntries, wanted: want.wanted}
		r := NewReader(object, 0)
		kind, _ := r.Type()
		var ok bool
		got.Stream, ok = r.Stream(kind, func(id StreamID, fields [][]byte) bool {
			one := exampleEntry{id: id}
			for _, field := range fields {
				one.fields = append(one.fields, string(field))
			}
			got.entries = append(got.entries, one)
			return true
		})
		if !ok || !r.Done() || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read, %v, as\n%.600s\nwant\n%.600s", name, ok, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
		}
		for cut := 1; cut < len(object); cut += 1 + cut/8 {
			if _, ok := visitAll(object[:len(object)-cut], 0); ok {
				t.Errorf("%s is read without its last %d bytes", name, cut)
			}
		}
	}
}

// What a stream says of itself has to be so.
func TestStreams_ThatContradictThemselvesAreRefused(t *testing.T) {
	good := exampleStreams()["a stream with all of it"]
	for name, harm := range map[string]func(e *exampleStream){
		"another length":       func(e *exampleStream) { e.Length = 4 },
		"fewer than there are": func(e *exampleStream) { e.Added = 4 },
		"a last one before":    func(e *exampleStream) { e.Last = StreamID{7, 0} },
		"deleted behind":       func(e *exampleStream) { e.MaxDeleted = StreamID{math.MaxUint64, 4} },
		"IDs out of order":     func(e *exampleStream) { e.entries[1].id = StreamID{1, 0} },
		"an ID twice":          func(e *exampleStream) { e.entries[1].id = StreamID{1, 1} },
		"the ID 0":             func(e *exampleStream) { e.entries[0].id = StreamID{} },
		"no field":             func(e *exampleStream) { e.entries[2].fields = nil },
		"a group twice":        func(e *exampleStream) { e.Groups[0].Name = "g" },
		"a consumer twice":     func(e *exampleStream) { e.Groups[1].Consumers[0].Name = "b" },
		"pending out of order": func(e *exampleStream) { e.Groups[1].Pending[0].ID = StreamID{1, 3} },
		"read less than never": func(e *exampleStream) { e.Groups[1].Read = -2 },
		"added beyond numbers": func(e *exampleStream) { e.Added = math.MaxInt64 + 1 },
		"added as often as -1": func(e *exampleStream) { e.Added = math.MaxUint64 },
	} {
		e := exampleStreams()["a stream with all of it"]
		harm(&e)
		object, _ := writeStream(e)
		if _, ok := visitAll(object, 0); ok {
			t.Errorf("%s is read", name)
		}
	}
	object, _ := writeStream(good)
	if _, ok := visitAll(object, 0); !ok {
		t.Error("the good one is refused")
	}
}

// An entry has as many fields as a command can give it, whatever few bytes say that it has more: each takes memory.
func TestStreams_AnEntryHasABoundOfFields(t *testing.T) {
	for _, fields := range []int{maxFields, maxFields + 1} {
		for name, first := range map[string][]string{"its own": {"f", "v"}, "those of the listpack": nil} {
			e := exampleStream{Stream: Stream{Length: 1, Added: 1, First: StreamID{1, 1}, Last: StreamID{1, 1}}}
			if first != nil {
				e.entries = append(e.entries, exampleEntry{StreamID{0, 1}, first})
				e.Length, e.Added, e.First = 2, 2, StreamID{0, 1}
			}
			e.entries = append(e.entries, exampleEntry{StreamID{1, 1}, make([]string, 2*fields)})
			object, _ := writeStream(e)
			if _, ok := visitAll(object, 0); ok != (fields <= maxFields) {
				t.Errorf("%d fields, %s: read %v", fields, name, ok)
			}
		}
	}
}
