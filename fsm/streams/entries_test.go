package streams

import (
	"math"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

// TestAnEntryHasABound at the bound; nothing is written into the gigabyte, so it takes no memory.
func TestAnEntryHasABound(t *testing.T) {
	half := make([]byte, value.MaxStreamEntryBytes/2)
	for last, want := range map[int]string{0: "", 1: addTooLarge} {
		if got := refuseLarge([][]byte{half, half, nil, make([]byte, last)}, len(half)); got != want {
			t.Errorf("%d bytes above the bound: %q, want %q", last, got, want)
		}
	}
}

// TestIDsAreThoseThatRedisTakes, as C's strtoull does where it is no number in Redis's spelling.
func TestIDsAreThoseThatRedisTakes(t *testing.T) {
	for text, want := range map[string]value.StreamID{
		"0": {}, "5": {Millis: 5, Sequence: 9}, "5-3": {Millis: 5, Sequence: 3}, " 5-+3": {Millis: 5, Sequence: 3},
		"007-\t08": {Millis: 7, Sequence: 8}, "5\x00-3": {Millis: 5, Sequence: 9},
		"1- -1": {Millis: 1, Sequence: math.MaxUint64},
		"18446744073709551615-18446744073709551615": value.MaxStreamID(),
	} {
		if text == "0" {
			want.Sequence = 9
		}
		if got, ok := parseID([]byte(text), 9); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "-", "+", "*", "$", "x", "5-", "-5", "5-x", "5-3-1", "5--3", "1-*", "18446744073709551616",
		"5-18446744073709551616",
		"5 ", "+-5", "- 5",
	} {
		if got, ok := parseID([]byte(text), 9); ok {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
	if id, open, ok := parseIDOpen([]byte("7-*"), 9, true); !ok || !open || id != (value.StreamID{Millis: 7}) {
		t.Errorf("7-* is %v, %v, %v", id, open, ok)
	}
}

// TestIntervalsEndAtTheLastID and begin at the first one.
func TestIntervalsEndAtTheLastID(t *testing.T) {
	for text, want := range map[string]string{
		"(18446744073709551615-18446744073709551615": startInvalid, "(-": idInvalid, "(": idInvalid, "(1-x": idInvalid,
	} {
		if _, refusal := parseStart([]byte(text)); refusal != want {
			t.Errorf("from %q: %q, want %q", text, refusal, want)
		}
	}
	if _, refusal := parseEnd([]byte("(0-0")); refusal != endInvalid {
		t.Errorf("up to (0-0: %q", refusal)
	}
	from, refusal := parseStart([]byte("(5-18446744073709551615"))
	if refusal != "" || from != (value.StreamID{Millis: 6}) {
		t.Errorf("behind the last ID of a millisecond: %v, %q", from, refusal)
	}
	want := value.StreamID{Millis: 4, Sequence: math.MaxUint64}
	if upto, refusal := parseEnd([]byte("(5-0")); refusal != "" || upto != want {
		t.Errorf("before the first ID of a millisecond: %v, %q", upto, refusal)
	}
}
