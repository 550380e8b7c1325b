package fsm

import (
	"bytes"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/reply"
)

// testSeed is the hash seed of machines in tests; any number would do.
const testSeed = 0x5eed

// newMachine is an empty machine with default options.
func newMachine(t testing.TB) *Machine {
	t.Helper()
	m := New(Options{})
	if err := m.Restore(testSeed, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// words makes the arguments of a command from a line.
func words(line string) [][]byte { return bytes.Fields([]byte(line)) }

// newRun makes a run as a connection does: what is not a call of a command has a fixed reply.
func newRun(protocol int, calls ...[][]byte) *command.Run {
	run := &command.Run{Protocol: protocol}
	for _, args := range calls {
		run.Calls = append(run.Calls, newCall(args))
	}
	return run
}

func newCall(args [][]byte) command.Call {
	switch spec, fault := commands.Find(args); fault {
	case command.NoFault:
		return command.Call{Spec: spec, Args: args}
	case command.WrongArity:
		return command.Call{Fixed: reply.Error(nil, reply.WrongArity(spec.Name))}
	case command.UnknownSubcommand:
		return command.Call{Fixed: reply.Error(nil, reply.UnknownSubcommand(args))}
	default:
		return command.Call{Fixed: reply.Error(nil, reply.UnknownCommand(args))}
	}
}

// expectNoError fails the test if there is an error among replies.
func expectNoError(t *testing.T, replies string) {
	t.Helper()
	if strings.HasPrefix(replies, "-") || strings.Contains(replies, "\n-") {
		t.Fatalf("answered %.200q", replies)
	}
}

// do applies calls as one entry with a run, or as a query if none writes, and returns the replies. Where a read wants
// to fill a cache they are an entry.
func do(m *Machine, calls ...[][]byte) string { return doIn(m, 2, calls...) }

func doIn(m *Machine, protocol int, calls ...[][]byte) string {
	run := newRun(protocol, calls...)
	if run.MayFill = true; run.HasWrite() {
		m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	} else if m.Query(0, run); run.WantsFill {
		fill(m, 0, run)
	}
	return string(run.Reply)
}

// script runs lines, each an entry or a query of its own, and returns all replies with spaces for line ends.
func script(m *Machine, lines ...string) string {
	var replies strings.Builder
	for _, line := range lines {
		replies.WriteString(do(m, words(line)))
	}
	return strings.TrimSpace(strings.ReplaceAll(replies.String(), "\r\n", " "))
}

// body is the body of an entry with the commands on these lines.
func body(lines ...string) []byte {
	var b []byte
	for _, line := range lines {
		b = argv.Append(b, words(line))
	}
	return b
}

// imageOf is the image of the present state.
func imageOf(t testing.TB, m *Machine) []byte {
	t.Helper()
	image := m.Freeze()
	defer image.Release()
	return written(t, image)
}

func written(t testing.TB, image *Image) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := image.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) {
		t.Fatalf("WriteTo says %d bytes and wrote %d", n, b.Len())
	}
	return b.Bytes()
}

// restored is a new machine in the state of an image.
func restored(t testing.TB, image []byte) *Machine {
	t.Helper()
	m := New(Options{})
	if err := m.Restore(testSeed, bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkHash compares the state hash, kept up with each write, with that of a machine restored from the image, which
// makes it at once.
func checkHash(t testing.TB, m *Machine) {
	t.Helper()
	again := New(Options{MaxValueBytes: m.maxValueBytes})
	if err := again.Restore(testSeed, bytes.NewReader(imageOf(t, m))); err != nil {
		t.Fatal(err)
	}
	if again.Hash() != m.Hash() {
		t.Fatalf("the state hash is %x, made at once %x", m.Hash(), again.Hash())
	}
}

// content is the string of an entry.
func content(e *keyspace.Entry) string {
	text, _ := exec.TextOf(e)
	return string(text.Append(nil))
}
