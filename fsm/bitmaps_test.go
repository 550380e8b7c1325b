package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

func TestBitmapCommandsAnswer(t *testing.T) {
	const notInteger = "-ERR value is not an integer or out of range"
	const badOffset = "-ERR bit offset is not an integer or out of range"
	const badBit = "-ERR bit is not an integer or out of range"
	const syntax = "-ERR syntax error"
	answers(t, map[string]struct{ script, want string }{
		"setbit": {"setbit a 7 1; setbit a 7 1; setbit a 7 0; setbit a 1 1; get a", ":0 :1 :1 :0 $1 @"},
		"setbit lengthens": {
			"setbit a 16 0; strlen a; setbit a 23 0; strlen a; setbit a 24 0; strlen a",
			":0 :3 :0 :3 :0 :4",
		},
		"setbit no bit": {
			"setbit a 0 2; setbit a 0 -1; setbit a 0 x; exists a",
			badBit + " " + badBit + " " + badBit + " :0",
		},
		"setbit no place": {
			"setbit a -1 1; setbit a x 2; setbit a 4294967296 1; setbit a #1 1",
			strings.Repeat(badOffset+" ", 3) + badOffset,
		},
		"getbit": {"set a @; getbit a 1; getbit a 0; getbit a 4294967295; getbit none 5", "+OK :1 :0 :0 :0"},
		"getbit no place": {
			"getbit a -1; getbit a 4294967296; getbit a 01",
			badOffset + " " + badOffset + " " + badOffset,
		},
		"bitcount": {
			"set a foobar; bitcount a; bitcount a 0 0; bitcount a 1 1; bitcount a 1 1 byte",
			"+OK :26 :4 :6 :6",
		},
		"bitcount bits": {
			"set a foobar; bitcount a 5 30 BIT; bitcount a 0 -1 bit; bitcount a -8 -1 bit",
			"+OK :17 :26 :4",
		},
		"bitcount nothing":  {"set a foobar; bitcount a 6 9; bitcount a 3 2; bitcount a 9 2 bit", "+OK :0 :0 :0"},
		"bitcount reversed": {"set a foobar; bitcount a -1 -2; bitcount a -1 -2 nosuch", "+OK :0 :0"},
		"bitcount refused": {
			"set a x; bitcount a 0; bitcount a 0 1 x; bitcount a 0 1 bit 2",
			"+OK" + strings.Repeat(" "+syntax, 3),
		},
		"bitcount no number": {
			"set a x; bitcount a x 1; bitcount a 0 y; bitcount a x",
			"+OK " + notInteger + " " + notInteger + " " + syntax,
		},
		"bitcount absent": {"bitcount a; bitcount a x y z; bitcount a 0", ":0 :0 :0"},
		"bitpos":          {"set a 0; bitpos a 1; bitpos a 0; bitpos a 1 1; bitpos a 0 1", "+OK :2 :0 :-1 :-1"},
		"bitpos bits": {
			"set a 000; bitpos a 1 4 23 bit; bitpos a 1 12 17 bit; bitpos a 0 10 11 bit",
			"+OK :10 :-1 :-1",
		},
		"bitpos absent": {
			"bitpos a 1; bitpos a 0; bitpos a 1 x y z; bitpos a 2",
			":-1 :0 :-1 -ERR The bit argument must be 1 or 0.",
		},
		"bitpos no bit":  {"bitpos a -1; bitpos a x", "-ERR The bit argument must be 1 or 0. " + notInteger},
		"bitpos refused": {"set a x; bitpos a 1 0 1 x; bitpos a 1 0 1 bit 5", "+OK " + syntax + " " + syntax},
		"bitpos unit first": {
			"set a x; bitpos a 1 0 y z; bitpos a 1 0 y bit; bitpos a 1 x 0 z",
			"+OK " + syntax + " " + notInteger + " " + notInteger,
		},
		"bitpos no part":   {"append a x; setrange a 0 x; bitpos a 0 5 6; bitpos a 1 3 2", ":1 :1 :-1 :-1"},
		"bitop and":        {"mset a foobar b abcdef; bitop AND c a b; get c", "+OK :6 $6 `bc`ab"},
		"bitop or":         {"mset a foobar b abc; bitop oR c a b; get c", "+OK :6 $6 goobar"},
		"bitop xor":        {"mset a 123 b 321; bitop xor c a a b none; get c", "+OK :3 $3 321"},
		"bitop not twice":  {"set a foobar; bitop not b a; bitop not b b; get b; get a", "+OK :6 :6 $6 foobar $6 foobar"},
		"bitop with none":  {"set a foobar; bitop and b a none; strlen b; bitcount b", "+OK :6 :6 :0"},
		"bitop of nothing": {"set b x; bitop or b none other; exists b; bitop not b none", "+OK :0 :0 :0"},
		"bitop not of two": {"bitop not c a b", "-ERR BITOP NOT must be called with a single source key."},
		"bitop of no kind": {"bitop nand c a; bitop not c", syntax + " -ERR wrong number of arguments for 'bitop' command"},
	})
}

// TestZerosHaveNoEndUnlessOneIsGiven: a string of ones has its first zero behind its end, but not within a part.
func TestZerosHaveNoEndUnlessOneIsGiven(t *testing.T) {
	m := newMachine(t)
	do(m, [][]byte{[]byte("set"), []byte("a"), []byte("\xff\xff\xff")})
	got := script(m, "bitpos a 0", "bitpos a 0 1", "bitpos a 0 -1", "bitpos a 0 0 -1", "bitpos a 0 0 2", "bitpos a 0 3",
		"bitpos a 0 0 -1 bit", "bitpos a 1 17 -1 bit")
	if want := ":24 :24 :24 :-1 :-1 :-1 :-1 :17"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestOperationsOnBitsGoOverAllChunks(t *testing.T) {
	r := random(t, 36)
	m := newMachine(t)
	values := make([][]byte, 3)
	for i := range values {
		values[i] = make([]byte, r.IntN(3*value.ChunkBytes)+1)
		for j := range values[i] {
			values[i][j] = byte(r.Uint32())
		}
		do(m, [][]byte{[]byte("append"), fmt.Appendf(nil, "k%d", i), values[i]})
	}
	for name, combine := range map[string]func(a, b byte) byte{
		"and": func(a, b byte) byte { return a & b },
		"or":  func(a, b byte) byte { return a | b },
		"xor": func(a, b byte) byte { return a ^ b },
	} {
		want := make([]byte, max(len(values[0]), len(values[1]), len(values[2])))
		for i := range want {
			at := func(v []byte) byte {
				if i < len(v) {
					return v[i]
				}
				return 0
			}
			want[i] = combine(combine(at(values[0]), at(values[1])), at(values[2]))
		}
		if got := script(m, "bitop "+name+" k k0 k1 k2"); got != fmt.Sprintf(":%d", len(want)) {
			t.Fatalf("%s answers %s, want %d", name, got, len(want))
		}
		if got := do(m, words("get k")); got != fmt.Sprintf("$%d\r\n%s\r\n", len(want), want) {
			t.Fatalf("%s makes other bytes", name)
		}
	}
	checkHash(t, m)
}

// TestASetBitInALongStringCostsAChunk changes bits all over a long string, with freezes between: the bytes allocated
// are in proportion to what is touched.
func TestASetBitInALongStringCostsAChunk(t *testing.T) {
	const length, times = 8 << 20, 4_000
	m := newMachine(t)
	do(m, [][]byte{[]byte("set"), []byte("map"), bytes.Repeat([]byte{1}, length)}, words("setbit map 0 1"))
	r := rand.New(rand.NewPCG(1, 1))
	allocated := allocatedBytes(func() {
		for i := range times {
			if i%1000 == 0 {
				m.Freeze()
			}
			m.Apply(m.Index()+1, 0, body(fmt.Sprintf("setbit map %d 1", r.IntN(8*length))), nil)
		}
	})
	// Four lists of 2,048 chunks, at most one chunk each time, and little besides.
	if limit := uint64(times * (value.ChunkBytes + 1024)); allocated > limit {
		t.Fatalf("%d bytes were allocated for %d bits, want at most %d", allocated, times, limit)
	}
}

// TestZerosAreNotStored sets the last bit that there can be: half a gigabyte of zeros lies before it.
func TestZerosAreNotStored(t *testing.T) {
	m := newMachine(t)
	before := heapBytes()
	got := script(m, "setbit map 4294967295 1", "strlen map", "getbit map 4294967295", "getrange map 536870910 -1")
	if got != ":0 :536870912 :1 $2 \x00\x01" {
		t.Fatalf("got %.60q", got)
	}
	if held := int64(heapBytes()) - int64(before); held > 8<<20 {
		t.Fatalf("%d bytes are held for a string of zeros", held)
	}
	const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	if got := script(m, "bitpos map 1", "append map x", "del map"); got != ":4294967295 "+tooLong+" :1" {
		t.Fatalf("got %s", got)
	}
}

// TestBitsOfAFreezeAreCountedBesideWrites is for the race detector: a long string is read in an image while the machine
// changes it.
func TestBitsOfAFreezeAreCountedBesideWrites(t *testing.T) {
	const images, changes, length = 4, 500, 5 * value.ChunkBytes
	m := newMachine(t)
	do(m, words(fmt.Sprintf("setbit map %d 1", 8*length-1)))
	counted := make(chan string)
	for i := range images {
		image := m.Freeze()
		go func() {
			run := newRun(2, words("bitcount map"), words("strlen map"))
			image.Query(0, run)
			image.Release()
			counted <- string(run.Reply)
		}()
		for j := range changes { // one bit more each
			bit := i*changes + j
			do(m, words(fmt.Sprintf("setbit map %d 1", bit*(8*length/(images*changes)))))
		}
		if got, want := <-counted, fmt.Sprintf(":%d\r\n:%d\r\n", i*changes+1, length); got != want {
			t.Fatalf("image %d: got %q, want %q", i, got, want)
		}
	}
}
