package fsm

import (
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestBitFieldsAnswer(t *testing.T) {
	const notInteger = "-ERR value is not an integer or out of range"
	const badOffset = "-ERR bit offset is not an integer or out of range"
	const badType = "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	const syntax = "-ERR syntax error"
	answers(t, map[string]struct{ script, want string }{
		"nothing asked":    {"bitfield a; bitfield_ro a; exists a", "*0 *0 :0"},
		"get of nothing":   {"bitfield a get u8 0 get i64 100; exists a", "*2 :0 :0 :0"},
		"set and get":      {"bitfield a set u8 0 65 get u8 0; get a", "*2 :0 :65 $1 A"},
		"the value before": {"set a A; bitfield a set u8 0 66 set u8 0 67; get a", "+OK *2 :65 :66 $1 C"},
		"signed":           {"bitfield a set i8 0 -1 get u8 0 get i8 0 get i9 0", "*4 :0 :255 :-1 :-2"},
		"counted by width": {"set a abc; bitfield a get u8 #0 get u8 #1 get u8 #2 get u8 #3", "+OK *4 :97 :98 :99 :0"},
		"across bytes":     {"bitfield a set u5 6 31 get u5 6 get u6 5; bitcount a 6 10 bit", "*3 :0 :31 :31 :5"},
		"widest":           {"bitfield a set i64 1 -2 get i64 1 get u63 1 get u1 0", "*4 :0 :-2 :9223372036854775807 :0"},
		"incrby":           {"bitfield a incrby u8 0 200 incrby u8 0 55 incrby u8 0 1", "*3 :200 :255 :0"},
		"incrby down":      {"bitfield a incrby u8 0 -1 incrby i8 8 -129", "*2 :255 :127"},
		"saturate": {
			"bitfield a overflow sat incrby u8 0 300 incrby u8 0 -300 incrby i8 0 -300",
			"*3 :255 :0 :-128",
		},
		"saturated set": {
			"bitfield a overflow SAT set u8 0 256 get u8 0 set i8 0 -500 get i8 0",
			"*4 :0 :255 :-1 :-128",
		},
		"a negative set": {
			"bitfield a overflow sat set u8 0 -1 get u8 0 overflow wrap set u8 0 -2 get u8 0",
			"*4 :0 :255 :255 :254",
		},
		"fail": {
			"bitfield a overflow fail incrby u2 0 3 incrby u2 0 1 set u2 0 4 get u2 0",
			"*4 :3 $-1 $-1 :3",
		},
		"fail lengthens": {"bitfield a overflow fail set u8 100 256; strlen a", "*1 $-1 :14"},
		"overflow is behind": {
			"bitfield a incrby u1 0 2 overflow fail incrby u1 0 2 overflow wrap incrby u1 0 3",
			"*3 :0 $-1 :1",
		},
		"read only": {"set a A; bitfield_ro a get u8 0 GET u4 0", "+OK *2 :65 :4"},
		"read only writes": {
			"bitfield_ro a set u8 0 1; bitfield_ro a get u8 0 incrby u8 0 1; exists a",
			strings.Repeat("-ERR BITFIELD_RO only supports the GET subcommand ", 2) + ":0",
		},
		"read only overflow": {"bitfield_ro a overflow sat get u8 0", "*1 :0"},
		"no operation": {
			"bitfield a nosuch u8 0; bitfield a get u8; bitfield a set u8 0; bitfield a overflow",
			strings.Repeat(syntax+" ", 3) + syntax,
		},
		"no type": {
			"bitfield a get u64 0; bitfield a get i65 0; bitfield a get u0 0; bitfield a get x8 0; bitfield a get U8 0",
			strings.Repeat(badType+" ", 4) + badType,
		},
		"no offset": {
			"bitfield a get u8 -1; bitfield a get u8 x; bitfield a get u8 #-1; bitfield a get u8 #",
			strings.Repeat(badOffset+" ", 3) + badOffset,
		},
		"no value": {
			"bitfield a set u8 0 x; bitfield a incrby u8 0 9223372036854775808",
			notInteger + " " + notInteger,
		},
		"no overflow":    {"bitfield a overflow nosuch get u8 0", "-ERR Invalid OVERFLOW type specified"},
		"all or nothing": {"bitfield a set u8 0 65 get u8 x; exists a", badOffset + " :0"},
	})
	if got := doIn(newMachine(t), 3, words("bitfield a overflow fail set u1 0 2")); got != "*1\r\n_\r\n" {
		t.Errorf("in RESP3, what overflows is %q", got)
	}
}

// TestBitFieldsThatRedisTakesAreRefused: an index whose multiplication overflows is no position, and what does not end
// within the longest string is not written.
func TestBitFieldsThatRedisTakesAreRefused(t *testing.T) {
	const badOffset = "-ERR bit offset is not an integer or out of range"
	m := newMachine(t)
	for _, line := range []string{
		"bitfield a set u8 #2305843009213693952 1", "bitfield a get u8 #2305843009213693952",
		"bitfield a set u8 4294967289 1", "bitfield a set i64 #67108864 1",
	} {
		if got := script(m, line, "exists a"); got != badOffset+" :0" {
			t.Errorf("%s: got %s", line, got)
		}
	}
	if got := script(m, "bitfield a get u8 4294967289 get i64 #67108863"); got != "*2 :0 :0" {
		t.Errorf("reads at the end: %s", got)
	}
}

// TestFieldsOverflowAsWholeNumbersDo compares fit with exact arithmetic at the edges of every width.
func TestFieldsOverflowAsWholeNumbersDo(t *testing.T) {
	for bits := 1; bits <= 64; bits++ {
		for _, f := range []field{{signed: true, bits: bits}, {bits: min(bits, 63)}} {
			minimum, maximum := f.bounds()
			for _, number := range []int64{minimum, minimum + 1, 0, maximum - 1, maximum} {
				for _, increment := range []int64{
					math.MinInt64, math.MinInt64 + 1, -maximum, -2, -1, 0, 1, 2, maximum, math.MaxInt64 - 1, math.MaxInt64,
				} {
					if number >= minimum && number <= maximum {
						checkFit(t, f, number, increment)
					}
				}
			}
		}
	}
}

func checkFit(t *testing.T, f field, number, increment int64) {
	t.Helper()
	minimum, maximum := f.bounds()
	sum := new(big.Int).Add(big.NewInt(number), big.NewInt(increment))
	fits := sum.Cmp(big.NewInt(minimum)) >= 0 && sum.Cmp(big.NewInt(maximum)) <= 0
	nearest := maximum
	if sum.Sign() < 0 {
		nearest = minimum
	}
	modulus := new(big.Int).Lsh(big.NewInt(1), uint(f.bits))
	rest := new(big.Int).Mod(sum, modulus) // from 0 to below the modulus
	if rest.Cmp(big.NewInt(maximum)) > 0 {
		rest.Sub(rest, modulus)
	}
	for o, want := range map[overflow]int64{wrap: rest.Int64(), saturate: nearest, fail: 0} {
		if fits {
			want = sum.Int64()
		}
		if got, ok := f.fit(number, increment, o); got != want || ok != (fits || o != fail) {
			t.Fatalf("%d + %d in %+v with overflow %d: %d, %v, want %d", number, increment, f, o, got, ok, want)
		}
	}
}

// TestFieldsLieWhereTheyWereWritten writes and reads every width at every shift, and looks at the bits around it.
func TestFieldsLieWhereTheyWereWritten(t *testing.T) {
	r := random(t, 37)
	for bits := 1; bits <= 64; bits++ {
		for offset := range int64(70) {
			m := newMachine(t)
			w := fieldsOf(&m.writer, []byte("k"), nil)
			before := make([]byte, 20)
			for i := range before {
				before[i] = byte(r.Uint32())
			}
			w.entry = w.writer.Overwritten(&w.entry, 0, before)
			f := field{signed: r.IntN(2) == 0 || bits == 64, bits: bits, offset: offset}
			number := f.wrapped(r.Uint64())
			w.write(f, uint64(number))
			if got := f.read(w.text()); got != number {
				t.Fatalf("%+v: wrote %d and read %d", f, number, got)
			}
			after := w.text().Append(nil)
			for i := range int64(8 * len(before)) {
				inside := i >= offset && i < offset+int64(bits)
				if bit := func(b []byte) byte { return b[i/8] >> (7 - i%8) & 1 }; !inside && bit(before) != bit(after) {
					t.Fatalf("%+v: bit %d changed", f, i)
				}
			}
		}
	}
}
