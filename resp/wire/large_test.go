package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
)

// array is a request as clients send it.
func array(arguments ...string) []byte {
	request := fmt.Appendf(nil, "*%d\r\n", len(arguments))
	for _, argument := range arguments {
		request = fmt.Appendf(request, "$%d\r\n%s\r\n", len(argument), argument)
	}
	return request
}

// encoding is a request in the body of a log entry.
func encoding(arguments ...string) []byte {
	var all [][]byte
	for _, argument := range arguments {
		all = append(all, []byte(argument))
	}
	return argv.Append(nil, all)
}

// pattern is text of which each part differs from the others.
func pattern(length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = byte(i*7 + i>>8)
	}
	return string(text)
}

// A long argument is read to its place in the body of an entry, wherever the packets end.
func TestALongArgumentIsReadToItsPlace(t *testing.T) {
	const seed = 5
	random := rand.New(rand.NewPCG(seed, 0))
	for _, length := range []int{
		largeBulkBytes - 1, largeBulkBytes, largeBulkBytes + 1,
		ReadBufferBytes - 1, ReadBufferBytes, ReadBufferBytes + 1, 1 << 20,
	} {
		for _, request := range [][]string{
			{"SET", "k", pattern(length)},
			{"SET", "k", pattern(length), "EX", "10"},
			{"MSET", "a", pattern(length), "b", "", "c", pattern(length), pattern(50), pattern(300)},
			{pattern(length)},
		} {
			input := append(array(request...), array("PING")...)
			for range 20 {
				got := requestsOf(t, random, input)
				if len(got) != 2 || !slices.Equal(got[0].arguments, request) || !slices.Equal(got[1].arguments, []string{"PING"}) {
					t.Fatalf("seed %d, %d bytes: %d requests, or others than were sent", seed, length, len(got))
				}
				first := got[0].encoded
				if got[1].encoded != nil || (first != nil && !bytes.Equal(first[HeadBytes:], encoding(request...))) {
					t.Fatalf("seed %d, %d bytes: the encoding is not that of the arguments", seed, length)
				}
				if got[0].encoded == nil && length > ReadBufferBytes {
					t.Fatalf("seed %d, %d bytes: no storage of its own", seed, length)
				}
			}
		}
	}
}

// taken is a request that a reader returned.
type taken struct {
	arguments []string
	encoded   []byte
}

// requestsOf gives a reader the input in random pieces.
func requestsOf(t *testing.T, random *rand.Rand, input []byte) (all []taken) {
	t.Helper()
	r := NewReader(Limits{})
	for len(input) > 0 {
		piece := input[:1+random.IntN(min(len(input), 1<<random.IntN(20)))]
		n := copy(r.Space(), piece)
		r.Received(n)
		input = input[n:]
		for {
			arguments, err := r.Next(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(arguments) == 0 {
				break
			}
			all = append(all, taken{texts(arguments), r.Encoded()})
		}
	}
	return all
}

// Each limit at one below, at it, and one above. What is above is dropped alone, wherever the packets end; the request
// behind it is taken.
func TestWhatIsBeyondALimitIsDroppedAlone(t *testing.T) {
	const refused = "refused"
	limits := Limits{MaxArguments: 5, MaxBulkBytes: 200 << 10, MaxRequestBytes: 128 << 10}
	long := 128<<10 - len("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$131072\r\n")
	for _, c := range []struct {
		name    string
		request []string
		want    string
	}{
		{"4 arguments", strings.Fields("MGET a b c"), ""},
		{"5 arguments", strings.Fields("MGET a b c d"), ""},
		{"6 arguments", strings.Fields("MGET a b c d e"), "has 6 arguments, and at most 5"},
		{"6 long arguments", []string{"MGET", pattern(9000), "b", pattern(90000), "d", pattern(40000)}, "6 arguments"},
		{"one byte less", []string{"SET", "k", pattern(long - 1)}, ""},
		{"as long as allowed", []string{"SET", "k", pattern(long)}, ""},
		{"one byte more", []string{"SET", "k", pattern(long + 1)}, "client-query-buffer-limit allows, which is 131072"},
		{"a bulk that is longer", []string{pattern(200 << 10)}, "client-query-buffer-limit"},
		{"several long ones", []string{"MSET", pattern(60000), pattern(60000), pattern(60000)}, "client-query-buffer-limit"},
		{"several short ones", []string{"MSET", pattern(30000), pattern(30000), pattern(30000), pattern(30000 + 30000)},
			"client-query-buffer-limit"},
	} {
		request := c.request
		if c.want != "" {
			request = []string{refused, c.want}
		}
		input := append(array("ECHO", "before"), append(array(c.request...), array("ECHO", "after")...)...)
		for _, piece := range []int{1, 7, 1000, 50_000, len(input)} {
			r := NewReader(limits)
			var got [][]string
			for rest := input; len(rest) > 0; {
				n := min(piece, len(rest))
				more, err := feed(r, rest[:n])
				if err != nil {
					t.Fatalf("%s in pieces of %d: %v", c.name, piece, err)
				}
				got, rest = append(got, more...), rest[n:]
			}
			if len(got) != 3 || !slices.Equal(got[0], []string{"ECHO", "before"}) ||
				!slices.Equal(got[2], []string{"ECHO", "after"}) {
				t.Fatalf("%s in pieces of %d: %d requests", c.name, piece, len(got))
			}
			if c.want != "" && got[1][0] == refused && strings.Contains(got[1][1], c.want) {
				got[1] = request
			}
			if !slices.Equal(got[1], request) {
				t.Fatalf("%s in pieces of %d: got %.200q", c.name, piece, got[1])
			}
			if held := cap(r.large) + cap(r.buf); r.Buffered() != 0 || held > limits.MaxRequestBytes+2*ReadBufferBytes {
				t.Fatalf("%s in pieces of %d: %d bytes are held", c.name, piece, held)
			}
		}
	}
}

// A single argument beyond its limit is a violation, as in Redis; at the limit it is taken.
func TestTheLongestArgument_AtItsLimit(t *testing.T) {
	const violation = "Protocol error: invalid bulk length"
	for length, want := range map[int]string{64<<10 - 1: "", 64 << 10: "", 64<<10 + 1: violation} {
		requests, err := feed(NewReader(testLimits()), array(pattern(length)))
		if (want == "") != (err == nil) || (err != nil && err.Error() != want) || (err == nil && len(requests) != 1) {
			t.Errorf("%d bytes: %d requests, %v", length, len(requests), err)
		}
	}
}

// A declared length holds nothing; what has come has room for eight times as much, and a buffer. The last bytes find
// room that fits.
func TestALongArgumentHoldsAsMuchAsHasCome(t *testing.T) {
	budget := NewBudget(MaxBytes)
	r := &Reader{}
	r.Init(Limits{}, budget)
	value := pattern(20 << 20)
	input := array("SET", "k", value)
	for received := 0; received < len(input); {
		n := copy(r.Space(), input[received:])
		r.Received(n)
		received += n
		argv, err := r.Next(nil)
		if err != nil || (len(argv) != 0) != (received == len(input)) {
			t.Fatalf("after %d bytes: %d arguments, %v", received, len(argv), err)
		}
		if held := cap(r.large) + cap(r.buf); held > largeGrowth*received+3*ReadBufferBytes {
			t.Fatalf("%d bytes are held after %d have come", held, received)
		}
		if used := int(budget.Used()); used < cap(r.large)-2*ReadBufferBytes {
			t.Fatalf("%d bytes are charged, %d are held", used, cap(r.large))
		}
	}
	if waste := cap(r.lastStorage()) - len(input); waste > ReadBufferBytes {
		t.Fatalf("the storage of %d bytes has room for %d more", len(input), waste)
	}
	r.Space()
	if budget.Used() != 0 {
		t.Fatalf("%d bytes are charged when the request is done with", budget.Used())
	}
}

// lastStorage is the storage of the last request, with all its room.
func (r *Reader) lastStorage() []byte { return r.encoded[:len(r.encoded):cap(r.encoded)] }

// G4: A request for which all readers together have no room is dropped as it comes, and the next one is taken.
func TestARequestWithoutRoomIsDroppedAlone(t *testing.T) {
	value := pattern(300 << 10)
	words := make([]string, 20_000)
	for i := range words {
		words[i] = "k1234567890"
	}
	for name, request := range map[string][]string{
		"long":  {"SET", "k", value},
		"third": {"MSET", "a", pattern(70 << 10), "b", value},
		"many":  words,
	} {
		input := append(array(request...), array("PING")...)
		for _, piece := range []int{1, 999, 60_000} {
			budget := NewBudget(2 << 20)
			const others = 2<<20 - 100<<10 // what other clients hold
			budget.Take(others)
			r := &Reader{}
			r.Init(Limits{}, budget)
			var got [][]string
			for rest := input; len(rest) > 0; {
				if err := r.MakeRoom(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				n := min(piece, len(rest))
				more, err := feed(r, rest[:n])
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, rest = append(got, more...), rest[n:]
				if budget.Used() > 2<<20 {
					t.Fatalf("%s: %d bytes are charged", name, budget.Used())
				}
			}
			want := [][]string{{"refused", ErrNoRoom.Reply}, {"PING"}}
			if len(got) != 2 || !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
				t.Fatalf("%s in pieces of %d: got %d requests, the first %.100q", name, piece, len(got), got[0])
			}
			r.Space()
			if r.Release(); budget.Used() != others {
				t.Fatalf("%s: %d bytes are charged at the end", name, budget.Used()-others)
			}
		}
	}
}

// whole is a request of so many bytes up to the end of its last argument, headers included.
func whole(bytes int, before ...string) []byte {
	for length := bytes - len(array(append(before, "")...)) + 4; ; length-- {
		request := array(append(before, pattern(length))...)
		if len(request)-len("\r\n") <= bytes {
			return request
		}
	}
}

// G4: A request that the budget never has room for is refused by another text, alone, and as soon as its length is
// known; one of exactly the size is taken, and one byte less. To be told TRYAGAIN, clients would send it for ever.
func TestARequestThatNeverHasRoomIsToldSo(t *testing.T) {
	const limit = 100 << 10
	const maximum = limit + ReadBufferBytes
	many := make([]string, 3000)
	for i := range many {
		many[i] = pattern(30)
	}
	second := []string{"MSET", "a", pattern(60 << 10), "b"}
	for name, before := range map[string][]string{
		"one long": {"SET", "k"}, "a second long one": second, "many short ones": many,
		"many, then a long one": append(slices.Clone(many[:1000]), "last"),
	} {
		for size, fits := range map[int]bool{maximum - 1: true, maximum: true, maximum + 1: false, 2 * maximum: false} {
			bytes := size
			if name == "a second long one" { // what is before it is kept in another encoding, which is shorter
				bytes += len(array(second...)) - len(encoding(second...))
			}
			request := whole(bytes, before...)
			if len(request) != bytes+len("\r\n") {
				t.Fatalf("%s: a request of %d bytes, want %d", name, len(request), bytes)
			}
			for _, piece := range []int{1, 999, 60_000, 1 << 20} {
				budget := NewBudget(limit)
				r := &Reader{}
				r.Init(Limits{}, budget)
				var got [][]string
				for rest := append(request[:len(request):len(request)], array("PING")...); len(rest) > 0; {
					if err := r.MakeRoom(); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					n := min(piece, len(rest))
					more, err := feed(r, rest[:n])
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					got, rest = append(got, more...), rest[n:]
				}
				if len(got) != 2 || !slices.Equal(got[1], []string{"PING"}) {
					t.Fatalf("%s of %d bytes in pieces of %d: %d requests", name, bytes, piece, len(got))
				}
				refused := slices.Equal(got[0], []string{"refused", neverFits(maximum).Reply})
				if refused == fits || fits && len(got[0]) != len(before)+1 {
					t.Errorf("%s of %d bytes in pieces of %d: got %.120q", name, bytes, piece, got[0])
				}
				r.Space()
				if budget.Used() != 0 {
					t.Fatalf("%s of %d bytes: %d are charged at the end", name, bytes, budget.Used())
				}
			}
		}
	}
}

// The refusal does not wait for the bytes: from the header on nothing of the request is held.
func TestARequestThatNeverHasRoomHoldsNothing(t *testing.T) {
	budget := NewBudget(1 << 20)
	r := &Reader{}
	r.Init(Limits{}, budget)
	request := array("SET", "k", pattern(8<<20))
	for rest := request; len(rest) > 0; {
		n := copy(r.Space(), rest)
		r.Received(n)
		if argv, err := r.Next(nil); (err != nil) != (n == len(rest)) || len(argv) > 0 {
			t.Fatalf("with %d bytes left: %d arguments, %v", len(rest)-n, len(argv), err)
		}
		if rest = rest[n:]; budget.Used() > 0 || r.Buffered() > ReadBufferBytes {
			t.Fatalf("with %d bytes left: %d charged, %d held", len(rest), budget.Used(), r.Buffered())
		}
	}
}

// An owner that reads ahead keeps its arguments, and gets all requests in their order.
func TestAheadLeavesArgumentsWhereTheyAre(t *testing.T) {
	const seed = 9
	random := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var input []byte
		var want [][]string
		for range 1 + random.IntN(100) {
			request := []string{"SET", fmt.Sprint("k", random.IntN(100)), pattern(random.IntN(1 << random.IntN(18)))}
			want = append(want, request)
			input = append(input, array(request...)...)
		}
		r := NewReader(Limits{})
		var got [][]string
		var kept [][]byte // arguments that are still needed
		for len(got) < len(want) {
			room := r.Ahead()
			if random.IntN(4) == 0 {
				kept, room = nil, r.Space()
			}
			n := copy(room, input[:random.IntN(min(len(input), 100_000)+1)])
			r.Received(n)
			input = input[n:]
			for random.IntN(3) > 0 {
				from := len(kept)
				var err error
				if kept, err = r.Next(kept); err != nil {
					t.Fatal(err)
				}
				if len(kept) == from {
					break
				}
				got = append(got, texts(kept[from:]))
			}
			for i, kept := 0, kept; len(kept) >= 3; i, kept = i+1, kept[:len(kept)-3] {
				if !slices.Equal(texts(kept[len(kept)-3:]), want[len(got)-1-i]) {
					t.Fatalf("seed %d: an argument has changed", seed)
				}
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("seed %d: other requests than were sent", seed)
		}
	}
}

// As much as one request may have is read ahead, and not more.
func TestAheadIsBounded(t *testing.T) {
	for _, limit := range []int{100 << 10, 1 << 20} {
		r := NewReader(Limits{MaxRequestBytes: limit})
		pings := bytes.Repeat([]byte("PING\r\n"), 10_000)
		total := 0
		for {
			room := r.Ahead()
			if room == nil {
				break
			}
			n := copy(room, pings[total%len("PING\r\n"):])
			r.Received(n)
			total += n
		}
		if total < limit || cap(r.buf) > limit+r.maxInlineBytes+SmallBufferBytes {
			t.Errorf("limit %d: %d bytes were read ahead into %d", limit, total, cap(r.buf))
		}
		requests := 0
		for ; ; requests++ {
			if argv, err := r.Next(nil); len(argv) == 0 || err != nil {
				break
			}
		}
		if requests < limit/len("PING\r\n") {
			t.Errorf("limit %d: %d requests", limit, requests)
		}
		if r.Space(); cap(r.buf) > ReadBufferBytes {
			t.Errorf("an empty reader holds %d bytes", cap(r.buf))
		}
	}
}

func TestAheadWithoutRoomInTheBudgetWaits(t *testing.T) {
	budget := NewBudget(0)
	r := &Reader{}
	r.Init(Limits{}, budget)
	for room := r.Ahead(); room != nil; room = r.Ahead() {
		r.Received(len(room))
	}
	if held := r.Buffered(); held > ReadBufferBytes || held < ReadBufferBytes/2 || r.Failed() {
		t.Errorf("%d bytes were read ahead, failed %v", held, r.Failed())
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are charged", budget.Used())
	}
}

// A request that is dropped is understood as one that is kept: the same bytes end it, and the same break the protocol.
func TestWhatIsDroppedIsIndependentOfCuts(t *testing.T) {
	const seed = 20261129
	random := rand.New(rand.NewPCG(seed, 0))
	limits := Limits{MaxArguments: 2, MaxBulkBytes: 64 << 10, MaxRequestBytes: 24}
	inputs := [][]byte{[]byte("*3\r\n\n"), []byte("*3\r\n\r\n"), []byte("*3\r\n$1\r\na\r\n\n"), []byte("*3\r\n\r")}
	_, err := feed(NewReader(limits), []byte("*3\r\n$1\r\na\rx"))
	if err == nil || err.Error() != "Protocol error: "+noLineEnd {
		t.Errorf("a dropped argument without its line end: %v", err)
	}
	for range 20_000 {
		inputs = append(inputs, randomInput(random))
	}
	for _, input := range inputs {
		want := outcome(feed(NewReader(limits), input))
		for range 3 {
			r := NewReader(limits)
			var got [][]string
			var err error
			for rest := input; len(rest) > 0 && err == nil; {
				n := 1 + random.IntN(min(len(rest), 8))
				var more [][]string
				more, err = feed(r, rest[:n])
				got, rest = append(got, more...), rest[n:]
			}
			if outcome(got, err) != want {
				t.Fatalf("seed %d input %q\n got %s\nwant %s", seed, input, outcome(got, err), want)
			}
		}
	}
}

// A line that ends where it begins is no header, behind a long argument too.
func TestAnEmptyHeaderBehindALongArgument(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", strings.Repeat("x", 2*shortHeaderBytes) + "\n"} {
		request := array("SET", "k", pattern(100<<10))
		request = append(bytes.Replace(request, []byte("*3"), []byte("*4"), 1), end...)
		if requests, err := feed(NewReader(Limits{}), request); err == nil || len(requests) > 0 {
			t.Errorf("%q behind a long argument: %d requests, %v", end, len(requests), err)
		}
	}
}
