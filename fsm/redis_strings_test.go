package fsm

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/draw"
)

// comparedValueBytes is the limit of a string in comparisons, low enough to be met.
const comparedValueBytes = 1 << 20

// limitedMachine is a machine whose strings have at most so many bytes.
func limitedMachine(t testing.TB, maxValueBytes int) *Machine {
	t.Helper()
	m := New(Options{MaxValueBytes: maxValueBytes})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// redisHasX87 says that the Redis of this machine computes INCRBYFLOAT with the 80-bit numbers of the x87, as this
// package does everywhere.
const redisHasX87 = runtime.GOARCH == "amd64" || runtime.GOARCH == "386"

// randomStringCommand is a random call of a command on strings or bitmaps.
func randomStringCommand(r *rand.Rand) [][]byte {
	key := func() string { return []string{"a", "b", "c", "none"}[r.IntN(4)] }
	name := draw.Pick(r, "append strlen getrange substr setrange getset getdel setnx msetnx mset incrbyfloat incrbyfloat "+
		"lcs setbit getbit bitcount bitpos bitop bitfield bitfield bitfield_ro set get del incr")
	if strings.EqualFold(name, "incrbyfloat") {
		if !redisHasX87 {
			return randomStringCommand(r)
		}
		if r.IntN(3) == 0 {
			name = "set"
		}
		return toArgs([]string{name, "f", draw.Decimal(r)})
	}
	return toArgs(append([]string{name}, draw.Arguments(r, strings.ToLower(name), key)...))
}

// TestRepliesOnStringsAreThoseOfRedis runs random commands on strings and bitmaps here and in a real Redis, in runs of
// several, with a freeze now and then, and compares all bytes of the replies and of what is stored.
func TestRepliesOnStringsAreThoseOfRedis(t *testing.T) {
	const rounds = 2500
	r := random(t, 31)
	redis := startRedis(t, "--proto-max-bulk-len", strconv.Itoa(comparedValueBytes))
	m := limitedMachine(t, comparedValueBytes)
	for round := range rounds {
		if r.IntN(8) == 0 {
			m.Freeze()
		}
		var calls [][][]byte
		for range 1 + r.IntN(8) {
			calls = append(calls, randomStringCommand(r))
		}
		redis.send(calls...)
		for i, args := range calls {
			want := redis.reply()
			if got := do(m, args); got != want {
				t.Fatalf("round %d, call %d: %.200q\n got %.400q\nwant %.400q", round, i, bytes.Join(args, []byte(" ")), got, want)
			}
		}
	}
	compareContents(t, redis, m)
	checkHash(t, m)
}

// H8: TestDecimalFractionsAreThoseOfRedis adds edges and random numbers. What it compares with computes with the
// floating-point unit of an x86, which no other machine has: elsewhere there is nothing to compare with, and
// TestH8_DecimalFractionsAreTheSameOnEveryArchitecture has what was recorded here.
func TestDecimalFractionsAreThoseOfRedis(t *testing.T) {
	const rounds = 1500
	if !redisHasX87 {
		t.Logf("on %s, C computes with other numbers", runtime.GOARCH)
		return
	}
	r := random(t, 32)
	redis, m := startRedis(t), newMachine(t)
	compare := func(before, delta string) {
		calls := [][][]byte{
			{[]byte("set"), []byte("f"), []byte(before)}, {[]byte("incrbyfloat"), []byte("f"), []byte(delta)}, words("get f"),
		}
		redis.send(calls...)
		want := redis.reply() + redis.reply() + redis.reply()
		if got := do(m, calls...); got != want {
			t.Errorf("%.80q + %.80q:\n got %.200q\nwant %.200q", before, delta, got, want)
		}
	}
	for _, edge := range draw.DecimalEdges() {
		for _, other := range []string{"0", "-0", "0.1", "-5e-18", "1.18973149535723176502e4932", "18446744073709551615"} {
			compare(edge, other)
			compare(other, edge)
		}
		compare(edge, edge)
	}
	for range rounds {
		compare(draw.Decimal(r), draw.Decimal(r))
	}
}
