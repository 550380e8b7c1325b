package keyspace

import (
	"bytes"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

// spaceOfAllKinds has a value of each kind.
func spaceOfAllKinds() *single {
	s := sampleSpace()
	state, generation := s.Making()
	put := func(name string, v value.Value) {
		s.Put(s.Place([]byte(name)), []byte(name), EntryOf([]byte(name), v))
	}
	hash := (*value.Hash)(nil).Edit(state, generation)
	hash.Set([]byte("field"), []byte("-7"))
	put("hash", hash.Hash())
	set := (*value.Set)(nil).Edit(state, generation)
	set.Add([]byte("member"))
	put("set", set.Set())
	sorted := (*value.SortedSet)(nil).Edit(state, generation)
	sorted.Put([]byte("member"), 1.5)
	put("sorted", sorted.Set())
	put("list", (*value.List)(nil).Pushed([][]byte{[]byte("a"), []byte("12")}, false, state, generation))
	put("lock", value.NewLock([]byte("holder"), 3, state))
	stream := value.NewStream(state, generation).Change(state, generation)
	pair := [][]byte{[]byte("f"), []byte("v")}
	stream.Append(value.StreamID{Millis: 5}, pair, value.StreamNodes{Bytes: 4096, Entries: 100})
	stream.AddGroup([]byte("g"), value.StreamID{}, 0)
	group := stream.Group([]byte("g"))
	consumer, _ := group.Consumer([]byte("c"), 1)
	group.Deliver(value.StreamID{Millis: 5}, consumer, 2, 1)
	put("stream", stream.Done())
	return s
}

// E16: FuzzAnyItemsAreKeysOrRefused gives the reader any items, as they stand in an image behind sound checksums. What
// it takes is a space whose image is read as the same.
func FuzzAnyItemsAreKeysOrRefused(f *testing.F) {
	all := itemsOf(spaceOfAllKinds().Freeze())
	for _, item := range all {
		f.Add(item)
	}
	f.Add(bytes.Join(all, nil))
	f.Fuzz(func(t *testing.T, items []byte) {
		in := imageReader{maxValueBytes: testMaxValueBytes, state: New(testSpaceSeed, testMaxValueBytes)}
		in.readers.learn(value.NewReader)
		in.state.index = 7
		payload := append(make([]byte, databaseBytes), items...)
		if in.keys(payload) != nil || in.partly.any {
			return
		}
		s := singleOf(in.state)
		s.all.removals.newest = s.index
		s.Advance(s.index, s.now.Log)
		s.Settle()
		image := s.imageBytes(t)
		again, err := readBack(image)
		if err != nil {
			t.Fatal(err)
		}
		if second := again.imageBytes(t); !bytes.Equal(second, image) {
			t.Fatalf("the image is %x, and read and written again %x", image, second)
		}
	})
}

// E16: FuzzAnyBytesAreRemovalsOrRefused: what is taken for removals is written as it was.
func FuzzAnyBytesAreRemovalsOrRefused(f *testing.F) {
	s := withRemovals(50)
	f.Add(s.removals.append(nil))
	s.Flush()
	f.Add(s.removals.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := readRemovals(b, 100, s.hashing.state)
		if !ok {
			return
		}
		if again := r.append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x is read, and written as %x", b, again)
		}
		var sum uint64
		for number, p := range r.pages {
			if p == nil {
				continue
			}
			for at, version := range p.versions {
				sum += removalShare(uint64(number*removalPageWords+at), version, s.hashing.state)
			}
		}
		if sum != r.sum {
			t.Fatalf("the sum is %x, made at once %x", r.sum, sum)
		}
	})
}
