package differences

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the tables of the document anew")

// root is where the project is, as seen from the tests of this package.
var root = filepath.Join("..", "..")

func TestEachDifferenceIsCompleteAndHasAnIDOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for i := range List {
		d := &List[i]
		if d.ID == "" || d.Redis == "" || d.Here == "" || d.Why == "" {
			t.Errorf("%q lacks something: %+v", d.ID, d)
		}
		if seen[d.ID] {
			t.Errorf("%s is there twice", d.ID)
		}
		seen[d.ID] = true
		if (len(d.Probes) == 0) == (d.Proof == "") {
			t.Errorf("%s has %d probes and the proof %q, where it should have one of the two", d.ID, len(d.Probes), d.Proof)
		}
		for _, p := range d.Probes {
			for _, pattern := range []string{p.Redis, p.Here} {
				if _, err := regexp.Compile(pattern); err != nil || len(p.Lines) == 0 {
					t.Errorf("%s: the probe %q with %q: %v", d.ID, p.Lines, pattern, err)
				}
			}
		}
	}
}

func TestTheProofsExist(t *testing.T) {
	tests := allTests(t)
	for i := range List {
		if d := &List[i]; d.Proof != "" && !tests[d.Proof] {
			t.Errorf("%s is proven by %s, which does not exist", d.ID, d.Proof)
		}
	}
}

// allTests are the names of all tests of the project.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range function.FindAllSubmatch(text, -1) {
			tests[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// The document's tables stand between these lines, and are written by this test.
const (
	beginOfTable = "<!-- %s: written by go test ./internal/differences -rewrite -->\n"
	endOfTable   = "<!-- end -->\n"
)

func TestTheDocumentSaysWhatTheListSays(t *testing.T) {
	path := filepath.Join(root, "docs", "differences.md")
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(bytes)
	for name, fresh := range map[string]string{
		"from 7.2": table(false), "from 7.0": table(true), "absent commands": absentTable("commands", AbsentCommands),
		"absent fields": absentTable("fields of INFO", AbsentFields),
	} {
		before, rest, found := strings.Cut(text, fmt.Sprintf(beginOfTable, name))
		old, after, ends := strings.Cut(rest, endOfTable)
		if !found || !ends {
			t.Fatalf("%s has no place for the table of differences %s", path, name)
		}
		if fresh != old {
			if !*rewrite {
				t.Errorf("the table of differences %s is not what the list says: go test ./internal/differences -rewrite", name)
			}
			text = before + fmt.Sprintf(beginOfTable, name) + fresh + endOfTable + after
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// table is the part of the list in which Redis 7.2 does, or does not, as this server does.
func table(newer bool) string {
	var b strings.Builder
	b.WriteString("\n| difference | Redis | here | why |\n|---|---|---|---|\n")
	for i := range List {
		if d := &List[i]; d.Newer == newer {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.ID, d.Redis, d.Here, d.Why)
		}
	}
	b.WriteString("\n")
	return b.String()
}

func TestAnExcuseIsNoExcuseForAnythingElse(t *testing.T) {
	const outOfRange = "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n"
	for _, c := range []struct {
		call, redis, here string
		want              string
	}{
		{"object encoding k", "$3\r\nraw\r\n", "$6\r\nembstr\r\n", "object-encoding"},
		{"object encoding k", "$3\r\nraw\r\n", "$-1\r\n", ""},
		{"object encoding k", "$3\r\nint\r\n", "$6\r\nembstr\r\n", ""},
		{"object refcount k", ":1\r\n", ":2147483647\r\n", "object-refcount"},
		{"object refcount k", ":2\r\n", ":1\r\n", "object-refcount"},
		{"object refcount k", ":2147483647\r\n", ":1\r\n", ""},
		{"object refcount k", ":1\r\n", ":2\r\n", ""},
		{"object idletime k", ":0\r\n", ":1\r\n", "object-idletime"},
		{"object idletime k", ":5\r\n", ":4\r\n", "object-idletime"},
		{"object idletime k", ":5\r\n", ":3\r\n", ""},
		{"object idletime k", "$-1\r\n", ":0\r\n", ""},
		{"object help", "*1\r\n+a\r\n", "*1\r\n+b\r\n", "help"},
		{"object help x", "*1\r\n+a\r\n", "*1\r\n+b\r\n", ""},
		{"scan 5", "*2\r\n$1\r\n0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n", "scan-cursor"},
		{"hscan k 5", "*2\r\n$1\r\n0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n", "scan-cursor"},
		{"sscan k 0", "*2\r\n$1\r\n0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n", ""},
		{"scan 0", "*2\r\n$1\r\n0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nk\r\n", ""},
		{"scan 5", "*2\r\n$1\r\n0\r\n*0\r\n", "-ERR invalid cursor\r\n", ""},
		{"bitfield k get u8 #72057594037927936", "*1\r\n:0\r\n", "-ERR offset\r\n", "bitfield-offset"},
		{"bitfield k get u8 #7", "*1\r\n:0\r\n", "-ERR offset\r\n", ""},
		{"delex k", "-ERR unknown command 'delex'\r\n", ":0\r\n", "newer-conditions"},
		{"delex k", ":1\r\n", ":0\r\n", ""},
		{"lpos k a RANK -9223372036854775808", ":2\r\n", outOfRange, "newer-lpos-rank"},
		{"lpos k a RANK -9223372036854775807", ":2\r\n", outOfRange, ""},
		{"lpos k a rank -9223372036854775808 RANK 0", "-ERR RANK can't be zero\r\n", outOfRange, "newer-lpos-rank"},
		{"lpos k a RANK 1 rank -9223372036854775808", ":2\r\n", outOfRange, "newer-lpos-rank"},
		{"lpos k a COUNT 1 nosuch -9223372036854775808", ":2\r\n", outOfRange, ""},
		{"lpos k -9223372036854775808 RANK 1", ":2\r\n", outOfRange, ""},
		{"georadius k 0 0 1 km count 1", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", "places-as-far"},
		{"geosearch k count 1 withdist", "*1\r\n*2\r\n$1\r\na\r\n$1\r\n7\r\n", "*1\r\n*2\r\n$1\r\nb\r\n$1\r\n7\r\n",
			"places-as-far"},
		{"geosearch k count 1 withdist", "*1\r\n*2\r\n$1\r\na\r\n$1\r\n7\r\n", "*1\r\n*2\r\n$1\r\nb\r\n$1\r\n8\r\n",
			""},
		{"georadius k 0 0 1 km count 2", "*1\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", ""},
		{"georadius k 0 0 1 km", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", ""},
		{"sort k by x", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*2\r\n$1\r\nb\r\n$1\r\na\r\n", "sort-of-a-set-as-it-is"},
		{"sort k by x", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", ""},
		{"sort k by x LIMIT 0 1", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", "sort-of-a-set-as-it-is"},
		{"sort_ro k limit 0 1 by * BY x", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", "sort-of-a-set-as-it-is"},
		{"sort k limit 0 1 by x by *", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", ""},
		{"sort k limit 0 1 get by", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\nb\r\n", ""},
		{"sort k by x limit 0 2", "*1\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", ""},
		{"sort k by x limit 0 2", "*1\r\n$1\r\na\r\n", "-ERR no\r\n", ""},
		{"lpos k a RANK -9223372036854775808", ":2\r\n", "$-1\r\n", ""},
		{"zscan k 0", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$2\r\n-0\r\n",
			"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\n0\r\n", "digits-of-scores"},
		{"get k", "$1\r\na\r\n", "$1\r\nb\r\n", ""},
	} {
		if got, _ := Excuse(strings.Fields(c.call), c.redis, c.here); got != c.want {
			t.Errorf("%s, %q here %q: excused by %q, want %q", c.call, c.redis, c.here, got, c.want)
		}
	}
	if !Avoid(strings.Fields("bitfield k overflow sat set i8 0 -9223372036854775808")) ||
		Avoid(strings.Fields("bitfield k overflow sat set i8 0 -5")) {
		t.Error("what is avoided is not what overflows")
	}
}
