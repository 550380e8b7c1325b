package main

import (
	"bytes"
	"testing"
)

// A command is taken when its last byte is there, never before, and the next one begins right after it.
func TestCommandsAreTakenWhole(t *testing.T) {
	const input = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\nhello\r\nworld\r\n*1\r\n$4\r\nPING\r\n"
	const first = len(input) - len("*1\r\n$4\r\nPING\r\n")
	for n := range len(input) + 1 {
		arguments, rest := next([]byte(input[:n]), nil)
		if (arguments != nil) != (n >= first) {
			t.Fatalf("%d of %d bytes: %q", n, len(input), arguments)
		}
		if n >= first && (len(arguments) != 3 || string(arguments[2]) != "hello\r\nworld" || len(rest) != n-first) {
			t.Errorf("%q, rest %q", arguments, rest)
		}
	}
	for _, bad := range []string{"PING\r\n", "*x\r\n", "*99\r\n", "*1\r\n+4\r\nPING\r\n", "*1\r\n$99999999999\r\n"} {
		if arguments, _ := next([]byte(bad), nil); arguments != nil {
			t.Errorf("%q is taken for %q", bad, arguments)
		}
	}
}

func TestGroupsAreApplied(t *testing.T) {
	group := appendEntry(appendEntry(nil, []byte("a"), []byte("1")), []byte("b"), nil)
	k := keys{}
	k.apply(group)
	k.apply(appendEntry(nil, []byte("a"), []byte("2")))
	k.apply(appendEntry(nil, []byte("b"), []byte("longer")))
	if len(k) != 2 || !bytes.Equal(k["a"], []byte("2")) || !bytes.Equal(k["b"], []byte("longer")) {
		t.Errorf("%q", k)
	}
}
