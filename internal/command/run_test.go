package command

import (
	"bytes"
	"testing"
)

func split(line string) [][]byte { return bytes.Fields([]byte(line)) }

func TestBodyHoldsTheWritesInOrder(t *testing.T) {
	run := Run{Protocol: 2}
	for _, line := range []string{"set a 1", "get a", "incr b"} {
		spec := &Spec{Class: Write}
		if line == "get a" {
			spec.Class = Read
		}
		run.Calls = append(run.Calls, Call{Spec: spec, Args: split(line)})
	}
	run.Calls = append(run.Calls, Call{Fixed: []byte("+PONG\r\n")})
	body := run.Body([]byte("> "), func(dst []byte, args [][]byte) []byte {
		return append(append(dst, bytes.Join(args, []byte(" "))...), ';')
	})
	if got := string(body); got != "> set a 1;incr b;" {
		t.Fatalf("body is %q", got)
	}
	if !run.HasWrite() {
		t.Fatal("a run with SET has no write")
	}
	run.Calls = run.Calls[1:2]
	if run.HasWrite() {
		t.Fatal("a run of GET alone has a write")
	}
}
