package command

import (
	"bytes"
	"testing"
)

// strideText is a text of which each part differs from the others. It notes how much is read at once.
type strideText struct{ longest *int }

func strideByte(at int) byte { return byte(at*7 + at>>9) }

// ReadAt is that of Text.
func (s strideText) ReadAt(dst []byte, offset int) int {
	*s.longest = max(*s.longest, len(dst))
	for i := range dst {
		dst[i] = strideByte(offset + i)
	}
	return len(dst)
}

// Held is that of Text: each stride is a text by itself.
func (strideText) Held() (owner any, bytes int) { return nil, 1 }

// ownedText belongs to something, of which any part keeps all bytes.
type ownedText struct {
	FixedReply
	owner *int
}

// Held is that of Text.
func (o ownedText) Held() (owner any, bytes int) { return o.owner, *o.owner }

// A part keeps the whole, and parts of one whole that follow on each other keep it once.
func TestAPartOfATextHoldsAllOfIt(t *testing.T) {
	long, other := 1000, 200
	var l Long
	for i, step := range []struct {
		text        Text
		bytes, held int
	}{
		{ownedText{FixedReply("abc"), &long}, 3, 1000},
		{ownedText{FixedReply("a"), &long}, 4, 1000},
		{ownedText{FixedReply("ab"), &other}, 6, 1200},
		{FixedReply("fixed"), 11, 1205},
		{FixedReply("fixed"), 16, 1210},
		{ownedText{FixedReply("a"), &other}, 17, 1410},
	} {
		whole := step.bytes - l.Bytes()
		if with := l.HeldWith(step.text); with != step.held {
			t.Errorf("%d: %d bytes would be held, want %d", i, with, step.held)
		}
		if l.Add(0, step.text, 0, whole); l.Bytes() != step.bytes || l.Held() != step.held {
			t.Errorf("%d: %d bytes are left out and %d held, want %d and %d", i, l.Bytes(), l.Held(), step.bytes, step.held)
		}
	}
}

// What lies between long values may be long as well, as the other values of an MGET are.
func TestJoinPutsEachValueInItsPlace(t *testing.T) {
	around := []int{0, 1, joinBytes - 1, joinBytes, joinBytes + 1, 2*joinBytes + 1}
	for _, short := range around {
		for _, long := range around {
			var run Run
			var want []byte
			longest, text := 0, func(begin, length int) (b []byte) {
				for i := range length {
					b = append(b, strideByte(begin+i))
				}
				return b
			}
			for i := range 3 {
				run.Reply = append(run.Reply, text(i, short)...)
				want = append(want, text(i, short)...)
				run.Long.Add(len(run.Reply), strideText{&longest}, 10+i, 10+i+long)
				want = append(want, text(10+i, long)...)
			}
			run.Reply, want = append(run.Reply, text(5, short)...), append(want, text(5, short)...)
			if got := run.Long.Bytes(); got != 3*long {
				t.Fatalf("%d bytes are missing, want 3 of %d", got, long)
			}
			run.Join()
			if !bytes.Equal(run.Reply, want) || cap(run.Reply) > len(want)+len(want)/4+64 || run.Long.Bytes() != 0 {
				t.Fatalf("%d bytes around values of %d: the reply has %d of %d, want %d, or others",
					short, long, len(run.Reply), cap(run.Reply), len(want))
			}
			if longest > joinBytes {
				t.Fatalf("%d bytes are copied at once", longest)
			}
		}
	}
}

// What a call left out is forgotten where it begins again, and nothing of the calls before it.
func TestWhatACallLeftOutIsForgotten(t *testing.T) {
	large := 1000
	var l Long
	l.Add(5, FixedReply("first"), 0, 5)
	l.Add(10, ownedText{FixedReply("abc"), &large}, 0, 3)
	l.AddLate(10, func(int) []byte { return []byte("late") })
	l.Add(15, ownedText{FixedReply("abc"), &large}, 0, 2)
	l.Add(15, FixedReply("other"), 0, 5)
	if l.Cut(10); l.Bytes() != 8 || l.Held() != 1005 || l.Late() != 1 {
		t.Errorf("%d bytes are left out, %d held, %d reads put off", l.Bytes(), l.Held(), l.Late())
	}
	run := Run{Reply: []byte("12345\r\n89a"), Long: l}
	if run.Join(); string(run.Reply) != "12345first\r\n89aabclate" {
		t.Errorf("joined %q", run.Reply)
	}
}
