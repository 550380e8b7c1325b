package keyspace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
)

// withRemovals is a space in which keys came and went.
func withRemovals(keys int) *single {
	s := emptySpace()
	for i := range keys {
		s.Advance(uint64(2*i+1), 0)
		s.Set(fmt.Appendf(nil, "k%d", i), []byte("v"))
		s.Advance(uint64(2*i+2), 0)
		s.Remove(fmt.Appendf(nil, "k%d", i/2))
	}
	return s
}

func TestAbsentKeysThatCameAndWentHaveChanged(t *testing.T) {
	s := emptySpace()
	a := []byte("a")
	at := func(index uint64) { s.Advance(index, 0) }
	check := func(since uint64, present, want bool) {
		t.Helper()
		if got := s.ChangedSince(a, since, present); got != want {
			t.Errorf("at %d, since %d, present %v: changed %v", s.Index(), since, present, got)
		}
	}
	check(0, false, false)
	check(0, true, true)
	at(5)
	s.Set(a, nil)
	check(4, false, true)
	check(5, false, true) // it was not absent then, whoever says so
	check(5, true, false)
	check(4, true, true)
	at(9)
	s.Remove(a)
	check(4, false, true)
	check(5, false, false) // removed at 9, and last put at 5: who found it absent behind 5 looked at 9 or later
	check(9, false, false)
	check(8, true, true)
	at(10)
	s.Flush()
	check(9, false, false)
	at(11)
	s.Set([]byte("b"), nil)
	at(12)
	s.Flush()
	check(10, false, true) // this might have been the key: a flush does not look
	check(11, false, false)
}

// The place of a key is shared: others make it look changed, and never the other way round.
func TestAPlaceHasTheHighestVersion(t *testing.T) {
	s := withRemovals(2000)
	for i := range 1000 {
		key := fmt.Appendf(nil, "k%d", i)
		if version := uint64(2*i + 1); !s.ChangedSince(key, version-1, false) {
			t.Fatalf("k%d was put at %d, and is forgotten", i, version)
		}
		if s.ChangedSince(key, s.Index(), false) {
			t.Fatalf("k%d has changed behind the last entry", i)
		}
	}
}

func TestRemovalsAreInTheImageAndTheHash(t *testing.T) {
	for _, keys := range []int{1, 2, 500, 20_000} {
		s := withRemovals(keys)
		image := s.imageBytes(t)
		again, err := readBack(image)
		if err != nil {
			t.Fatal(err)
		}
		if again.StateHash() != s.StateHash() || !bytes.Equal(again.imageBytes(t), image) {
			t.Errorf("%d keys: the restored space is another one", keys)
		}
		if len(image) > 40*keys+removalPlaces*8+1000 {
			t.Errorf("%d keys: the image has %d bytes", keys, len(image))
		}
		before := s.StateHash()
		for _, space := range []*single{s, again} {
			space.Advance(1<<30, 0)
			space.Set([]byte("more"), nil)
			space.Remove([]byte("more"))
		}
		if s.StateHash() == before || s.StateHash() != again.StateHash() {
			t.Errorf("%d keys: hashes %x, %x and before %x", keys, s.StateHash(), again.StateHash(), before)
		}
	}
}

// A frozen state keeps what was removed, as everything.
func TestAFreezeDoesNotSeeLaterRemovals(t *testing.T) {
	s := withRemovals(100)
	image := s.imageBytes(t)
	frozen := s.Freeze()
	s.Advance(1000, 0)
	for i := range 100 {
		s.Set(fmt.Appendf(nil, "k%d", i), nil)
		s.Remove(fmt.Appendf(nil, "k%d", i))
	}
	if frozen.State().Space(0).ChangedSince([]byte("k1"), 999, false) || !s.ChangedSince([]byte("k1"), 999, false) {
		t.Error("a frozen state sees what comes later")
	}
	var b bytes.Buffer
	if _, err := frozen.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), image) {
		t.Errorf("the image of a frozen state has changed: %v", err)
	}
}

// Sections with sound checksums that no image has.
func TestRemovalsThatNoImageHasAreRefused(t *testing.T) {
	s := emptySpace()
	s.Advance(9, 0)
	s.Set([]byte("a"), nil)
	s.Remove([]byte("a"))
	header, payload := s.Freeze().header, s.removals.append(nil)
	numbers := func(all ...uint64) (b []byte) {
		for _, n := range all {
			b = binary.AppendUvarint(b, n)
		}
		return b
	}
	for name, c := range map[string]struct {
		sections []section.Kind
		payloads [][]byte
		sound    bool
	}{
		"as written":       {[]section.Kind{sectionRemovals}, [][]byte{payload}, true},
		"none":             {nil, nil, false},
		"twice":            {[]section.Kind{sectionRemovals, sectionRemovals}, [][]byte{payload, payload}, false},
		"cut":              {[]section.Kind{sectionRemovals}, [][]byte{payload[:len(payload)-1]}, false},
		"one byte more":    {[]section.Kind{sectionRemovals}, [][]byte{append(bytes.Clone(payload), 0)}, false},
		"no bytes":         {[]section.Kind{sectionRemovals}, [][]byte{nil}, false},
		"newest of later":  {[]section.Kind{sectionRemovals}, [][]byte{numbers(10, 0)}, false},
		"nothing put":      {[]section.Kind{sectionRemovals}, [][]byte{numbers(0, 0)}, false},
		"flushed of later": {[]section.Kind{sectionRemovals}, [][]byte{numbers(8, 9)}, false},
		"version 0":        {[]section.Kind{sectionRemovals}, [][]byte{numbers(9, 0, 3, 9)}, false},
		"no such place":    {[]section.Kind{sectionRemovals}, [][]byte{numbers(9, 0, removalPlaces, 0)}, false},
		"behind the last":  {[]section.Kind{sectionRemovals}, [][]byte{numbers(9, 0, removalPlaces-1, 0, 0, 0)}, false},
		"a wide number":    {[]section.Kind{sectionRemovals}, [][]byte{append([]byte{0x89, 0}, payload[1:]...)}, false},
		"keys behind":      {[]section.Kind{sectionRemovals, sectionKeys}, [][]byte{payload, {0, 0, 0, 0, 1}}, false},
		"sessions behind":  {[]section.Kind{sectionRemovals, sectionSessions}, [][]byte{payload, {0}}, false},
	} {
		var image bytes.Buffer
		out := imageWriter{w: &image}
		err := out.write(header.append(nil))
		for i, kind := range c.sections {
			err = errors.Join(err, out.section(kind, c.payloads[i]))
		}
		if err = errors.Join(err, out.finish()); err != nil {
			t.Fatal(err)
		}
		if _, err := readBack(image.Bytes()); (err == nil) != c.sound || err != nil && !errors.Is(err, ErrImageDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
