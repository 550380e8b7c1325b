package raftredis_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// invented makes a tree of a few files, each "path: text".
func invented(t *testing.T, files map[string]string) *tree {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	made, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// of makes a Go file of a package that imports some others.
func of(name string, imports ...string) string {
	text := "package " + name + "\n\n"
	for _, imported := range imports {
		text += "import _ \"" + imported + "\"\n"
	}
	return text
}

const ours = module + "/"

// trial is one small tree and what a rule must say about it: the places it finds, as path:line, and nothing else.
type trial struct {
	name  string
	check func(*tree) []finding
	files map[string]string
	want  []string
}

func places(found []finding) (places []string) {
	for _, f := range found {
		place, _, _ := strings.Cut(f.String(), ": ")
		places = append(places, place)
	}
	slices.Sort(places)
	return places
}

func try(t *testing.T, trials []trial) {
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			if got := places(c.check(invented(t, c.files))); !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
		})
	}
}

func TestTreeRules_ImportsAreConfined(t *testing.T) {
	try(t, []trial{
		{"fsm knows no raft", importDirections, map[string]string{
			"fsm/a.go":      of("fsm", ours+"internal/argv", ours+"consensus/raft"),
			"cmd/x/a.go":    of("main", ours+"consensus/raft", ours+"fsm"),
			"wal/a.go":      of("wal", ours+"wal/journal"),
			"wal/b_test.go": of("wal_test", ours+"wal"),
		}, []string{"fsm/a.go:4"}},
		{"leaves know nobody", importDirections, map[string]string{
			"internal/a/a.go": of("a", ours+"internal/b"),
			"internal/b/b.go": of("b", ours+"fsm"),
			// One that is listed knows what it is listed with, and nobody else.
			"internal/torture/a.go": of("torture", ours+"internal/client", ours+"internal/reply"),
		}, []string{"internal/a/a.go:3", "internal/b/b.go:3", "internal/torture/a.go:4"}},
		{"a new package needs a place", importDirections, map[string]string{"misc/a.go": of("misc")},
			[]string{"misc/a.go:1"}},
		{"test support stays in tests", testSupport, map[string]string{
			"internal/blackbox/a.go": of("blackbox", "testing"),
			"cmd/x/a_test.go":        of("main", "testing", ours+"internal/blackbox"),
			"cmd/x/a.go":             of("main", "testing", ours+"internal/blackbox"),
		}, []string{"cmd/x/a.go:3", "cmd/x/a.go:4"}},
		{"the core reaches for no clock", pureImports, map[string]string{
			"consensus/raft/a.go":      of("raft", "time", "fmt", "sync/atomic", "log/slog"),
			"consensus/raft/a_test.go": of("raft", "time", "os"),
			"consensus/engine/a.go":    of("engine", "context"),
		}, []string{"consensus/raft/a.go:3", "consensus/raft/a.go:5", "consensus/raft/a.go:6"}},
		{"only pumps wait", engineImports, map[string]string{
			"consensus/engine/turn.go":      of("engine", "sync"),
			"consensus/engine/pump_loop.go": of("engine", "sync", "time"),
		}, []string{"consensus/engine/turn.go:3"}},
		{"a module goes where the table says", moduleImports, map[string]string{
			"fsm/keyspace/a.go":   of("keyspace", "github.com/tidwall/btree", "github.com/tidwall/redcon"),
			"resp/a_test.go":      of("resp", "github.com/redis/go-redis/v9", "example.org/else"),
			"internal/reply/a.go": of("reply", "github.com/tidwall/redcon", "encoding/json"),
			"cmd/x/a.go":          of("main", "github.com/spf13/pflag", "go.uber.org/goleak"),
		}, []string{"cmd/x/a.go:4", "fsm/a.go:4", "resp/a_test.go:4"}},
	})
}

func TestTreeRules_GoroutinesSleepsAndSkipsAreFound(t *testing.T) {
	start := func(name string) string { return "package " + name + "\n\nfunc f() { go f() }\n" }
	try(t, []trial{
		{"goroutines", goStatements, map[string]string{
			"fsm/a.go": start("fsm"), "fsm/a_test.go": start("fsm"), "resp/conn.go": start("resp"),
			"resp/server.go": start("resp"), "consensus/engine/turn.go": start("engine"),
			"consensus/engine/pump_loop.go": start("engine"), "consensus/internal/transport/peer.go": start("transport"),
			"cmd/x/a.go": start("main"), "bench/a.go": start("bench"),
			"internal/blackbox/a.go": start("blackbox"), "internal/torture/a.go": start("torture"),
			"consensus/node.go": start("consensus"),
		}, []string{"consensus/engine/turn.go:3", "consensus/node.go:3", "fsm/a.go:3", "resp/conn.go:3"}},
		{"sleeps", sleeps, map[string]string{
			"a_test.go": "package a\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n",
			"a.go":      "package a\n\nimport \"time\"\n\nfunc g() { time.Sleep(1) }\n",
		}, []string{"a_test.go:5"}},
		{"skips", skips, map[string]string{"a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n" +
			"\tif testing.Short() {\n\t\tt.Skip()\n\t}\n\tr.Skip(3)\n}\n"}, []string{"a_test.go:6", "a_test.go:7"}},
	})
}

func TestTreeRules_StyleIsChecked(t *testing.T) {
	long := "package a\n\nfunc f() {" + strings.Repeat("\n\tf()", functionLinesMax) + "\n}\n"
	try(t, []trial{
		{"format", formatting, map[string]string{"a.go": "package a\nvar  x = 1\n", "b.go": "package a\n"}, []string{"a.go"}},
		{"globals", globals, map[string]string{
			"a/a.go": "package a\n\nvar count, fixed int\n\nvar list = []int{1}\n\nfunc f(fixed int) { fixed = 1 }\n\n" +
				"func g() {\n\tcount++\n\tlist[0] = fixed\n\tlist := list\n\tlist[0] = 2\n}\n",
			"a/b.go":      "package a\n\nimport \"sync\"\n\nvar pool = sync.Pool{}\n\nfunc h() { count = 2 }\n",
			"a/a_test.go": "package a\n\nfunc i() { count = 3 }\n",
		}, []string{"a/a.go:10", "a/a.go:11", "a/b.go:5", "a/b.go:7"}},
		{"package comments", packageComments, map[string]string{
			"a/a.go": "package a\n", "b/b.go": "// Package b is b.\npackage b\n",
			"c/c.go": "// Package c is c.\npackage c\n", "c/doc.go": "// Package c is c.\npackage c\n",
		}, []string{"a/a.go:1", "c/doc.go:1"}},
		{"exported without comment", exportedDocs, map[string]string{
			"a/a.go": "package a\n\ntype T int\n\nfunc (T) M() {}\n\nfunc (t) M() {}\n\ntype t int\n\nconst C = 1\n\n" +
				"// E and F are a group.\nconst (\n\tE = 1\n\tF = 2\n)\n\nvar V = 1 // V is.\n",
			"b/b.go": "package main\n\nfunc Exported() {}\n",
		}, []string{"a/a.go:11", "a/a.go:3", "a/a.go:5"}},
		{"big interfaces", interfaceSizes, map[string]string{
			"a/a.go": "package a\n\ntype I interface{ A(); B(); C(); D(); E(); F(); G() }\n\ntype J interface{ A(); K }\n\n" +
				"type K interface{ B(); C(); D(); io.ReadWriteCloser }\n",
		}, []string{"a/a.go:3", "a/a.go:5"}},
		{"long functions", functionSizes, map[string]string{"a.go": long}, []string{"a.go:3"}},
		{"long files", fileSizes, map[string]string{"a.go": "package a\n" + strings.Repeat("\n", fileLinesMax)},
			[]string{"a.go"}},
		{"long lines", lineSizes, map[string]string{
			"a.go": "package a\n\n// " + strings.Repeat("é", lineColumnsMax-3) + "\n",
			"b.go": "package a\n\n" + strings.Repeat("// "+strings.Repeat("e", lineColumnsMax-2)+"\n", 2),
		}, []string{"b.go:3", "b.go:4"}},
		{"leftovers", leftovers, map[string]string{
			"a.go": "package a\n\n// " + "TO" + "DO: later, mastodon XXXL.\n", "b.md": "a\n" + "FIX" + "ME\n",
			"testdata/c.md": "HA" + "CK\n",
		}, []string{"a.go:3", "b.md:2"}},
	})
}

func TestTreeRules_ExceptionsOnlyShrink(t *testing.T) {
	sizes := map[string]int{"grown f": 90, "same f": 80, "shrunk f": 75, "fine f": 10, "new f": 71}
	exceptions := map[string]int{"grown f": 85, "same f": 80, "shrunk f": 78, "gone f": 99}
	want := []string{"grown", "new", "tree_style_test.go", "tree_style_test.go"}
	if got := places(ratchet("size", 70, sizes, exceptions, nil)); !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestTreeRules_DocumentsAreChecked(t *testing.T) {
	try(t, []trial{
		{"links", links, map[string]string{
			"README.md": "# Top of it\n[a](docs/b.md) [b](docs/none.md)\n[c](#top-of-it) [d](#none)\n" +
				"```\n[e](none)\n```\n[f](docs/b.md#the-read-path-1) [g](https://x.example/) [h](docs)\n",
			"docs/b.md": "## The `read` path, 1\n[up](../README.md)\n",
		}, []string{"README.md:2", "README.md:3"}},
		{"orphans", orphans, map[string]string{
			"README.md": "[a](docs/a.md#x)\n", "docs/a.md": "[up](../README.md) [b](b.md)\n", "docs/b.md": "b\n",
			"docs/c.md": "[itself](c.md) [self](#c)\n",
		}, []string{"docs/c.md"}},
		{"test command", testCommand, map[string]string{
			"README.md": "```\n" + theTestCommand + "\n```\n", ".ci/run": "part tests go test ./fsm\n",
		}, []string{".ci/run"}},
	})
}

func TestTreeRules_ModuleFileIsChecked(t *testing.T) {
	var file moduleFile
	add := func(path, version string, indirect bool) {
		file.Require = append(file.Require, struct {
			Path, Version string
			Indirect      bool
		}{path, version, indirect})
	}
	add("github.com/tidwall/redcon", "v1.6.3", false)
	add("github.com/tidwall/wal", "v1.2.1", true)
	add("github.com/spf13/pflag", "v1.0.10", false)
	add("example.org/else", "v1.0.0", false)
	add("example.org/deep", "v1.0.0", true)
	add("honnef.co/go/tools", "v0.0.1", true)
	imported := map[string]bool{
		"github.com/tidwall/redcon": true, "github.com/tidwall/wal": true, "go.uber.org/goleak": true,
	}
	var got []string
	for _, f := range checkModuleFile(file, imported) {
		got = append(got, strings.Fields(f.text)[0])
	}
	slices.Sort(got)
	want := []string{"example.org/else", "github.com/spf13/pflag", "github.com/tidwall/redcon", "github.com/tidwall/wal",
		"go.uber.org/goleak", "honnef.co/go/tools"}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// wholeCatalogue is a catalogue in which every id is "not yet".
func wholeCatalogue() string {
	var text strings.Builder
	for _, id := range catalogueIDs() {
		text.WriteString("| " + id + " | something | not yet |\n")
	}
	return text.String()
}

func TestTreeRules_CatalogueIsChecked(t *testing.T) {
	if n := len(catalogueIDs()); n != 143+32 {
		t.Fatalf("the catalogue has %d ids, want 143 and 32 schedules", n)
	}
	whole := wholeCatalogue()
	names := map[string]bool{"a.TestB1_Commit": true, "b.TestPlain": true}
	cases := []struct {
		name, text string
		names      map[string]bool
		want       int
	}{
		{"complete", whole, nil, 0},
		{"row missing", strings.Replace(whole, "| F9 |", "| none |", 1), nil, 1},
		{"row twice", whole + "| F9 | again | not yet |\n", nil, 1},
		{"no test named", strings.Replace(whole, "| B1 | something | not yet |", "| B1 | something | soon |", 1), nil, 1},
		{"test not listed", whole, names, 1},
		{"test listed", strings.Replace(whole, "| B1 | something | not yet |",
			"| B1 | something | `a.TestB1_Commit`, `b.TestPlain` |", 1), names, 0},
		{"test gone", strings.Replace(whole, "| B2 | something | not yet |", "| B2 | something | `a.TestGone` |", 1), nil, 1},
		{"unknown id", whole, map[string]bool{"a.TestS99_None": true}, 1},
		{"rewritten", string(rewriteCatalogue([]byte(whole), names)), names, 0},
	}
	for _, c := range cases {
		if found := checkCatalogue([]byte(c.text), c.names); len(found) != c.want {
			t.Errorf("%s: found %v, want %d findings", c.name, found, c.want)
		}
	}
}

func TestTreeRules_TestNamesCarryIDs(t *testing.T) {
	for name, want := range map[string][]string{
		"a.TestB3_DelayedAppend": {"B3"},
		"a.TestG12_G13_SlowPeer": {"G12", "G13"}, "a.TestS10S11_Reads": {"S10", "S11"},
		"a.FuzzG10_Decode": {"G10"}, "a.TestI6_Poison": {"I-6"}, "a.TestI23_Majority": nil,
		"a.TestMutation_S14_Vote": {"S14"}, "a.Test_F1_TornTail": {"F1"}, "a.TestCRC32_Matches": nil,
		"a.TestPlain": nil, "a.TestB_Minus": nil,
	} {
		if got := idsOf(name); !slices.Equal(got, want) {
			t.Errorf("%s carries %v, want %v", name, got, want)
		}
	}
}

func TestTreeRules_GuardsNeedATestThatCatchesThem(t *testing.T) {
	names := map[string]bool{"sim.TestMutation": true}
	text := "| `Up` | B1 | `sim.TestMutation` |\n| `Bare` | B2 | nothing |\n| `Unknown` | B3 | `sim.TestMutation` |\n"
	var got []string
	for _, f := range checkGuards([]byte(text), []string{"Up", "Bare", "Missing"}, names) {
		got = append(got, strings.TrimPrefix(f.text, "guard "))
	}
	slices.Sort(got)
	wanted := []string{"Bare names no test", "Missing has no row", "Unknown is listed twice or is no guard"}
	if !slices.EqualFunc(got, wanted, strings.HasPrefix) {
		t.Errorf("found %q, want %q", got, wanted)
	}
}
