package fsm

import (
	"strconv"
	"strings"
	"testing"
)

// TestSmallContainersHaveTheOrderOfRedis compares replies byte by byte, where Redis keeps hashes as listpacks and sets
// as intsets: the order of elements is the same through any writes, copies and dumps.
func TestSmallContainersHaveTheOrderOfRedis(t *testing.T) {
	r := random(t, 41)
	redis, m := startRedis(t), newMachine(t)
	compare := func(line ...string) string {
		t.Helper()
		got, want := doAt(t, m, 1, toArgs(line)), redis.do(line...)
		if got != want {
			t.Fatalf("%.200q: got %.2000q, want %.2000q", line, got, want)
		}
		return got
	}
	// Of 3 x 170 fields, more than 512 never are in one hash; most of the time there are too few for a row, or enough.
	var fields int
	field := func() string {
		n := r.IntN(fields)
		return []string{"f", "a longer name of a field:", ""}[n%3] + strconv.Itoa(n/3)
	}
	text := func() string {
		if r.IntN(2) == 0 {
			return strconv.Itoa(r.IntN(100_000) - 50_000)
		}
		return strings.Repeat("v", r.IntN(65))
	}
	for step := range 10_000 {
		if step%1000 == 0 {
			fields = []int{5, 40, 150, 510}[r.IntN(4)]
		}
		h, s := "h"+strconv.Itoa(r.IntN(3)), "s"+strconv.Itoa(r.IntN(3))
		member := func() string { return strconv.Itoa(r.IntN(fields) - fields/2) }
		switch r.IntN(20) {
		default:
			compare("hset", h, field(), text(), field(), text())
		case 0:
			compare("hsetnx", h, field(), text())
		case 1, 2, 3, 4:
			compare("hdel", h, field(), field(), field())
		case 5:
			compare("hset", h, "counter", strconv.Itoa(r.IntN(100)))
			compare("hincrby", h, "counter", strconv.Itoa(r.IntN(100_000)))
		case 6, 7, 8:
			compare("sadd", s, member(), member(), member())
		case 9, 10:
			compare("srem", s, member(), member())
		case 11:
			compare([]string{"sunionstore", "sinterstore", "sdiffstore"}[r.IntN(3)], "s0", "s1", "s2")
		}
		switch r.IntN(30) {
		case 0:
			compare("hgetall", h)
			compare("smembers", s)
		case 1:
			compare("hkeys", h)
			compare("hvals", h)
			compare("hscan", h, "0")
			compare("sscan", s, "0")
		case 2:
			compare([]string{"sunion", "sinter", "sdiff"}[r.IntN(3)], "s0", "s1", "s2")
			compare("sort", s, "by", "nosort")
		case 3:
			compare("copy", h, "h0", "replace")
			compare("hgetall", "h0")
		case 4, 5:
			key := []string{h, s}[r.IntN(2)]
			payload := doAt(t, m, 1, toArgs([]string{"dump", key}))
			if r.IntN(2) == 0 {
				payload = redis.do("dump", key)
			}
			if _, bytes, ok := strings.Cut(payload, "\r\n"); ok && payload != "$-1\r\n" {
				compare("restore", key, "0", bytes[:len(bytes)-2], "replace")
			}
		}
		if step%2500 == 2499 {
			m = restored(t, imageOf(t, m))
		}
	}
	for _, key := range []string{"h0", "h1", "h2"} {
		compare("hgetall", key)
	}
}
