package fsm

import (
	"bytes"
	"os"
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/reply"
)

// guarded is memory that can be locked: then to read or write it is a fault, which panics.
type guarded struct {
	t    *testing.T
	data []byte
}

func newGuarded(t *testing.T, length int) *guarded {
	t.Helper()
	data, err := syscall.Mmap(-1, 0, length, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	before := debug.SetPanicOnFault(true)
	t.Cleanup(func() {
		debug.SetPanicOnFault(before)
		if err := syscall.Munmap(data); err != nil {
			t.Error(err)
		}
	})
	return &guarded{t, data}
}

// protect changes what may be done with the whole pages of a part.
func (g *guarded) protect(begin, end, protection int) {
	g.t.Helper()
	page := os.Getpagesize()
	if err := syscall.Mprotect(g.data[(begin+page-1)/page*page:end/page*page], protection); err != nil {
		g.t.Fatal(err)
	}
}

// guardedBody is the body of a command with one long value, of which no whole page may be touched.
func guardedBody(t *testing.T, length int, args ...string) (g *guarded, body, long []byte, unlock func()) {
	t.Helper()
	long = varied(length)
	all := [][]byte{}
	for _, arg := range args {
		if arg == "LONG" {
			all = append(all, long)
		} else {
			all = append(all, []byte(arg))
		}
	}
	g = newGuarded(t, argv.Size(all))
	body = argv.Append(g.data[:0], all)
	return g, body, long, func() { g.protect(0, len(body), syscall.PROT_READ|syscall.PROT_WRITE) }
}

// G12: What is done at the last piece of a large body, and by each command behind it that does not ask for the bytes,
// does not look at a page of the value: nothing is copied, hashed or compared there. The same machine without a
// preparation faults, or this test would show nothing.
func TestTheLastPieceTouchesNoLongValue(t *testing.T) {
	const length = 8 << 20
	for _, args := range [][]string{
		{"SET", "k", "LONG"}, {"SET", "k", "LONG", "EX", "100", "GET"}, {"SET", "k", "LONG", "KEEPTTL"},
		{"SETEX", "k", "100", "LONG"},
		{"PSETEX", "k", "100000", "LONG"}, {"GETSET", "k", "LONG"}, {"MSET", "k", "LONG", "other", "LONG"},
		{"MSETNX", "fresh", "LONG"}, {"SETNX", "fresh", "LONG"}, {"APPEND", "fresh", "LONG"},
		{"SETRANGE", "fresh", "0", "LONG"},
		{"SETRANGE", "k", "0", "LONG"},
	} {
		g, body, long, unlock := guardedBody(t, length, args...)
		m := newMachine(t)
		do(m, words("SET k before EX 1000"))
		prepare(m, body, 1<<20)
		run := newRun(2, argsOf(t, body))
		run.Submitted, run.LateBytes = body, leftOutBytes
		run.Summarize(command.SummedBytes)
		begin := bytes.Index(body, long[:100])
		g.protect(begin, begin+length, syscall.PROT_NONE)
		m.Apply(m.Index()+1, 0, body, run)
		key := run.Calls[0].Args[1]
		get := newRun(2, [][]byte{[]byte("GET"), key})
		get.LateBytes = leftOutBytes
		m.Query(0, get)
		for _, line := range []string{"STRLEN", "EXISTS", "TTL", "PERSIST", "TYPE"} {
			do(m, [][]byte{[]byte(line), key})
		}
		do(m, [][]byte{[]byte("RENAME"), key, []byte("moved")})
		do(m, words("COPY moved copy"))
		do(m, words("APPEND copy x"))
		do(m, words("SET moved y"))
		do(m, words("DEL copy"))
		unlock()
		want := reply.Bulk(nil, long)
		if get.Join(); get.WantsFreeze || !bytes.Equal(get.Reply, want) {
			t.Errorf("%s: GET answers %d bytes", args, len(get.Reply))
		}
	}
	g, body, long, unlock := guardedBody(t, length, "SET", "k", "LONG")
	begin := bytes.Index(body, long[:100])
	g.protect(begin, begin+length, syscall.PROT_NONE)
	defer unlock()
	defer func() {
		if recover() == nil {
			t.Error("without a preparation the value is not touched either: the test shows nothing")
		}
	}()
	newMachine(t).Apply(1, 0, body, nil)
}

// argsOf decodes the only command of a body.
func argsOf(t *testing.T, body []byte) [][]byte {
	t.Helper()
	args, rest, err := argv.Next(body, nil)
	if err != nil || len(rest) > 0 {
		t.Fatalf("no single command: %v", err)
	}
	return args
}
