package rdb

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
)

// The first is the vector in Redis's source, the second what Redis's documentation shows for DUMP of the number 10.
func TestChecksum_IsThatOfRedis(t *testing.T) {
	if got := checksum([]byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("%x", got)
	}
	documented := []byte("\x00\xc0\x0a\x06\x00\xf8\x72\x3f\xc5\xfb\xfb\x5f\x28")
	object, ok := Unseal(documented)
	if !ok || string(object) != "\x00\xc0\x0a" {
		t.Fatalf("%q, %v", object, ok)
	}
	if got := Seal(AppendText([]byte{byte(String)}, "10"), Version6); !bytes.Equal(got, documented) {
		t.Errorf("sealed as %q", got)
	}
}

func TestUnseal_RefusesOtherVersionsAndDamage(t *testing.T) {
	for version, want := range map[Version]bool{0: true, 6: true, 11: true, 12: false, 256: false, 65535: false} {
		if _, ok := Unseal(Seal([]byte("\x00\x01a"), version)); ok != want {
			t.Errorf("version %d: %v", version, ok)
		}
	}
	whole := Seal([]byte("\x00\x01a"), Version6)
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 4
		if _, ok := Unseal(damaged); ok {
			t.Errorf("with another byte at %d it is whole", i)
		}
		if _, ok := Unseal(whole[:i]); ok {
			t.Errorf("the first %d bytes are whole", i)
		}
	}
}

func TestLengths_AreReadAsWritten(t *testing.T) {
	for n, bytes := range map[uint64]int{
		0: 1, 63: 1, 64: 2, 1<<14 - 1: 2, 1 << 14: 5, math.MaxUint32: 5, math.MaxUint32 + 1: 9, math.MaxUint64: 9,
	} {
		b := AppendLength(nil, n)
		r := NewReader(b, 0)
		if got, ok := r.Length(); !ok || got != n || len(b) != bytes || !r.Done() {
			t.Errorf("%d in %d bytes is read as %d, %v", n, len(b), got, ok)
		}
		r = NewReader(b[:len(b)-1], 0)
		if _, ok := r.Length(); ok {
			t.Errorf("%d without its last byte is read", n)
		}
	}
	for _, first := range []byte{0x82, 0xbf, 0xc0, 0xff} {
		if n, ok := NewReader(append([]byte{first}, make([]byte, 16)...), 0).Length(); ok {
			t.Errorf("%x begins the length %d", first, n)
		}
	}
}

func TestTexts_AreReadAsWritten(t *testing.T) {
	for text, bytes := range map[string]int{
		"": 1, "a": 2, "0": 2, "127": 2, "-128": 2, "128": 3, "-129": 3, "32767": 3, "32768": 5, "2147483647": 5,
		"-2147483648": 5, "2147483648": 11, "007": 4, "-0": 3, "+1": 3,
		strings.Repeat("x", 63): 64, strings.Repeat("x", 64): 66, strings.Repeat("x", 1<<14): 1<<14 + 5,
	} {
		b := AppendText(nil, text)
		r := NewReader(b, 0)
		if got, ok := r.Text(); !ok || string(got) != text || len(b) != bytes || !r.Done() {
			t.Errorf("%.20q in %d bytes is read as %.20q, %v", text, len(b), got, ok)
		}
	}
}

// compressed is a compressed string of some bytes, claimed to be of a length.
func compressed(packed string, length uint64) []byte {
	return append(AppendLength(AppendLength([]byte{specialLZF}, uint64(len(packed))), length), packed...)
}

func TestCompressedTexts_AreUnpacked(t *testing.T) {
	for name, c := range map[string]struct {
		packed string
		length uint64
		want   string // empty: refused
	}{
		"bytes as they are":        {"\x02abc", 3, "abc"},
		"a match":                  {"\x02abc\x20\x02", 6, "abcabc"},
		"a match into itself":      {"\x00a\xe0\x05\x00", 15, strings.Repeat("a", 15)},
		"the longest match":        {"\x00a\xe0\xff\x00", 265, strings.Repeat("a", 265)},
		"two bytes far":            {"\x1f" + strings.Repeat("a", 32) + "\x20\x1f", 35, strings.Repeat("a", 35)},
		"too short":                {"\x02abc", 4, ""},
		"too long":                 {"\x02abc", 2, ""},
		"a match that is too long": {"\x00a\x20\x00", 3, ""},
		"before the beginning":     {"\x00a\x20\x01", 4, ""},
		"no bytes":                 {"\x02ab", 3, ""},
		"no distance":              {"\x00a\x20", 4, ""},
		"no length":                {"\x00a\xe0", 10, ""},
		"more than it can be":      {"\x00a", 177, ""},
		"a lie":                    {"\x00a", 1 << 40, ""},
	} {
		got, ok := NewReader(compressed(c.packed, c.length), 1<<20).Text()
		if ok != (c.want != "") || string(got) != c.want {
			t.Errorf("%s: %.40q, %v", name, got, ok)
		}
	}
	two := append(compressed("\x02abc\x20\x02", 6), compressed("\x02abc\x20\x02", 6)...)
	for limit, want := range map[int]int{5: 0, 6: 1, 11: 1, 12: 2} {
		r, read := NewReader(two, limit), 0
		for _, ok := r.Text(); ok; _, ok = r.Text() {
			read++
		}
		if read != want {
			t.Errorf("of two strings of 6 bytes %d are read where %d bytes may be unpacked, want %d", read, limit, want)
		}
	}
}

// edges are elements at all edges of listpacks and ziplists.
func edges() (all []string) {
	for _, n := range []int64{
		0, 1, 12, 13, 127, 128, -1, -128, -129, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769, 8388607, 8388608,
		-8388608, -8388609, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, math.MaxInt64, math.MinInt64,
	} {
		all = append(all, strconv.FormatInt(n, 10))
	}
	for _, length := range []int{0, 1, 61, 62, 63, 64, 125, 126, 127, 4095, 4096, 16377, 16378} {
		all = append(all, strings.Repeat("x", length))
	}
	return all
}

func makeListpack(elements []string) []byte {
	b := make([]byte, listpackHeaderBytes)
	for _, element := range elements {
		b = appendListpackText(b, element)
	}
	return closeListpack(b, 0, len(elements))
}

func TestListpacks_AreReadAsWritten(t *testing.T) {
	for _, elements := range [][]string{nil, {"a"}, edges(), strings.Fields(strings.Repeat("a 1 ", 40_000))} {
		b, at := makeListpack(elements), 0
		ok := new(Reader).listpack(b, func(text []byte) bool {
			at++
			return string(text) == elements[at-1]
		})
		if !ok || at != len(elements) {
			t.Errorf("of %d elements %d are read, %v", len(elements), at, ok)
		}
		for _, cut := range []int{1, 2, len(b) / 2} {
			if new(Reader).listpack(b[:len(b)-cut], func([]byte) bool { return true }) {
				t.Errorf("without %d bytes it is read", cut)
			}
		}
	}
	b := makeListpack([]string{"a", "b"})
	for at := range b {
		for _, bit := range []byte{1, 0x80} {
			damaged := bytes.Clone(b)
			damaged[at] ^= bit
			got := ""
			ok := new(Reader).listpack(damaged, func(text []byte) bool { got += string(text); return true })
			if ok && len(got) != 2 {
				t.Errorf("%q is read as %q", damaged, got)
			}
		}
	}
}

func TestScores_AreReadAsRedisWritesThem(t *testing.T) {
	inf := math.Inf(1)
	for text, want := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "1.5": 1.5, "1e+20": 1e20, "17179869184": 17179869184, "inf": inf, "-inf": -inf,
		"3.0000000000000001e-05": 3e-05,
	} {
		if got, ok := parseScore([]byte(text)); !ok || got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("%s is read as %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "nan", "x", "0x10", "1_0", "Infinity", "1e400", " 1", "1 "} {
		if got, ok := parseScore([]byte(text)); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// visitAll reads an object, whatever it is, and returns how many bytes it held; ok is false if it was refused.
func visitAll(object []byte, maxUnpacked int) (held int, ok bool) {
	return visitWith(NewReader(object, maxUnpacked))
}

// visitWith is visitAll with a reader of the object.
func visitWith(r *Reader) (held int, ok bool) {
	t, ok := r.Type()
	if !ok {
		return 0, false
	}
	count := func(texts ...[]byte) bool {
		for _, text := range texts {
			held += len(text)
		}
		return true
	}
	switch t.Kind() {
	case StringKind:
		text, isText := r.Text()
		ok = isText && count(text)
	case ListKind, SetKind:
		ok = r.Elements(t, func(element []byte) bool { return count(element) })
	case HashKind:
		ok = r.Pairs(t, func(field, value []byte) bool { return count(field, value) })
	case SortedSetKind:
		ok = r.Scores(t, func(member []byte, score float64) bool { return count(member) && score == score })
	case StreamKind:
		_, ok = r.Stream(t, func(_ StreamID, fields [][]byte) bool { return count(fields...) })
	default:
		ok = false
	}
	return held, ok && r.Done()
}

// Any bytes are read without a panic, and hold no more than they may.
func FuzzAnyObjectIsReadOrRefused(f *testing.F) {
	for _, object := range examples() {
		f.Add(object)
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		const maxUnpacked = 1 << 16
		held, ok := visitAll(object, maxUnpacked)
		if limit := (len(object) + maxUnpacked) * 24; ok && held > limit {
			t.Errorf("%d bytes hold %d", len(object), held)
		}
	})
}
