package reply

import (
	"bytes"
	"testing"
)

// nested is a reply with values of all kinds in each other, some with what looks like a line of a reply.
func nested(dst []byte, protocol int) []byte {
	dst = MapHeader(dst, protocol, 4)
	dst = BulkString(dst, "|\r\n&2\r\n")
	dst = pairs(dst, protocol)
	dst = BulkString(dst, "_\r\n*-1\r\n")
	dst = NullArray(ArrayHeader(dst, 1), protocol)
	dst = Null(dst, protocol)
	dst = Double(SetHeader(dst, protocol, 2), protocol, -2.5)
	dst = Verbatim(dst, protocol, "mkd", "%1\r\n")
	dst = BulkString(dst, "")
	dst = PushHeader(dst, protocol, 2)
	dst = Bool(Bool(dst, protocol, true), protocol, false)
	dst = OK(dst)
	return Error(dst, WrongType)
}

// pairs are two pairs, one of which has an array in it.
func pairs(dst []byte, protocol int) []byte {
	dst = PairsHeader(dst, protocol, 2)
	dst = Double(BulkString(PairHeader(dst, protocol), "a"), protocol, 1.5)
	return Integer(ArrayHeader(BulkString(PairHeader(dst, protocol), "b"), 1), 2)
}

// A reply that was kept is sent in each protocol as if it had been made for it.
func TestAKeptReplyIsSentAsEachProtocolHasIt(t *testing.T) {
	for _, protocol := range []int{RESP2, RESP3} {
		want := nested([]byte("before"), protocol)
		if got := Render([]byte("before"), nested(nil, Neutral), protocol); !bytes.Equal(got, want) {
			t.Errorf("RESP%d: %q, want %q", protocol, got, want)
		}
	}
}

// The forms are told apart as long as a reply is kept: RESP3 has one null for both of RESP2.
func TestAKeptReplyTellsBothNullsApart(t *testing.T) {
	for name, encode := range map[string]func(dst []byte, protocol int) []byte{"null": Null, "null array": NullArray} {
		kept := encode(nil, Neutral)
		if got := Render(nil, kept, RESP2); !bytes.Equal(got, encode(nil, RESP2)) {
			t.Errorf("%s is %q in RESP2", name, got)
		}
		if got := Render(nil, kept, RESP3); string(got) != "_\r\n" {
			t.Errorf("%s is %q in RESP3", name, got)
		}
	}
}

func FuzzRenderTakesAnyBytes(f *testing.F) {
	f.Add(nested(nil, Neutral))
	f.Add([]byte("*1\r\n=2\r\nx"))
	f.Add([]byte("*1\r\n$9999999999\r\n"))
	f.Fuzz(func(t *testing.T, kept []byte) {
		for _, protocol := range []int{RESP2, RESP3} {
			if got := Render(nil, kept, protocol); len(got) > 8*len(kept)+16 {
				t.Fatalf("%d bytes of %d", len(got), len(kept))
			}
		}
	})
}
