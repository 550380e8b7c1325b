package listpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// edgeElements are elements at the edges of the forms of entries.
func edgeElements() (all [][]byte) {
	for _, length := range []int{
		0, 1, 2, maxShortText - 1, maxShortText, maxShortText + 1, 124, 125, 126, 127, 128, 129, 255, 256, 257,
		1023, 1024, maxEntryText - 1, maxEntryText,
	} {
		all = append(all, bytes.Repeat([]byte{0xff}, length), []byte(strings.Repeat("7", length)))
	}
	for _, n := range []int64{0, 1 << 7, 1 << 12, 1 << 15, 1 << 23, 1 << 31, math.MaxInt64 - 1} {
		for change := int64(-1); change <= 1; change++ {
			all = append(all, strconv.AppendInt(nil, n+change, 10), strconv.AppendInt(nil, -(n+change), 10))
		}
	}
	for _, text := range []string{
		"-9223372036854775808", "9223372036854775808", "-9223372036854775809", "00", "-0", "+1", "1 ", "0x1", "1.0", "\x00",
	} {
		all = append(all, []byte(text))
	}
	return all
}

// TestEntriesAreReadFromBothEnds as the elements that were written.
func TestEntriesAreReadFromBothEnds(t *testing.T) {
	elements := edgeElements()
	var b []byte
	var begins []int
	for _, element := range elements {
		begins = append(begins, len(b))
		b = Append(b, element)
		if head := AppendHead(nil, element); !bytes.HasPrefix(b[begins[len(begins)-1]:], head) {
			t.Errorf("%.20q: what is compared is no beginning of the entry", element)
		}
	}
	var scratch [MaxNumberBytes]byte
	at := 0
	for i, element := range elements {
		if at != begins[i] {
			t.Fatalf("entry %d begins at %d, want %d", i, at, begins[i])
		}
		if got := Element(b, at, &scratch); !bytes.Equal(got, element) {
			t.Errorf("element %d is %.20q, want %.20q", i, got, element)
		}
		at = End(b, at)
	}
	for end := len(b); end > 0; begins = begins[:len(begins)-1] {
		if end = Before(b, end); end != begins[len(begins)-1] {
			t.Fatalf("from behind, entry %d begins at %d, want %d", len(begins)-1, end, begins[len(begins)-1])
		}
	}
}

// TestEntriesAreThoseOfRedis compares with the bytes that Redis has in a listpack: of DUMP, without frame.
func TestEntriesAreThoseOfRedis(t *testing.T) {
	for element, want := range map[string]string{
		"0": "0001", "127": "7f01", "128": "c08002", "-1": "dfff02", "4095": "cfff02", "-4096": "d00002",
		"4096": "f1001003", "32767": "f1ff7f03", "-32768": "f1008003", "32768": "f200800004", "-8388608": "f200008004",
		"8388608": "f30000800005", "2147483648": "f4000000800000000009", "a": "816102", "": "8001",
		strings.Repeat("b", 64): "e040" + strings.Repeat("62", 64) + "42",
	} {
		if got := hex.EncodeToString(Append(nil, []byte(element))); got != want {
			t.Errorf("%.20q: %s, want %s", element, got, want)
		}
	}
}

// TestEntriesAreAsLongAsTheyAreCounted for OBJECT ENCODING.
func TestEntriesAreAsLongAsTheyAreCounted(t *testing.T) {
	for _, element := range edgeElements() {
		if got, want := Bytes(element), len(Append(nil, element)); got != want {
			t.Errorf("%.20q: %d bytes, want %d", element, got, want)
		}
	}
}

func TestEntriesHaveTheLengthsOfRedis(t *testing.T) {
	for n, want := range map[int64]int{
		0: 2, 127: 2, 128: 3, -1: 3, 4095: 3, 4096: 4, -4096: 3, -4097: 4, 32767: 4, 32768: 5, -32768: 4, -32769: 5,
		8388607: 5, 8388608: 6, -8388608: 5, -8388609: 6, 2147483647: 6, 2147483648: 10, -2147483648: 6,
		-2147483649: 10, math.MaxInt64: 10, math.MinInt64: 10,
	} {
		if got := NumberBytes(n); got != want {
			t.Errorf("%d has %d bytes, want %d", n, got, want)
		}
		if got := Bytes(fmt.Append(nil, n)); got != want {
			t.Errorf("the text %d has %d bytes, want %d", n, got, want)
		}
	}
	for length, want := range map[int]int{0: 2, 1: 3, 63: 65, 64: 67, 125: 128, 126: 130, 4095: 4099, 4096: 4103} {
		if got := Bytes(bytes.Repeat([]byte("x"), length)); got != want {
			t.Errorf("%d letters have %d bytes, want %d", length, got, want)
		}
	}
}
