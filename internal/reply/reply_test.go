package reply

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

func TestEachValueHasTheFormOfItsProtocol(t *testing.T) {
	const minimum = ":-9223372036854775808\r\n"
	for name, c := range map[string]struct {
		encode       func(protocol int) []byte
		resp2, resp3 string
	}{
		"null":       {func(p int) []byte { return Null(nil, p) }, "$-1\r\n", "_\r\n"},
		"null array": {func(p int) []byte { return NullArray(nil, p) }, "*-1\r\n", "_\r\n"},
		"map":        {func(p int) []byte { return MapHeader(nil, p, 3) }, "*6\r\n", "%3\r\n"},
		"set":        {func(p int) []byte { return SetHeader(nil, p, 3) }, "*3\r\n", "~3\r\n"},
		"push":       {func(p int) []byte { return PushHeader(nil, p, 3) }, "*3\r\n", ">3\r\n"},
		"true":       {func(p int) []byte { return Bool(nil, p, true) }, ":1\r\n", "#t\r\n"},
		"false":      {func(p int) []byte { return Bool(nil, p, false) }, ":0\r\n", "#f\r\n"},
		"double":     {func(p int) []byte { return Double(nil, p, 0.1) }, "$3\r\n0.1\r\n", ",0.1\r\n"},
		"whole":      {func(p int) []byte { return Double(nil, p, 3) }, "$1\r\n3\r\n", ",3\r\n"},
		"infinite":   {func(p int) []byte { return Double(nil, p, math.Inf(-1)) }, "$4\r\n-inf\r\n", ",-inf\r\n"},
		"no number":  {func(p int) []byte { return Double(nil, p, math.NaN()) }, "$3\r\nnan\r\n", ",nan\r\n"},
		"pairs": {
			func(p int) []byte { return pairs(nil, p) },
			"*4\r\n$1\r\na\r\n$3\r\n1.5\r\n$1\r\nb\r\n*1\r\n:2\r\n",
			"*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n*1\r\n:2\r\n",
		},
		"no pairs":    {func(p int) []byte { return PairsHeader(nil, p, 0) }, "*0\r\n", "*0\r\n"},
		"number text": {func(p int) []byte { return DoubleText(nil, p, "2.50") }, "$4\r\n2.50\r\n", ",2.50\r\n"},
		"verbatim": {
			func(p int) []byte { return Verbatim(nil, p, "txt", "a\r\nb") },
			"$4\r\na\r\nb\r\n", "=8\r\ntxt:a\r\nb\r\n",
		},
		"ok":          {func(int) []byte { return OK(nil) }, "+OK\r\n", "+OK\r\n"},
		"simple":      {func(int) []byte { return Simple(nil, "PONG") }, "+PONG\r\n", "+PONG\r\n"},
		"integer":     {func(int) []byte { return Integer(nil, math.MinInt64) }, minimum, minimum},
		"bulk":        {func(int) []byte { return Bulk(nil, []byte("a\x00b")) }, "$3\r\na\x00b\r\n", "$3\r\na\x00b\r\n"},
		"empty bulk":  {func(int) []byte { return BulkString(nil, "") }, "$0\r\n\r\n", "$0\r\n\r\n"},
		"bulk begun":  {func(int) []byte { return BulkHeader(nil, 12) }, "$12\r\n", "$12\r\n"},
		"array":       {func(int) []byte { return ArrayHeader(nil, 12) }, "*12\r\n", "*12\r\n"},
		"error":       {func(int) []byte { return Error(nil, Syntax) }, "-ERR syntax error\r\n", "-ERR syntax error\r\n"},
		"error lines": {func(int) []byte { return Error(nil, "ERR a\r\nb") }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
		"error end":   {func(int) []byte { return Error(nil, "ERR a\n\r\n") }, "-ERR a\r\n", "-ERR a\r\n"},
	} {
		if got := string(c.encode(RESP2)); got != c.resp2 {
			t.Errorf("%s in RESP2 is %q, want %q", name, got, c.resp2)
		}
		if got := string(c.encode(RESP3)); got != c.resp3 {
			t.Errorf("%s in RESP3 is %q, want %q", name, got, c.resp3)
		}
		kept := c.encode(Neutral)
		two, three := Render(nil, kept, RESP2), Render(nil, kept, RESP3)
		if string(two) != c.resp2 || string(three) != c.resp3 {
			t.Errorf("%s, kept as %q, is sent as %q and %q, want %q and %q", name, kept, two, three, c.resp2, c.resp3)
		}
	}
}

func TestEncodersAppend(t *testing.T) {
	dst := []byte("before")
	if got := string(Null(Integer(dst, 1), RESP3)); got != "before:1\r\n_\r\n" {
		t.Fatalf("got %q", got)
	}
}

func args(words ...string) [][]byte {
	var list [][]byte
	for _, word := range words {
		list = append(list, []byte(word))
	}
	return list
}

func TestUnknownCommandRepeatsABoundedPartOfTheCall(t *testing.T) {
	long := strings.Repeat("x", 200)
	for want, call := range map[string][][]byte{
		"ERR unknown command 'foo', with args beginning with: ":                         args("foo"),
		"ERR unknown command 'foo', with args beginning with: 'a' 'b c' ":               args("foo", "a", "b c"),
		"ERR unknown command '" + long[:128] + "', with args beginning with: ":          args(long),
		"ERR unknown command 'f', with args beginning with: '" + long[:128] + "' ":      args("f", long, "z"),
		"ERR unknown command 'f', with args beginning with: 'ab' '" + long[:123] + "' ": args("f", "ab", long, "z"),
		"ERR unknown command 'a', with args beginning with: 'x' ":                       args("a\x00b", "x\x00y"),
		"ERR unknown command 'f', with args beginning with: '" + long[:124] + "' 'z' ":  args("f", long[:124], "zz"),
		"ERR unknown command 'f', with args beginning with: '" + long[:125] + "' ":      args("f", long[:125], "zz"),
		"ERR unknown command '', with args beginning with: '' '' ":                      args("", "", ""),
	} {
		if got := UnknownCommand(call); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestTextsWithNames(t *testing.T) {
	if got, want := WrongArity("client|id"), "ERR wrong number of arguments for 'client|id' command"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got, want := UnknownSubcommand(args("cLient", "Foo", "x")), "ERR unknown subcommand 'Foo'. Try CLIENT HELP."
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersAllocateNothing(t *testing.T) {
	dst := make([]byte, 0, 256)
	value := bytes.Repeat([]byte("v"), 64)
	n := testing.AllocsPerRun(100, func() {
		Verbatim(Double(Bulk(Integer(dst, 42), value), RESP3, 1.5), RESP3, "txt", "text")
	})
	if n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
