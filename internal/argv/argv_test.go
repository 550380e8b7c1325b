package argv

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func split(line string) [][]byte {
	var args [][]byte
	for _, word := range strings.Fields(line) {
		args = append(args, []byte(word))
	}
	return args
}

func TestBodyGivesBackItsCommandsInOrder(t *testing.T) {
	commands := [][][]byte{
		split("SET key value"), {[]byte("GET")}, {[]byte("SET"), nil, bytes.Repeat([]byte{0}, 300)}, split("DEL a b c d e"),
	}
	var body []byte
	for _, command := range commands {
		before := len(body)
		body = Append(body, command)
		if got := len(body) - before; got != Size(command) {
			t.Fatalf("Size says %d, Append added %d", Size(command), got)
		}
	}
	var into [][]byte
	for i, want := range commands {
		args, rest, err := Next(body, into)
		if err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		if len(args) != len(want) {
			t.Fatalf("command %d has %d arguments, want %d", i, len(args), len(want))
		}
		for j := range want {
			if !bytes.Equal(args[j], want[j]) {
				t.Fatalf("command %d argument %d is %q, want %q", i, j, args[j], want[j])
			}
		}
		body, into = rest, args
	}
	if len(body) != 0 {
		t.Fatalf("%d bytes left", len(body))
	}
}

func TestCountIsWhatTheFirstCommandSays(t *testing.T) {
	for want, body := range map[uint64][]byte{
		0: nil, 1: Append(nil, split("PING")), 3: Append(Append(nil, split("SET a 1")), split("INCR a")),
		128: {0x80, 0x01}, MaxArgs + 1: {0x81, 0x80, 0x40},
	} {
		if got := Count(body); got != want {
			t.Errorf("% x: %d arguments, want %d", body, got, want)
		}
	}
	if got := Count([]byte{0x81, 0x00}); got != 0 {
		t.Errorf("of what no encoder writes: %d", got)
	}
}

func TestEveryCutOfABodyIsTruncated(t *testing.T) {
	body := Append(nil, split("MSET alpha 1 beta 2"))
	for n := range body {
		if _, _, err := Next(body[:n], nil); !errors.Is(err, ErrTruncated) {
			t.Fatalf("cut at %d of %d: %v", n, len(body), err)
		}
	}
}

func TestBytesThatNoEncoderWritesAreMalformed(t *testing.T) {
	for name, body := range map[string][]byte{
		"no arguments":           {0},
		"count in two bytes":     {0x81, 0x00, 1, 'x'},
		"length in two bytes":    {1, 0x81, 0x00, 'x'},
		"count above the limit":  {0x81, 0x80, 0x40},
		"count above 64 bits":    bytes.Repeat([]byte{0xff}, 11),
		"length above 64 bits":   append([]byte{1}, bytes.Repeat([]byte{0xff}, 11)...),
		"count in three bytes":   {0x81, 0x80, 0x00, 1, 'x'},
		"count limit is 1048577": {0x81, 0x80, 0x40, 0},
	} {
		if _, _, err := Next(body, nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHugeCountsAndLengthsCostNothing(t *testing.T) {
	bodies := [][]byte{
		{0x80, 0x80, 0x40, 0},                     // MaxArgs arguments, one byte
		{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 'x'},    // 4 GiB, one byte
		{1, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 'x'}, // more
	}
	var into [4][]byte
	for _, body := range bodies {
		allocations := testing.AllocsPerRun(10, func() {
			if _, _, err := Next(body, into[:]); !errors.Is(err, ErrTruncated) {
				t.Fatalf("% x: %v", body, err)
			}
		})
		if allocations != 0 {
			t.Fatalf("% x: %v allocations", body, allocations)
		}
	}
}

func TestAppendRefusesACommandWithoutAName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	Append(nil, nil)
}

func FuzzNextIsTotalAndCanonical(f *testing.F) {
	f.Add(Append(Append(nil, split("SET a 1")), split("INCR a")))
	f.Add([]byte{1, 0x81, 0x00, 'x'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		var again []byte
		for rest := body; len(rest) > 0; {
			args, after, err := Next(rest, nil)
			if err != nil {
				return
			}
			again = Append(again, args)
			rest = after
		}
		if !bytes.Equal(again, body) {
			t.Fatalf("% x decodes, and encodes again as % x", body, again)
		}
	})
}

func BenchmarkAppendAndNext(b *testing.B) {
	args := [][]byte{[]byte("SET"), []byte("key:000000001"), bytes.Repeat([]byte{'v'}, 64)}
	var body []byte
	var into [][]byte
	b.ReportAllocs()
	for b.Loop() {
		body = Append(body[:0], args)
		into, _, _ = Next(body, into)
	}
}

// A cursor that is shown a body byte by byte finds the arguments that Next finds, each as soon as its length is here.
func TestCursorFindsWhatNextFinds(t *testing.T) {
	var body []byte
	for _, command := range [][][]byte{
		split("SET key value"), {[]byte("GET")}, {[]byte("SET"), nil, bytes.Repeat([]byte{7}, 300)}, split("DEL a b c d e"),
	} {
		body = Append(body, command)
	}
	var want [][]byte
	for rest := body; len(rest) > 0; {
		args, behind, err := Next(rest, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, rest = append(want, args...), behind
	}
	for _, step := range []int{1, 2, 7, 100, len(body)} {
		var c Cursor
		var got [][2]int
		for here := 0; here < len(body); {
			here = min(here+step, len(body))
			for {
				begin, length, ok := c.Next(body[:here])
				if !ok {
					break
				}
				if begin > here {
					t.Fatalf("step %d: an argument at %d is known when %d bytes are here", step, begin, here)
				}
				got = append(got, [2]int{begin, length})
			}
		}
		if len(got) != len(want) {
			t.Fatalf("step %d: %d arguments, want %d", step, len(got), len(want))
		}
		for i, at := range got {
			if !bytes.Equal(body[at[0]:at[0]+at[1]], want[i]) {
				t.Fatalf("step %d: argument %d is %q, want %q", step, i, body[at[0]:at[0]+at[1]], want[i])
			}
		}
	}
}

func TestCursorStopsForEverAtWhatIsNoEncoding(t *testing.T) {
	for name, body := range map[string][]byte{
		"no arguments":       {0, 1, 2},
		"too many":           {0xff, 0xff, 0xff, 0xff, 0xf, 1},
		"a long varint":      {2, 0x81, 0, 1},
		"a length like none": {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		var c Cursor
		for here := range len(body) + 1 {
			if begin, length, ok := c.Next(body[:here]); ok {
				t.Errorf("%s: an argument of %d bytes at %d", name, length, begin)
			}
		}
		if _, _, ok := c.Next(append(body, 1, 1, 1, 1)); ok || !c.failed {
			t.Errorf("%s: it goes on", name)
		}
	}
}
