package fsm

import (
	"slices"
	"strings"
	"testing"
)

// sameInAnyOrder reports whether two replies hold the same lines in any order.
func sameInAnyOrder(got, want string) bool {
	one, other := strings.Split(got, "\r\n"), strings.Split(want, "\r\n")
	slices.Sort(one)
	slices.Sort(other)
	return slices.Equal(one, other)
}

// TestPatternsAreThoseOfRedis compares what matches random patterns, many of them broken.
func TestPatternsAreThoseOfRedis(t *testing.T) {
	r := random(t, 25)
	redis, m := startRedis(t), newMachine(t)
	text := func(alphabet string, limit int) string {
		b := make([]byte, r.IntN(limit+1))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	for range 100 {
		line := []string{"set", text("aabc-]^\\[*?", 5), "1"}
		redis.do(line...)
		doAt(t, m, 1, toArgs(line))
	}
	for range 2000 {
		line := []string{"keys", text("abc-]^\\[*?*[", 7)}
		if got, want := doAt(t, m, 1, toArgs(line)), redis.do(line...); !sameInAnyOrder(got, want) {
			t.Fatalf("%q: got %q, want %q", line[1], got, want)
		}
	}
}

// TestCursorsAreReadAsByRedis compares what is a cursor, where there is nothing to scan.
func TestCursorsAreReadAsByRedis(t *testing.T) {
	redis, m := startRedis(t), newMachine(t)
	for _, cursor := range []string{
		"0", "", "+5", "-1", " 1", "1 ", "x", "-", "+", "--1", "1_0", "0x10", "007", "18446744073709551615",
		"18446744073709551616", "-18446744073709551615", "9223372036854775808", "-18446744073709551616",
		"\x00", "0\x00x", "1x\x00", " \x00",
	} {
		line := []string{"scan", cursor}
		if got, want := do(m, toArgs(line)), redis.do(line...); got != want {
			t.Errorf("%q: got %q, want %q", cursor, got, want)
		}
	}
}
