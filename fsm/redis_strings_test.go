package fsm

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
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

// pick is one of the words on a line, in random case; now and then none of them.
func pick(r *rand.Rand, line string) string {
	words := strings.Fields(line)
	word := words[r.IntN(len(words))]
	switch r.IntN(12) {
	case 0:
		return strings.ToUpper(word)
	case 1:
		return strings.ToUpper(word[:1]) + word[1:]
	}
	if r.IntN(40) == 0 {
		return []string{"", "nosuch", "5", word + "x"}[r.IntN(4)]
	}
	return word
}

// randomPosition is a position in a string, from either end, often at an edge, rarely one that is no number.
func randomPosition(r *rand.Rand) string {
	edges := "0 1 -1 2 -2 7 8 9 -8 15 16 63 64 65 511 512 -512 4095 4096 4097 -4096 8191 8192 -9223372036854775808 " +
		"9223372036854775807 1048575 1048576 -1048576 8388607 8388608 4294967296 18446744073709551616 01 x 1.5 +1"
	switch r.IntN(8) {
	case 0:
		return pick(r, edges)
	case 1:
		return strconv.Itoa(r.IntN(70_000) - 10_000)
	}
	return strconv.Itoa(r.IntN(60) - 20)
}

// randomString is a value: text of few letters, bytes, numbers, now and then long.
func randomString(r *rand.Rand) string {
	b := make([]byte, r.IntN([]int{2, 12, 40, 40, 600, 9000}[r.IntN(6)]))
	alphabet := []string{"ab", "abcd", "\x00", "\x00\xff", "\xff", "0123456789"}[r.IntN(6)]
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
		if r.IntN(30) == 0 {
			b[i] = byte(r.Uint32())
		}
	}
	return string(b)
}

// redisHasX87 says that the Redis of this machine computes INCRBYFLOAT with the 80-bit numbers of the x87, as this
// package does everywhere.
const redisHasX87 = runtime.GOARCH == "amd64" || runtime.GOARCH == "386"

// decimalEdges are spellings of numbers, and of what is nearly one, at all edges of the format.
var decimalEdges = []string{
	"0", "-0", "0.0", "-.0", "1", "-1", "+1", "--1", "0.1", "-0.1", ".5", "5.", ".", "+", "-", "", " 1", "1 ", "1\x00",
	"1\n", "1_0", "1e3", "-1E-3", "1e+3", "1e", "1e+", "1e-", "e5", ".e5", "1.e2", "1e2.0", "1,5", "1f", "0b1", "0o7",
	"007", "00.50", "1e17", "1e-17", "5e-18", "3.0e-18", "15e-18", "25e-18", "0.000003814697265625",
	"0.000011444091796875", "0x1p-18", "0x3p-18", "1e400", "1e4932", "1.18973149535723176502e4932",
	"1.18973149535723176508e4932", "2e4932", "1e5000", "-1e4932", "-2e4932", "3.3621e-4932", "1e-4940", "1e-4950",
	"1e-4951", "1.8e-4951", "1.9e-4951", "1e-4952", "1e-5000", "-1e-5000", "1e99999999999999999999",
	"0e99999999999999999999", "1e-99999999999999999999", "inf", "-inf", "+Infinity", "iNF", "infinit", "nan", "-nan",
	"nan(1)", "0x10", "0X1.8P1", "-0x.8", "0x", "0x.", "0x1p", "0x1p+", "0xg", "0x1e3", "0x1p-3", "0x1.8", "0x1p16383",
	"0x1.fffffffffffffffep16383", "0x1.ffffffffffffffffp16383", "0x1p16384", "0x1p-16445", "0x1p-16446", "0x1.8p-16446",
	"0x10000000000000000", "0x10000000000000001", "0x18000000000000001", "0x18000000000000000", "18446744073709551615",
	"18446744073709551616", "18446744073709551617", "18446744073709551619", "36893488147419103233",
	"9223372036854775807", "-9223372036854775808", "1.0000000000000000001", "0.99999999999999999",
	"0.999999999999999999999", "3.14159265358979323846264338327950288419716939937510", strings.Repeat("1", 5119),
	strings.Repeat("1", 5120), "0." + strings.Repeat("0", 5000) + "1e5000", strings.Repeat("1", 4932) + "e-4930",
	"." + strings.Repeat("0", 5200),
}

// randomDecimal is something like a decimal fraction.
func randomDecimal(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return decimalEdges[r.IntN(len(decimalEdges))]
	case 1:
		return strconv.FormatFloat(r.NormFloat64(), 'f', r.IntN(22), 64)
	case 2:
		return strconv.FormatFloat(r.NormFloat64(), 'e', r.IntN(22), 64) + strconv.Itoa(r.IntN(10))
	case 3:
		return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10) + "." + strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
	case 4:
		return strconv.FormatUint(r.Uint64()>>r.IntN(64), 10) + "e" + strconv.Itoa(r.IntN(60)-40)
	}
	return strconv.Itoa(r.IntN(100)-50) + "." + strconv.Itoa(r.IntN(1000))
}

// randomFields are operations of a BITFIELD. Offsets are small: what is not compared is named in TestBitFieldsThat….
func randomFields(r *rand.Rand) []string {
	var args []string
	for range r.IntN(4) {
		kind := pick(r, "get set set incrby incrby overflow")
		if strings.EqualFold(kind, "overflow") {
			args = append(args, kind, pick(r, "wrap sat sat fail fail"))
			continue
		}
		width := strconv.Itoa(1 + r.IntN(64))
		if r.IntN(20) == 0 {
			width = pick(r, "0 65 64 -1 08 x")
		}
		offset := strconv.Itoa(r.IntN(200))
		if r.IntN(10) == 0 {
			offset = pick(r, "0 32760 32767 32768 -1 x 4095 65535 4000000 9223372036854775808")
		}
		sign := []string{"u", "i", "u", "i", "u", "i", "u", "i", "U", ""}[r.IntN(10)]
		args = append(args, kind, sign+width, []string{"", "#"}[r.IntN(2)]+offset)
		if !strings.EqualFold(kind, "get") || r.IntN(40) == 0 {
			args = append(args, string(randomNumber(r)))
		}
	}
	if r.IntN(30) == 0 && len(args) > 0 {
		args = args[:len(args)-1]
	}
	return args
}

// randomStringCommand is a random call of a command on strings or bitmaps.
func randomStringCommand(r *rand.Rand) [][]byte {
	key := func() string { return []string{"a", "b", "c", "none"}[r.IntN(4)] }
	name := pick(r, "append strlen getrange substr setrange getset getdel setnx msetnx mset incrbyfloat incrbyfloat lcs "+
		"setbit getbit bitcount bitpos bitop bitfield bitfield bitfield_ro set get del incr")
	if strings.EqualFold(name, "incrbyfloat") {
		if !redisHasX87 {
			return randomStringCommand(r)
		}
		if r.IntN(3) == 0 {
			name = "set"
		}
		return toArgs([]string{name, "f", randomDecimal(r)})
	}
	return toArgs(append([]string{name}, argumentsOf(r, strings.ToLower(name), key)...))
}

// argumentsOf are random arguments of a command on strings or bitmaps.
func argumentsOf(r *rand.Rand, name string, key func() string) (args []string) {
	unit := func() string { return pick(r, "bit byte bit") }
	switch name {
	case "append", "getset", "setnx", "set":
		args = []string{key(), randomString(r)}
	case "strlen", "getdel", "get", "del", "incr":
		args = []string{key()}
	case "getrange", "substr":
		args = []string{key(), randomPosition(r), randomPosition(r)}
	case "setrange":
		args = []string{key(), randomPosition(r), randomString(r)}
	case "mset", "msetnx":
		args = []string{key(), randomString(r), key(), randomString(r), key()}[:4+r.IntN(16)/15]
	case "lcs":
		args = []string{key(), key()}
		for range r.IntN(3) {
			args = append(args, pick(r, "idx idx len withmatchlen minmatchlen"))
			if strings.EqualFold(args[len(args)-1], "minmatchlen") && r.IntN(20) > 0 {
				args = append(args, pick(r, "0 1 2 3 4 -1 x"))
			}
		}
	case "setbit":
		args = []string{key(), randomPosition(r), pick(r, "0 1 0 1 0 1 2 -1")}
	case "getbit":
		args = []string{key(), randomPosition(r)}
	case "bitcount":
		args = []string{key(), randomPosition(r), randomPosition(r), unit(), "more"}
		args = args[:[]int{1, 2, 3, 3, 4, 4, 4, 5}[r.IntN(8)]]
	case "bitpos":
		args = []string{key(), pick(r, "0 1 0 1 0 1 2 x"), randomPosition(r), randomPosition(r), unit(), "more"}
		args = args[:[]int{2, 3, 4, 4, 5, 5, 5, 6}[r.IntN(8)]]
	case "bitop":
		args = []string{pick(r, "and or xor not"), key(), key(), key(), key()}[:3+r.IntN(3)]
	case "bitfield", "bitfield_ro":
		args = append([]string{key()}, randomFields(r)...)
	}
	return args
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
	for _, edge := range decimalEdges {
		for _, other := range []string{"0", "-0", "0.1", "-5e-18", "1.18973149535723176502e4932", "18446744073709551615"} {
			compare(edge, other)
			compare(other, edge)
		}
		compare(edge, edge)
	}
	for range rounds {
		compare(randomDecimal(r), randomDecimal(r))
	}
}
