package raftlog

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func sampleEntry() Entry {
	e := Entry{
		Index: 0x0102030405060708, Term: 0x1112131415161718, Kind: EntryCommand, Level: 3,
		Tag:   Tag{Origin: 0x2122232425262728, Boot: 0x3132333435363738, Sequence: 0x4142434445464748},
		Stamp: 0x5152535455565758, Offset: -0x123456789abc, Body: []byte("SET key value"),
	}
	e.Seal()
	return e
}

func encoded(e *Entry) []byte { return append(e.AppendHeader(nil), e.Body...) }

func TestAnEntryComesBackAsItWasEncoded(t *testing.T) {
	e := sampleEntry()
	src := append(encoded(&e), "what follows"...)
	got, size, err := DecodeEntry(src)
	if err != nil || size != e.Size() || !reflect.DeepEqual(got, e) {
		t.Fatalf("%+v, %d, %v; want %+v", got, size, err, e)
	}
	if again := encoded(&got); !bytes.Equal(again, src[:size]) {
		t.Fatalf("encoded again: %x, want %x", again, src[:size])
	}
	if cap(got.Body) != len(got.Body) {
		t.Fatal("appending to the body would overwrite what follows it")
	}
}

func TestAPieceSaysHowMuchIsToCome(t *testing.T) {
	e := sampleEntry()
	e.Kind, e.Left = EntryPiece, 0x51525354
	e.Seal()
	got, _, err := DecodeEntry(encoded(&e))
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Fatalf("%+v, %v; want %+v", got, err, e)
	}
}

func TestAnOffsetComesBackWithItsSign(t *testing.T) {
	for _, offset := range []Offset{0, 1, -1, 1 << 40, -1 << 40, MaxOffset, -MaxOffset} {
		e := sampleEntry()
		e.Offset = offset
		e.Seal()
		got, _, err := DecodeEntry(encoded(&e))
		if err != nil || got.Time() != (Time{Stamp: e.Stamp, Offset: offset}) {
			t.Errorf("offset %d comes back as %d, %v", offset, got.Offset, err)
		}
	}
}

// TestEveryFlippedBitIsNoticed: one bit at a time, in header and body.
func TestEveryFlippedBitIsNoticed(t *testing.T) {
	e := sampleEntry()
	src := encoded(&e)
	for bit := range 8 * len(src) {
		src[bit/8] ^= 1 << (bit % 8)
		if got, _, err := DecodeEntry(src); err == nil {
			t.Fatalf("bit %d of byte %d: %+v", bit%8, bit/8, got)
		}
		src[bit/8] ^= 1 << (bit % 8)
	}
}

func TestAnEntryCutShortSaysSo(t *testing.T) {
	e := sampleEntry()
	src := encoded(&e)
	for end := range src {
		if _, _, err := DecodeEntry(src[:end]); !errors.Is(err, ErrShortEntry) {
			t.Fatalf("%d of %d bytes: %v", end, len(src), err)
		}
	}
}

func TestUnknownKindsAndReservedBytesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Entry, []byte){
		"kind 0":    func(e *Entry, _ []byte) { e.Kind = 0 },
		"next kind": func(e *Entry, _ []byte) { e.Kind = EntryKind(len(kinds)) },
		"flags":     func(_ *Entry, header []byte) { header[10] = 1 },
		"left":      func(_ *Entry, header []byte) { header[12] = 1 }, // of what is no piece
	} {
		e := sampleEntry()
		spoil(&e, make([]byte, EntryHeaderBytes))
		e.Seal()
		var header [EntryHeaderBytes]byte
		e.putHeader(&header)
		spoil(&e, header[:])
		crc := checksum(&header, e.Body)
		header[4], header[5], header[6], header[7] = byte(crc), byte(crc>>8), byte(crc>>16), byte(crc>>24)
		if _, _, err := DecodeEntry(append(header[:], e.Body...)); err == nil || errors.Is(err, ErrShortEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecodeEntry: any bytes give an entry that encodes to the same bytes, or an error.
func FuzzDecodeEntry(f *testing.F) {
	e := sampleEntry()
	f.Add(encoded(&e))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, src []byte) {
		got, size, err := DecodeEntry(src)
		if err == nil && !bytes.Equal(encoded(&got), src[:size]) {
			t.Fatalf("%x decodes to %+v", src, got)
		}
	})
}

func TestMarksAreOrderedByTermAndThenByIndex(t *testing.T) {
	ordered := []Mark{{}, {Term: 1, Index: 1}, {Term: 1, Index: 9}, {Term: 2, Index: 2}, {Term: 3, Index: 1}}
	for i, a := range ordered {
		for j, b := range ordered {
			if a.Before(b) != (i < j) {
				t.Errorf("%v before %v: %v", a, b, a.Before(b))
			}
		}
	}
}
