package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/raftredis/raftredis/fsm/value"
)

// naiveBitOp is BITOP byte by byte.
func naiveBitOp(operation string, sources [][]byte) []byte {
	length := 0
	for _, b := range sources {
		length = max(length, len(b))
	}
	result := make([]byte, length)
	for at := range result {
		for i, b := range sources {
			var other byte
			if at < len(b) {
				other = b[at]
			}
			switch {
			case operation == "not":
				result[at] = ^other
			case i == 0:
				result[at] = other
			case operation == "and":
				result[at] &= other
			case operation == "or":
				result[at] |= other
			default:
				result[at] ^= other
			}
		}
	}
	return result
}

// bitmap puts a string at a key, as SET leaves it or in chunks with some of them missing, and returns it; nil stands
// for none.
func bitmap(m *Machine, random *rand.Rand, key string) []byte {
	switch random.IntN(5) {
	case 0:
		return nil
	case 1: // a long one with a few bytes in it
		length := 1 + random.IntN(6*value.ChunkBytes)
		b := make([]byte, length)
		for range 1 + random.IntN(3) {
			at := random.IntN(length)
			b[at] |= 1
			do(m, [][]byte{[]byte("setbit"), []byte(key), fmt.Append(nil, 8*at+7), []byte("1")})
		}
		b = bytes.TrimRight(b, "\x00") // SETBIT makes no more than it must
		return b
	}
	const chunk = value.ChunkBytes
	b := make([]byte, []int{1, 7, 8, 9, chunk - 1, chunk, chunk + 1, 3*chunk + 5}[random.IntN(8)])
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	do(m, [][]byte{[]byte("set"), []byte(key), b})
	return b
}

// setAt sets a string by the entry at an index, with entries of no commands before it.
func setAt(m *Machine, index uint64, key string, text []byte) {
	for m.Index()+1 < index {
		m.Apply(m.Index()+1, 0, nil, nil)
	}
	do(m, [][]byte{[]byte("set"), []byte(key), text})
}

func TestBitOpResultIsThatOfBytes(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for round := range 400 {
		m, plain := newMachine(t), newMachine(t)
		values := map[string][]byte{}
		for _, key := range []string{"a", "b", "c"} {
			if b := bitmap(m, random, key); b != nil {
				values[key] = b
				setAt(plain, m.Index(), key, b)
			}
		}
		operation := []string{"and", "or", "xor", "not"}[random.IntN(4)]
		args := [][]byte{[]byte("bitop"), []byte(operation), []byte("result")}
		var sources [][]byte
		for range 1 + random.IntN(6) {
			key := []string{"a", "b", "c"}[random.IntN(3)]
			args, sources = append(args, []byte(key)), append(sources, values[key])
			if operation == "not" {
				break
			}
		}
		want := naiveBitOp(operation, sources)
		if got := do(m, args); got != fmt.Sprintf(":%d\r\n", len(want)) {
			t.Fatalf("round %d: %q answers %q, want %d", round, args, got, len(want))
		}
		if len(want) > 0 {
			setAt(plain, m.Index(), "result", want)
		}
		if read := [][]byte{[]byte("get"), []byte("result")}; do(m, read) != do(plain, read) {
			t.Fatalf("round %d: %q is not what its bytes are, of lengths %d, %d, %d", round, args, len(values["a"]),
				len(values["b"]), len(values["c"]))
		}
		if m.Hash() != plain.Hash() {
			t.Fatalf("round %d: after %q the hash is not that of the content", round, args)
		}
	}
}

// Reading what is named instead of what is stored, this would take hours: one entry would stop all nodes.
func TestBitOpWorkFollowsWhatIsStored(t *testing.T) {
	m := newMachine(t)
	const lastBit = "4294967295"
	script(m, "setbit k "+lastBit+" 1", "setbit other 0 1", "setbit other "+lastBit+" 1", "setbit short 0 1")
	for operation, want := range map[string]int{"and": 1, "or": 2, "xor": 2} {
		args := words("bitop " + operation + " result other k")
		for range 10_000 {
			args = append(args, words("k k other other short short")...)
		}
		if operation == "and" {
			args = args[:5]
		}
		if got := do(m, args); got != ":536870912\r\n" {
			t.Fatalf("%s answers %q", operation, got)
		}
		// A list of all chunks, and those that have ones.
		bound := 1<<29/4096*8 + (want+1)*(4096+100)
		if got := m.state.Space(0).Get([]byte("result")).MemoryBytes(); got > bound {
			t.Errorf("%s takes %d bytes of memory, and only %d chunks have ones", operation, got, want)
		}
	}
	if got := script(m, "bitop and result k k none", "bitcount result", "bitop xor result k other"); got !=
		":536870912 :0 :536870912" {
		t.Errorf("answers %q", got)
	}
}
