package reply

import "testing"

func TestSkipStepsOverOneReply(t *testing.T) {
	values := []func(dst []byte) []byte{
		OK,
		func(dst []byte) []byte { return Error(dst, "ERR x") },
		func(dst []byte) []byte { return Integer(dst, -5) },
		func(dst []byte) []byte { return BulkString(dst, "a\r\nb") },
		func(dst []byte) []byte { return BulkString(dst, "") },
		func(dst []byte) []byte { return BulkString(dst, "123456789") }, // the longest with a header of four bytes
		func(dst []byte) []byte { return BulkString(dst, "1234567890") },
		func(dst []byte) []byte { return Null(dst, RESP2) },
		func(dst []byte) []byte { return Null(dst, RESP3) },
		func(dst []byte) []byte { return NullArray(dst, RESP2) },
		func(dst []byte) []byte { return ArrayHeader(dst, 0) },
		func(dst []byte) []byte { return BulkString(Integer(ArrayHeader(dst, 2), 1), "x") },
		func(dst []byte) []byte { return OK(OK(OK(ArrayHeader(MapHeader(dst, RESP3, 1), 2)))) },
		func(dst []byte) []byte { return Verbatim(dst, RESP3, "txt", "some text") },
		func(dst []byte) []byte { return Double(dst, RESP3, 1.5) },
		func(dst []byte) []byte { return Bool(dst, RESP3, true) },
		func(dst []byte) []byte { return pairs(dst, RESP2) },
		func(dst []byte) []byte { return pairs(dst, RESP3) },
		func(dst []byte) []byte { return pairs(dst, Neutral) },
	}
	for i, first := range values {
		for whole := first(nil); len(whole) > 0; {
			if whole = whole[:len(whole)-1]; len(Skip(whole)) > 0 {
				t.Errorf("value %d: something is behind %q, which is not whole", i, whole)
			}
		}
		for j, second := range values {
			one, two := first(nil), second(nil)
			if got := Skip(append(append([]byte{}, one...), two...)); string(got) != string(two) {
				t.Errorf("values %d and %d: behind %q is %q, want %q", i, j, one, got, two)
			}
		}
	}
}

func FuzzSkipTakesAnyBytes(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nabc\r\n:1\r\n"))
	f.Add([]byte("*9999999999\r\n$9999999999\r\n"))
	f.Fuzz(func(t *testing.T, replies []byte) {
		if rest := Skip(replies); len(rest) > len(replies) {
			t.Fatal("longer than before")
		}
	})
}
