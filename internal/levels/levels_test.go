//go:build !newer

package levels

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/wal/raftlog"
)

var rewrite = flag.Bool("rewrite", false, "write the file of this build's level anew")

// released is the highest level of a version that was released. Files up to it never change: nodes in the field
// understand exactly that. A release raises it.
const released = 0

// formats are files with bytes that nodes read of each other, or in a directory that another build has used. They
// change only with the format that they describe.
var formats = []string{
	"consensus/internal/transport/testdata/*.txt", "consensus/membership/testdata/*.golden",
	"fsm/testdata/*.hex", "snapshot/testdata/*.golden", "wal/journal/testdata/*.golden",
}

const root = "../.."

func levelFile(level uint8) string  { return fmt.Sprintf("testdata/level-%d.txt", level) }
func scriptFile(level uint8) string { return fmt.Sprintf("testdata/commands-%d.txt", level) }

// A build that understands something else than the file of its level says is of another level: that is what keeps older
// nodes from entries that they cannot apply.
func TestWhatTheBuildUnderstandsIsBoundToItsLevel(t *testing.T) {
	text := describe(t, commands.Each(), raftlog.Level)
	if *rewrite && raftlog.Level > released {
		if err := os.WriteFile(levelFile(raftlog.Level), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(levelFile(raftlog.Level))
	if err != nil {
		t.Fatalf("%v: run go test ./internal/levels -rewrite, which writes it", err)
	}
	if complaint := compare(string(want), text); complaint != "" {
		t.Fatal(complaint)
	}
}

// A step that is forgotten is noticed, by words that say what to do.
func TestAForgottenLevelIsNoticed(t *testing.T) {
	want, err := os.ReadFile(levelFile(raftlog.Level))
	if err != nil {
		t.Fatal(err)
	}
	longer, another := *data.Append, *data.SetRange
	longer.Arity, another.Name = -3, "setwidth"
	for name, table := range map[string][]*command.Spec{
		"another arity": replaced(data.Append, &longer),
		"a new command": append(slices.Collect(commands.Each()), &another),
		"a lost one":    replaced(data.Append, nil),
	} {
		complaint := compare(string(want), describe(t, slices.Values(table), raftlog.Level))
		if !strings.Contains(complaint, "raise raftlog.Level to 2") || !strings.Contains(complaint, "-rewrite") {
			t.Errorf("%s: %q", name, complaint)
		}
	}
}

// What the levels before do has not changed: the log of each of them leads this build to the same state.
func TestALogOfAnEarlierLevelLeadsToTheSameState(t *testing.T) {
	for level := uint8(raftlog.FirstLevel); level <= raftlog.Level; level++ {
		want, err := os.ReadFile(levelFile(level))
		if err != nil {
			t.Fatal(err)
		}
		if line := replay(t, level); !strings.Contains(string(want), line) {
			t.Errorf("at level %d the log leads to\n%s\nwhich %s does not say", level, line,
				levelFile(level))
		}
	}
}

func replaced(old, by *command.Spec) []*command.Spec {
	var table []*command.Spec
	for spec := range commands.Each() {
		switch {
		case spec != old:
			table = append(table, spec)
		case by != nil:
			table = append(table, by)
		}
	}
	return table
}

// compare says in words what to do if a build is not what the file of its level says; empty if it is.
func compare(want, got string) string {
	if want == got {
		return ""
	}
	before, now := strings.Split(want, "\n"), strings.Split(got, "\n")
	var lines []string
	for _, line := range before {
		if !slices.Contains(now, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(before, line) {
			lines = append(lines, "+ "+line)
		}
	}
	todo := fmt.Sprintf("No version of level %d was released. If nodes of one cluster need not understand each other "+
		"across this change, run go test ./internal/levels -rewrite, and say so in the commit message.", raftlog.Level)
	if raftlog.Level <= released {
		todo = "A version of this level was released, so there is no other way."
	}
	return fmt.Sprintf("What nodes of level %d understand has changed:\n%s\nNodes of the build before would fail, or "+
		"diverge in silence. To keep them: raise raftlog.Level to %d, give what is new that level (Spec.Level, "+
		"Traits.Level), write it only while the level in force has reached it (docs/decisions/0043), and run "+
		"go test ./internal/levels -rewrite, which writes %s. %s",
		raftlog.Level, strings.Join(lines, "\n"), raftlog.Level+1, levelFile(raftlog.Level+1), todo)
}

// describe lists what a build understands.
func describe(t *testing.T, table iter.Seq[*command.Spec], level uint8) string {
	var b strings.Builder
	fmt.Fprintf(&b, "What nodes of feature level %d understand. The test of this package writes the file.\n", level)
	fmt.Fprintln(&b, "\ncommands that change the state: name, arity, level, what follows the name")
	for spec := range table {
		if spec.Class == command.Write || spec.Fills != nil {
			fmt.Fprintf(&b, "  %s %d %d %s\n", spec.Name, spec.Arity, max(spec.Level, raftlog.FirstLevel), spec.Usage)
		}
	}
	fmt.Fprintln(&b, "\ncommands that read, and that RAFT.ONCE takes: name, arity, level, what follows the name")
	for spec := range commands.Each() {
		if spec.Class == command.Read && commands.RefusedOnce(spec) == "" {
			fmt.Fprintf(&b, "  %s %d %d %s\n", spec.Name, spec.Arity, max(spec.Level, raftlog.FirstLevel), spec.Usage)
		}
	}
	fmt.Fprintln(&b, "\nkinds of entries")
	for _, kind := range raftlog.Kinds() {
		traits := kind.Traits()
		traits.Title = "" // for people
		fmt.Fprintf(&b, "  %d %+v\n", uint8(kind), traits)
	}
	fmt.Fprintln(&b, "\nformats: file, first half of its SHA-256")
	for _, pattern := range formats {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(root, path)
			fmt.Fprintf(&b, "  %s %s\n", filepath.ToSlash(name), half(content))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", replay(t, level))
	return b.String()
}

func half(content []byte) string {
	sum := sha256.Sum256(content)
	return fmt.Sprintf("%x", sum[:16])
}

func whole(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// replay applies the logs of all levels up to one, at that one, and says where they lead.
func replay(t *testing.T, level uint8) string {
	t.Helper()
	var script []byte
	for l := uint8(raftlog.FirstLevel); l <= level; l++ {
		part, err := os.ReadFile(scriptFile(l))
		if err != nil {
			t.Fatal(err)
		}
		script = append(script, part...)
	}
	m := fsm.New(fsm.Options{})
	if err := m.Restore(0x5eed, nil); err != nil {
		t.Fatal(err)
	}
	m.SetLevel(level)
	var replies bytes.Buffer
	called, stamp, index := map[string]bool{}, int64(1_700_000_000_000), uint64(0)
	for line := range strings.Lines(string(script)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		run := &command.Run{Protocol: 2}
		if words[0] == "in" { // a database, of so many
			run.Database, run.Databases, words = whole(t, words[1]), whole(t, words[2]), words[3:]
		}
		if words[0] == "by" { // a layout
			bytes, entries, sparse := whole(t, words[1]), whole(t, words[2]), whole(t, words[3])
			run.Layout, words = command.LayoutOf(int64(bytes), int64(entries), int64(sparse)), words[4:]
		}
		args := make([][]byte, len(words))
		for i, word := range words {
			if text, err := strconv.Unquote(word); err == nil {
				word = text
			}
			args[i] = []byte(word)
		}
		index, stamp = index+1, stamp+1000
		if words[0] == "tick" {
			m.Apply(index, stamp, nil, nil)
			continue
		}
		spec, fault := commands.Find(args)
		if fault != command.NoFault || !spec.MayWrite(args) {
			t.Fatalf("testdata/commands-*.txt: %q is no write", line)
		}
		called[spec.Name] = true
		run.Calls = []command.Call{{Spec: spec, Args: args, Filling: spec.Class == command.Read}}
		m.Apply(index, stamp, run.Body(nil, argv.Append), run)
		replies.Write(run.Reply)
	}
	for spec := range commands.Each() {
		if (spec.Class == command.Write || spec.Fills != nil) && spec.Level <= level && !called[spec.Name] {
			t.Errorf("no log has a call of %s: add one to %s", spec.Name, scriptFile(max(spec.Level, raftlog.FirstLevel)))
		}
	}
	if len(m.Stats().Databases) < 3 {
		t.Errorf("the log leaves keys in %v: of no other database the image shows anything", m.Stats().Databases)
	}
	image := m.Freeze()
	hash := image.Hash()
	var content bytes.Buffer
	if _, err := image.WriteTo(&content); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("replay of %d entries: state %016x, image %s, replies %s", index, hash, half(content.Bytes()),
		half(replies.Bytes()))
}
