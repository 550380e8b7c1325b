package keyspace

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/internal/sessions"
)

// withSessions is a space with some keys, and with sessions that take several sections.
func withSessions() *single {
	s := emptySpace()
	s.Advance(9, 1000)
	for i := range 100 {
		s.Set(fmt.Appendf(nil, "key%d", i), []byte("value"))
	}
	s.number = 5
	for id := uint64(1); id <= 5; id++ {
		s.Sessions().Open(id, 1000, 60_000)
		for sequence := uint64(1); sequence <= 4; sequence++ {
			s.Sessions().Begin(id, sequence, 1000)
			s.Sessions().Record(id, sequence, 1000, bytes.Repeat([]byte{byte(id), byte(sequence)}, 20_000))
		}
	}
	return s
}

func TestSessionsAreInTheImageAndTheHash(t *testing.T) {
	s := withSessions()
	image, before := s.imageBytes(t), s.StateHash()
	if length := len(image); length < 3*sectionBytes {
		t.Fatalf("the image has %d bytes: the sessions are in one section", length)
	}
	again, err := readBack(image)
	if err != nil {
		t.Fatal(err)
	}
	if again.StateHash() != before || !bytes.Equal(again.imageBytes(t), image) {
		t.Error("the restored space is another one")
	}
	if o, kept := again.Sessions().Begin(5, 4, 1000); o != sessions.Replayed || len(kept) != 40_000 || kept[0] != 5 {
		t.Errorf("a reply is %v, of %d bytes", o, len(kept))
	}
	if again.Sessions().Close(5, 1000); again.StateHash() == before {
		t.Error("a session that is closed does not show in the hash")
	}
	if s.Flush(); s.Sessions().Len() != 5 {
		t.Error("a flush takes the sessions")
	}
}

// Without sessions there is no section, also where there have been some.
func TestAnImageWithoutSessionsHasNoTraceOfThem(t *testing.T) {
	s := withSessions()
	for id := uint64(1); id <= 5; id++ {
		s.Sessions().Close(id, 1000)
	}
	other := emptySpace()
	other.Advance(9, 1000)
	other.number = 5
	for i := range 100 {
		other.Set(fmt.Appendf(nil, "key%d", i), []byte("value"))
	}
	if s.StateHash() != other.StateHash() || !bytes.Equal(s.imageBytes(t), other.imageBytes(t)) {
		t.Error("the sessions that were closed show")
	}
}

// Sections with sound checksums that no image has.
func TestSessionsThatNoImageHasAreRefused(t *testing.T) {
	empty, err := emptySpace().frozenTable()
	if err != nil {
		t.Fatal(err)
	}
	s := emptySpace()
	s.number = 1
	s.Sessions().Open(1, 0, 100)
	one, err := s.frozenTable()
	if err != nil {
		t.Fatal(err)
	}
	header := s.Freeze().header
	keys := append([]byte{0, 0, 0, 0}, 0, 0, 1, 'k', 1, 'v')
	for name, c := range map[string]struct {
		sections []section.Kind
		payloads [][]byte
		want     error
	}{
		"as written":      {[]section.Kind{sectionSessions}, [][]byte{one}, nil},
		"in two":          {[]section.Kind{sectionSessions, sectionSessions}, [][]byte{one[:20], one[20:]}, nil},
		"none":            {[]section.Kind{sectionSessions}, [][]byte{empty}, ErrImageDamaged},
		"cut":             {[]section.Kind{sectionSessions}, [][]byte{one[:len(one)-1]}, ErrImageDamaged},
		"one byte more":   {[]section.Kind{sectionSessions}, [][]byte{append(bytes.Clone(one), 0)}, ErrImageDamaged},
		"twice":           {[]section.Kind{sectionSessions, sectionSessions}, [][]byte{one, one}, ErrImageDamaged},
		"of other hash":   {nil, nil, ErrImageDamaged},
		"keys behind":     {[]section.Kind{sectionSessions, sectionKeys}, [][]byte{one, keys}, ErrImageDamaged},
		"no bytes at all": {[]section.Kind{sectionSessions}, [][]byte{nil}, ErrImageDamaged},
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
		if _, err := readBack(image.Bytes()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A session above the last number of its image would be opened again, and that is an error of the program.
func TestASessionIsNotAboveTheLastNumber(t *testing.T) {
	for last, refused := range map[uint64]bool{6: true, 7: false, 8: false} {
		s := emptySpace()
		s.number = last
		s.Sessions().Open(7, 0, 100)
		if _, err := readBack(s.imageBytes(t)); errors.Is(err, ErrImageDamaged) != refused {
			t.Errorf("session 7, the last number is %d: %v", last, err)
		}
	}
}

// frozenTable is the image of the sessions alone.
func (s *single) frozenTable() ([]byte, error) {
	var b bytes.Buffer
	_, err := s.Sessions().Freeze().WriteTo(&b)
	return b.Bytes(), err
}

// Every bit of a section of sessions counts.
func TestDamagedSessionsAreNoticed(t *testing.T) {
	s := emptySpace()
	s.number = 1
	s.Sessions().Open(1, 0, 100)
	s.Sessions().Begin(1, 1, 0)
	s.Sessions().Record(1, 1, 0, []byte("reply"))
	image := s.imageBytes(t)
	for at := range image {
		image[at] ^= 1
		if _, err := readBack(image); err == nil {
			t.Errorf("a bit of byte %d may differ", at)
		}
		image[at] ^= 1
	}
}

// A session that is due is due for the space, before the keys or behind them.
func TestASessionMakesTheSpaceDue(t *testing.T) {
	s := emptySpace()
	s.Advance(1, 1000)
	s.Sessions().Open(1, 1000, 1600)
	ends := s.Due()
	if info, _ := s.Session(1); info.Deadline != 2700 || ends != 3000 { // the end of its second
		t.Fatalf("due at %d", ends)
	}
	for deadline, want := range map[int64]int64{ends - 1: ends - 1, ends + 1: ends} {
		s.PutUntil(s.Place([]byte("k")), []byte("k"), NewEntry([]byte("k"), nil), AtLog(deadline))
		if got := s.Due(); got != want {
			t.Errorf("with a key that ends at %d: due at %d, want %d", deadline, got, want)
		}
	}
}
