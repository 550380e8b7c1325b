package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
)

// testLimits are small enough that a test reaches them quickly.
func testLimits() Limits {
	return Limits{MaxBulkBytes: 64 << 10}
}

// feed gives the reader some bytes, in as many pieces as it has room for, and returns all complete requests.
func feed(r *Reader, input []byte) (requests [][]string, err error) {
	for {
		n := copy(r.Space(), input)
		r.Received(n)
		input = input[n:]
		for {
			argv, err := r.Next(nil)
			var refusal *Refusal
			if errors.As(err, &refusal) {
				requests = append(requests, []string{"refused", refusal.Reply})
				continue
			}
			if err != nil {
				return requests, err
			}
			if len(argv) == 0 {
				break
			}
			requests = append(requests, texts(argv))
		}
		if len(input) == 0 {
			return requests, nil
		}
	}
}

func texts(argv [][]byte) []string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		words[i] = string(arg)
	}
	return words
}

// outcome is what a reader made of some input, for comparison and for messages.
func outcome(requests [][]string, err error) string {
	var b strings.Builder
	for _, request := range requests {
		fmt.Fprintf(&b, "%q\n", request)
	}
	if err != nil {
		fmt.Fprintf(&b, "-%s\n", err)
	}
	return b.String()
}

var readerCases = []struct{ name, input, want string }{
	{"one array", "*2\r\n$3\r\nGET\r\n$1\r\na\r\n", `["GET" "a"]` + "\n"},
	{"a pipeline", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPONG\r\n", `["PING"]` + "\n" + `["PONG"]` + "\n"},
	{"an empty argument", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", `["ECHO" ""]` + "\n"},
	{"line ends in an argument", "*1\r\n$4\r\n\r\n\r\n\r\n", `["\r\n\r\n"]` + "\n"},
	{"empty requests are passed over", "*0\r\n*-1\r\n\r\n\n   \r\n*1\r\n$1\r\nx\r\n", `["x"]` + "\n"},
	{"an unfinished request", "*1\r\n$1\r\nx\r\n*1\r\n$", `["x"]` + "\n"},
	{"inline", "SET a 1\r\nGET a\n", `["SET" "a" "1"]` + "\n" + `["GET" "a"]` + "\n"},
	{"inline blanks", " \t SET\v\fa  1 \r\n", `["SET\v\fa" "1"]` + "\n"},
	{"inline quotes", `a "b c" 'd e' f"g h" ""` + "\r\n", `["a" "b c" "d e" "fg h" ""]` + "\n"},
	{"inline escapes", `"\x41\n\r\t\b\a\"\\\q\x4" '\n\''` + "\n", `["A\n\r\t\b\a\"\\qx4" "\\n'"]` + "\n"},
	{"inline NUL", "PING\x00 more\r\n", `["PING"]` + "\n"},
	{"inline unbalanced", "a \"b\r\n", "-Protocol error: unbalanced quotes in request\n"},
	{"inline text behind a quote", "a \"b\"c\r\n", "-Protocol error: unbalanced quotes in request\n"},
	{"inline single unbalanced", "a 'b\\'\r\n", "-Protocol error: unbalanced quotes in request\n"},
	{"inline then array", "PING\r\n*1\r\n$1\r\nx\r\n", `["PING"]` + "\n" + `["x"]` + "\n"},
	{"count is no number", "*x\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count is empty", "*\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count of Redis's limit", "*2147483647\r\n", ""},
	{"count above the limit", "*2147483648\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count with plus", "*+1\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count with zeros", "*01\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count minus zero", "*-0\r\n", "-Protocol error: invalid multibulk length\n"},
	{"count without CR", "*1\n$1\r\nx\r\n", "-Protocol error: invalid multibulk length\n"},
	{"no bulk", "*1\r\nfoo\r\n", "-Protocol error: expected '$', got 'f'\n"},
	{"no bulk but a line end", "*1\r\n\r\n", "-Protocol error: expected '$', got ' '\n"},
	{"length is no number", "*1\r\n$x\r\n", "-Protocol error: invalid bulk length\n"},
	{"length negative", "*1\r\n$-1\r\n", "-Protocol error: invalid bulk length\n"},
	{"length above the limit", "*1\r\n$65537\r\n", "-Protocol error: invalid bulk length\n"},
	{"length does not fit its bytes", "*1\r\n$1\r\nxyz\r\n", "-Protocol error: bulk is not followed by CRLF\n"},
	{"requests before an error", "PING\r\n*1\r\n$x\r\n", `["PING"]` + "\n-Protocol error: invalid bulk length\n"},
}

func TestReaderUnderstandsRequestsAsRedisDoes(t *testing.T) {
	for _, c := range readerCases {
		t.Run(c.name, func(t *testing.T) {
			requests, err := feed(NewReader(testLimits()), []byte(c.input))
			if got := outcome(requests, err); got != c.want {
				t.Fatalf("input %q\n got %s\nwant %s", c.input, got, c.want)
			}
		})
	}
}

func TestReaderUnderstandsTheSameHoweverTheBytesAreCut(t *testing.T) {
	for _, c := range readerCases {
		for cut := 0; cut <= len(c.input); cut++ {
			r := NewReader(testLimits())
			requests, err := feed(r, []byte(c.input[:cut]))
			if err == nil {
				var more [][]string
				more, err = feed(r, []byte(c.input[cut:]))
				requests = append(requests, more...)
			}
			if got := outcome(requests, err); got != c.want {
				t.Fatalf("%s, cut at %d\n got %s\nwant %s", c.name, cut, got, c.want)
			}
		}
		requests, err := trickle(NewReader(testLimits()), []byte(c.input))
		if got := outcome(requests, err); got != c.want {
			t.Fatalf("%s, byte by byte\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func trickle(r *Reader, input []byte) (requests [][]string, err error) {
	for i := range input {
		more, err := feed(r, input[i:i+1])
		requests = append(requests, more...)
		if err != nil {
			return requests, err
		}
	}
	return requests, nil
}

func TestReaderRepeatsTheFirstViolation(t *testing.T) {
	r := NewReader(testLimits())
	if _, err := feed(r, []byte("*1\r\n$x\r\nPING\r\n")); err == nil {
		t.Fatal("no error")
	}
	argv, err := r.Next(nil)
	if len(argv) != 0 || err == nil || err.Error() != "Protocol error: invalid bulk length" {
		t.Fatalf("after a violation: %q, %v", argv, err)
	}
}

func TestReaderKeepsArgumentsUntilSpaceIsAskedFor(t *testing.T) {
	r := NewReader(testLimits())
	r.Received(copy(r.Space(), "*1\r\n$3\r\none\r\n*1\r\n$3\r\ntwo\r\n*1\r\n$5\r\nth"))
	argv, err := r.Next(nil)
	if err == nil {
		argv, err = r.Next(argv)
	}
	if err == nil {
		argv, err = r.Next(argv)
	}
	if err != nil || outcome([][]string{texts(argv)}, nil) != `["one" "two"]`+"\n" {
		t.Fatalf("got %q, %v", argv, err)
	}
	r.Received(copy(r.Space(), "ree\r\n"))
	argv, err = r.Next(nil)
	if err != nil || len(argv) != 1 || string(argv[0]) != "three" {
		t.Fatalf("the partial request became %q, %v", argv, err)
	}
}

func TestReaderHoldsUnauthenticatedClientsToTightLimits(t *testing.T) {
	for input, want := range map[string]string{
		"*11\r\n":             "Protocol error: unauthenticated multibulk length",
		"*1\r\n$16385\r\n":    "Protocol error: unauthenticated bulk length",
		"*10\r\n$16384\r\nxx": "",
	} {
		r := NewReader(testLimits())
		r.SetUnauthenticated(true)
		_, err := feed(r, []byte(input))
		if (err == nil) != (want == "") || (err != nil && err.Error() != want) {
			t.Errorf("%q: %v, want %q", input, err, want)
		}
	}
}

// The packets that kill, hang or deceive other readers.

// G1: one request with an absurd length ends the process.
func TestOverflowingLengthsAreRefusedWithoutAPanic(t *testing.T) {
	for _, length := range []string{
		"9223372036854775807", "9223372036854775806", "9223372036854775808", "18446744073709551615",
		"18446744073709551616", "-9223372036854775808", "-9223372036854775809", "99999999999999999999999999",
	} {
		_, err := feed(NewReader(testLimits()), []byte("*1\r\n$"+length+"\r\n"))
		if err == nil || err.Error() != "Protocol error: invalid bulk length" {
			t.Errorf("bulk of %s: %v", length, err)
		}
		_, err = feed(NewReader(testLimits()), []byte("*"+length+"\r\nx"))
		ignored := length == "-9223372036854775808" // a count of zero or less is an empty request
		if ignored != (err == nil) || (err != nil && err.Error() != "Protocol error: invalid multibulk length") {
			t.Errorf("array of %s: %v", length, err)
		}
	}
}

// G2: one request with an absurd count keeps a core busy.
func TestADeclaredCountCostsNothingUntilItsArgumentsCome(t *testing.T) {
	r := NewReader(testLimits())
	if _, err := feed(r, []byte("*1048576\r\n")); err != nil {
		t.Fatal(err)
	}
	allocations := testing.AllocsPerRun(1000, func() {
		if argv, err := r.Next(nil); len(argv) != 0 || err != nil {
			t.Fatalf("%q, %v", argv, err)
		}
	})
	if allocations != 0 || cap(r.spans) > 16 {
		t.Fatalf("%v allocations, room for %d arguments after a header alone", allocations, cap(r.spans))
	}
}

// G3: a reader that began again at each packet would look at 10^10 bytes here, one that recursed would hold 350,000
// frames.
func TestARequestThatTricklesInIsReadInLinearTime(t *testing.T) {
	var request bytes.Buffer
	const arguments = 50_000
	fmt.Fprintf(&request, "*%d\r\n", arguments)
	for range arguments {
		request.WriteString("$1\r\nx\r\n")
	}
	r := NewReader(Limits{})
	begun := time.Now()
	requests, err := trickle(r, request.Bytes())
	if err != nil || len(requests) != 1 || len(requests[0]) != arguments {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Fatalf("%d bytes took %v", request.Len(), took)
	}
}

// G3: a request that trickles in byte by byte exhausts the stack.
func TestAnEndlessLineIsRefusedAtItsLimit(t *testing.T) {
	for first, want := range map[byte]string{
		'x': "Protocol error: too big inline request",
		'*': "Protocol error: too big mbulk count string",
	} {
		r := NewReader(testLimits())
		line := bytes.Repeat([]byte{first}, 64<<10)
		if requests, err := trickle(r, line); err != nil || len(requests) > 0 {
			t.Fatalf("%c at the limit: %v", first, err)
		}
		if _, err := feed(r, []byte{first}); err == nil || err.Error() != want {
			t.Fatalf("%c beyond the limit: %v, want %s", first, err, want)
		}
	}
	_, err := feed(NewReader(testLimits()), append([]byte("*1\r\n"), bytes.Repeat([]byte{'$'}, 65<<10)...))
	if err == nil || err.Error() != "Protocol error: too big bulk count string" {
		t.Fatalf("endless bulk header: %v", err)
	}
}

// G4: the buffer of a connection only ever grows.
func TestAMisalignedPipelineHoldsNoMoreThanItsLargestRequest(t *testing.T) {
	r := NewReader(Limits{})
	value := strings.Repeat("v", 100<<10)
	request := fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n", len(value), value)
	requests, largest := 0, 0
	for received := 0; received < 16<<20; {
		n := copy(r.Space(), request[received%len(request):])
		r.Received(n)
		received += n
		for {
			argv, err := r.Next(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(argv) == 0 {
				break
			}
			requests++
		}
		largest = max(largest, cap(r.buf))
	}
	if want := 16 << 20 / len(request); requests < want-1 || requests > want+1 {
		t.Fatalf("%d requests, want about %d", requests, want)
	}
	if largest > 512<<10 {
		t.Fatalf("the buffer grew to %d bytes for requests of %d", largest, len(request))
	}
}

// G4: the buffer of a connection only ever grows.
func TestALargeRequestDoesNotLeaveALargeBuffer(t *testing.T) {
	r := NewReader(Limits{})
	value := bytes.Repeat([]byte("v"), 8<<20)
	request := append(fmt.Appendf(nil, "*1\r\n$%d\r\n", len(value)), value...)
	if requests, err := feed(r, append(request, "\r\n"...)); err != nil || len(requests) != 1 {
		t.Fatalf("%d requests, %v", len(requests), err)
	}
	if cap(r.buf) > ReadBufferBytes {
		t.Fatalf("the request passed through a buffer of %d bytes", cap(r.buf))
	}
	r.Space()
	if cap(r.buf) > ReadBufferBytes || r.large != nil || r.encoded != nil {
		t.Fatalf("an empty reader holds %d and %d bytes", cap(r.buf), cap(r.large))
	}
}

func TestReaderReturnsToASmallBufferAfterAWhile(t *testing.T) {
	r := NewReader(Limits{})
	if _, err := feed(r, []byte(strings.Repeat("PING\r\n", 8192))); err != nil {
		t.Fatal(err)
	}
	if cap(r.buf) <= SmallBufferBytes {
		t.Fatalf("a deep pipeline was read through %d bytes", cap(r.buf))
	}
	for range quietFills + 1 {
		if _, err := feed(r, []byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if cap(r.buf) != SmallBufferBytes {
		t.Fatalf("after %d small reads the buffer has %d bytes", quietFills+1, cap(r.buf))
	}
}

// G6: a length that overflows is taken for a small one.
func TestALengthThatWrapsIsNotTakenForAShortOne(t *testing.T) {
	for _, input := range []string{
		"*1\r\n$18446744073709551619\r\nabc\r\n", "*18446744073709551617\r\n$1\r\na\r\n", "*1\r\n$4294967299\r\nabc\r\n",
		"*4294967297\r\n$1\r\na\r\n", "*1\r\n$03\r\nabc\r\n", "*1\r\n$+3\r\nabc\r\n", "*1\r\n$ 3\r\nabc\r\n",
	} {
		if requests, err := feed(NewReader(testLimits()), []byte(input)); err == nil || len(requests) > 0 {
			t.Errorf("%q was accepted as %q", input, requests)
		}
	}
}

func TestReaderAllocatesNothingInSteadyState(t *testing.T) {
	r := NewReader(Limits{})
	pipeline := []byte(strings.Repeat("*3\r\n$3\r\nSET\r\n$5\r\nkey:1\r\n$5\r\nvalue\r\nGET key:1\r\n", 16))
	argv := make([][]byte, 0, 64)
	round := func() {
		r.Received(copy(r.Space(), pipeline))
		for argv = argv[:0]; ; argv = argv[:0] {
			var err error
			if argv, err = r.Next(argv); err != nil {
				t.Fatal(err)
			}
			if len(argv) == 0 {
				return
			}
		}
	}
	round()
	if allocations := testing.AllocsPerRun(100, round); allocations != 0 {
		t.Fatalf("%v allocations per 32 requests", allocations)
	}
}

func TestReceivingMoreThanSpaceIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	r := NewReader(Limits{})
	r.Received(len(r.Space()) + 1)
}

func TestReaderAgreesWithAParserThatSeesAllBytesAtOnce(t *testing.T) {
	const seed = 20261121
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 5_000 {
		input := randomInput(random)
		wanted, wantedErr := parseWhole(input, testLimits().WithDefaults())
		want := outcome(wanted, wantedErr)
		got := outcome(feedRandomly(random, input))
		if got != want {
			t.Fatalf("seed %d round %d input %q\n got %s\nwant %s", seed, round, input, got, want)
		}
	}
}

// feedRandomly cuts the input at random places.
func feedRandomly(random *rand.Rand, input []byte) (requests [][]string, err error) {
	r := NewReader(testLimits())
	for len(input) > 0 {
		n := 1 + random.IntN(min(len(input), 1+random.IntN(40)))
		var more [][]string
		more, err = feed(r, input[:n])
		requests = append(requests, more...)
		if err != nil {
			break
		}
		input = input[n:]
	}
	return requests, err
}

// randomInput is made of the pieces that requests are made of, so that it goes wrong in interesting places.
func randomInput(random *rand.Rand) []byte {
	pieces := []string{
		"*1\r\n", "*2\r\n", "*0\r\n", "*-1\r\n", "*", "$", "\r\n", "\n", "\r", "$1\r\n", "$3\r\n", "$0\r\n", "a",
		"abc", "\x00", " ", "\"", "'", "\\", "\\x4f", "PING", "$-1\r\n", "$99999999999999999999\r\n", "*3\r\n",
		"\t", "1", "-", "$1\r\na\r\n",
		"*1\r\n$4\r\nPING\r\n", "$3\r\nfoo\r\n",
	}
	var input []byte
	for range random.IntN(30) {
		input = append(input, pieces[random.IntN(len(pieces))]...)
	}
	return input
}

func FuzzReaderIsBoundedAndIndependentOfCuts(f *testing.F) {
	for i, c := range readerCases {
		f.Add([]byte(c.input), uint64(i))
	}
	f.Add([]byte("*1\r\n$9223372036854775807\r\n"), uint64(1))
	f.Add([]byte("*1048576\r\n$1\r\n"), uint64(2))
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		wanted, wantedErr := parseWhole(input, testLimits().WithDefaults())
		want := outcome(wanted, wantedErr)
		random := rand.New(rand.NewPCG(seed, 0))
		if got := outcome(feedRandomly(random, input)); got != want {
			t.Fatalf("input %q cuts %d\n got %s\nwant %s", input, seed, got, want)
		}
	})
}

func BenchmarkReaderSet64Bytes(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline=%d", depth), func(b *testing.B) {
			one := fmt.Sprintf("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$64\r\n%s\r\n", strings.Repeat("v", 64))
			input := []byte(strings.Repeat(one, depth))
			r := NewReader(Limits{})
			var argv [][]byte
			b.ReportAllocs()
			b.SetBytes(int64(len(one)))
			for i := 0; i < b.N; i += depth {
				r.Received(copy(r.Space(), input))
				for range depth {
					argv, _ = r.Next(argv[:0])
				}
			}
			runtime.KeepAlive(argv)
		})
	}
}
