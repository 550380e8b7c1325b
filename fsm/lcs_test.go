package fsm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestLCSAnswers(t *testing.T) {
	const syntax = "-ERR syntax error"
	const both = "-ERR If you want both the length and indexes, please just use IDX."
	const ranges = "*2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1"
	answers(t, map[string]struct{ script, want string }{
		"subsequence": {"mset a ohmytext b mynewtext; lcs a b; lcs a b LEN", "+OK $6 mytext :6"},
		"ranges":      {"mset a ohmytext b mynewtext; lcs a b IDX", "+OK *4 $7 matches *2 " + ranges + " $3 len :6"},
		"long ranges": {
			"mset a ohmytext b mynewtext; lcs a b idx minmatchlen 4 withmatchlen",
			"+OK *4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6",
		},
		"longer than any": {"mset a xx b xx; lcs a b idx minmatchlen 3", "+OK *4 $7 matches *0 $3 len :2"},
		"below none": {
			"mset a x b x; lcs a b idx minmatchlen -5", "+OK *4 $7 matches *1 *2 *2 :0 :0 *2 :0 :0 $3 len :1",
		},
		"of nothing":     {"set a x; lcs a b; lcs b a len; lcs b b idx", "+OK $0  :0 *4 $7 matches *0 $3 len :0"},
		"nothing common": {"mset a abc b xyz; lcs a b; lcs a b len", "+OK $0  :0"},
		"of itself":      {"set a abc; lcs a a", "+OK $3 abc"},
		"both":           {"lcs a b len idx; lcs a b idx len", both + " " + both},
		"no option":      {"lcs a b nosuch; lcs a b minmatchlen", syntax + " " + syntax},
		"no number":      {"lcs a b minmatchlen x", "-ERR value is not an integer or out of range"},
		"no use":         {"mset a x b x; lcs a b minmatchlen 9 withmatchlen", "+OK $1 x"},
	})
	m := newMachine(t)
	script(m, "mset a x b x")
	got := doIn(m, 3, words("lcs a b idx"))
	if want := "%2 $7 matches *1 *2 *2 :0 :0 *2 :0 :0 $3 len :1 "; strings.ReplaceAll(got, "\r\n", " ") != want {
		t.Errorf("in RESP3 the ranges are %q", got)
	}
}

// TestLCSIsLimitedAsInRedis: a table of 32-bit numbers, with a row and a column more than the strings have bytes, must
// not be longer than a string may be.
func TestLCSIsLimitedAsInRedis(t *testing.T) {
	const tooLong = "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
	m := limitedMachine(t, 4*10*11)
	script(m, "mset nine 123456789 ten 1234567890")
	got := script(m, "lcs nine ten len", "lcs ten ten len", "lcs ten ten")
	if want := ":9 " + tooLong + " " + tooLong; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	m = limitedMachine(t, 40)
	script(m, "mset nine 123456789 ten 1234567890")
	if got, want := script(m, "lcs nine none", "lcs none ten"), "$0  "+tooLong; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// modelLCS fills the table as everybody does, and goes back through it with Redis's preference.
func modelLCS(a, b string) (pairs [][2]int) {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
		for j := 1; j <= len(b) && i > 0; j++ {
			if table[i][j] = max(table[i-1][j], table[i][j-1]); a[i-1] == b[j-1] {
				table[i][j] = table[i-1][j-1] + 1
			}
		}
	}
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j = i-1, j-1
			pairs = append(pairs, [2]int{i, j})
		case table[i-1][j] > table[i][j-1]:
			i--
		default:
			j--
		}
	}
	return pairs
}

// TestLCSIsThatOfTheModel compares pair for pair, for strings around the edges of strips.
func TestLCSIsThatOfTheModel(t *testing.T) {
	r := random(t, 38)
	text := func() string {
		b := make([]byte, []int{r.IntN(10), 62 + r.IntN(5), 126 + r.IntN(5), r.IntN(300)}[r.IntN(4)])
		for i := range b {
			b[i] = byte('a' + r.IntN(1+r.IntN(5)))
		}
		return string(b)
	}
	for range 400 {
		a, b := text(), text()
		want := modelLCS(a, b)
		var got [][2]int
		kept := newLCSTable([]byte(a), []byte(b), true)
		kept.trace(func(row, column int) { got = append(got, [2]int{row, column}) })
		if !slices.Equal(got, want) || kept.length != len(want) {
			t.Fatalf("%q and %q: pairs %v, want %v", a, b, got, want)
		}
		if length := newLCSTable([]byte(a), []byte(b), false).length; length != len(want) {
			t.Fatalf("%q and %q: length %d, want %d", a, b, length, len(want))
		}
	}
}

// TestLCSNeedsLittleMemory measures the longest strings of both shapes that are allowed: Redis would fill 512 MB.
func TestLCSNeedsLittleMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, shape := range []struct{ rows, columns int }{{11_584, 11_584}, {1_000_000, 130}, {130, 1_000_000}} {
		a, b := make([]byte, shape.rows), make([]byte, shape.columns)
		for i := range a {
			a[i] = byte(r.IntN(4))
		}
		for i := range b {
			b[i] = byte(r.IntN(4))
		}
		name := fmt.Sprintf("%d by %d", shape.rows, shape.columns)
		table := newLCSTable(a, b, true) // not in the measure: what it stands on is kept for trace
		visited := 0
		table.trace(func(int, int) { visited++ })
		if visited != table.length || table.length == 0 {
			t.Fatalf("%s: %d pairs of %d", name, visited, table.length)
		}
		allocated := allocatedBytes(func() { newLCSTable(a, b, true) })
		if limit := uint64(24 << 20); allocated > limit {
			t.Errorf("%s: %d bytes, want at most %d", name, allocated, limit)
		}
		allocated = allocatedBytes(func() { newLCSTable(a, b, false) })
		if limit := uint64(1 << 20); allocated > limit {
			t.Errorf("%s, the length only: %d bytes, want at most %d", name, allocated, limit)
		}
	}
}
