package draw

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Pick is one of the words on a line, in random case; now and then none of them.
func Pick(r *rand.Rand, line string) string {
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

// Position is a position in a string, from either end, often at an edge, rarely one that is no number.
func Position(r *rand.Rand) string {
	edges := "0 1 -1 2 -2 7 8 9 -8 15 16 63 64 65 511 512 -512 4095 4096 4097 -4096 8191 8192 -9223372036854775808 " +
		"9223372036854775807 1048575 1048576 -1048576 8388607 8388608 4294967296 18446744073709551616 01 x 1.5 +1"
	switch r.IntN(8) {
	case 0:
		return Pick(r, edges)
	case 1:
		return strconv.Itoa(r.IntN(70_000) - 10_000)
	}
	return strconv.Itoa(r.IntN(60) - 20)
}

// Text is a value: text of few letters, bytes, numbers, now and then long.
func Text(r *rand.Rand) string {
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

// decimalEdges: see DecimalEdges.
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

// DecimalEdges are spellings of numbers, and of what is nearly one, at all edges of the format.
func DecimalEdges() []string { return slices.Clone(decimalEdges) }

// Decimal is something like a decimal fraction.
func Decimal(r *rand.Rand) string {
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

// Fields are operations of a BITFIELD. Offsets are small: what is not compared is named in TestBitFieldsThat….
func Fields(r *rand.Rand) []string {
	var args []string
	for range r.IntN(4) {
		kind := Pick(r, "get set set incrby incrby overflow")
		if strings.EqualFold(kind, "overflow") {
			args = append(args, kind, Pick(r, "wrap sat sat fail fail"))
			continue
		}
		width := strconv.Itoa(1 + r.IntN(64))
		if r.IntN(20) == 0 {
			width = Pick(r, "0 65 64 -1 08 x")
		}
		offset := strconv.Itoa(r.IntN(200))
		if r.IntN(10) == 0 {
			offset = Pick(r, "0 32760 32767 32768 -1 x 4095 65535 4000000 9223372036854775808")
		}
		sign := []string{"u", "i", "u", "i", "u", "i", "u", "i", "U", ""}[r.IntN(10)]
		args = append(args, kind, sign+width, []string{"", "#"}[r.IntN(2)]+offset)
		if !strings.EqualFold(kind, "get") || r.IntN(40) == 0 {
			args = append(args, string(Number(r)))
		}
	}
	if r.IntN(30) == 0 && len(args) > 0 {
		args = args[:len(args)-1]
	}
	return args
}

// Number is a number, often near an edge, often with a byte that spoils it.
func Number(r *rand.Rand) []byte {
	edges := []string{"0", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1", "-1"}
	text := []byte(edges[r.IntN(len(edges))])
	if r.IntN(2) == 0 {
		text = strconv.AppendInt(nil, int64(r.Uint64())>>r.IntN(64), 10)
	}
	if r.IntN(3) == 0 {
		text[r.IntN(len(text))] = "0123456789-+ .eE\x00x"[r.IntN(18)]
	}
	if r.IntN(8) == 0 {
		text = append([]byte(" +-0\n"[r.IntN(5):][:1]), text...)
	}
	return text
}
