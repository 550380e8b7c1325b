// The test of the tree holds the rules of the house that a compiler does not know: who may import whom, where a
// goroutine may start, how long a function may be, what a catalogue of bugs must list. A rule that is only written down
// is broken by next week; a rule that is a test is kept, and its message says what to do.
//
// A rule is a function from the parsed tree to findings. The same functions run over small invented trees in
// tree_rules_test.go, where each must find what it is there to find: a rule that cannot fail protects nothing.
package raftredis_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/raftredis/raftredis"

// source is one Go file of the tree, parsed with its comments.
type source struct {
	// path is relative to the root of the module, with forward slashes.
	path string
	text []byte
	file *ast.File
}

func (s *source) directory() string { return strings.TrimSuffix(path.Dir(s.path), "/") }
func (s *source) test() bool        { return strings.HasSuffix(s.path, "_test.go") }

// document is a text file that is not Go: Markdown and shell.
type document struct {
	path string
	text []byte
}

// tree is everything below the root that people wrote, in order of path. Directories named testdata are left out: what
// is in them is made to be odd.
type tree struct {
	files     *token.FileSet
	sources   []*source
	documents []document
	// names holds every file and directory, whatever its kind, so that links can be resolved.
	names map[string]bool
}

func (t *tree) line(pos token.Pos) int { return t.files.Position(pos).Line }

// finding is one violation of a rule: where it is, and what to do about it.
type finding struct {
	path string
	line int
	text string
}

func (f finding) String() string {
	if f.line == 0 {
		return fmt.Sprintf("%s: %s", f.path, f.text)
	}
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.text)
}

// load reads and parses the tree. A Go file that does not parse is an error: nothing can be said about it.
func load(root fs.FS) (*tree, error) {
	t := &tree{files: token.NewFileSet(), names: map[string]bool{}}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name == ".git":
			return fs.SkipDir
		}
		t.names[name] = true
		if entry.IsDir() || strings.Contains("/"+name, "/testdata/") {
			return nil
		}
		return t.add(root, name)
	})
	return t, err
}

func (t *tree) add(root fs.FS, name string) error {
	goFile := path.Ext(name) == ".go"
	if !goFile && path.Ext(name) != ".md" && path.Ext(name) != ".sh" && !strings.HasPrefix(name, ".ci/") {
		return nil
	}
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if !goFile {
		t.documents = append(t.documents, document{name, text})
		return nil
	}
	file, err := parser.ParseFile(t.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.sources = append(t.sources, &source{name, text, file})
	return nil
}

// document returns the text of a file that is not Go.
func (t *tree) document(name string) ([]byte, bool) {
	for _, d := range t.documents {
		if d.path == name {
			return d.text, true
		}
	}
	return nil, false
}

// rule is one rule of the house over the whole tree.
type rule struct {
	name  string
	check func(*tree) []finding
}

var rules = []rule{
	{"imports run one way", importDirections},
	{"modules are imported where the table says", moduleImports},
	{"what tests share stays in tests", testSupport},
	{"the deterministic packages stay pure", pureImports},
	{"the engine's turn knows neither time nor locks", engineImports},
	{"goroutines start where the list says", goStatements},
	{"tests do not sleep", sleeps},
	{"tests do not skip", skips},
	{"package variables do not change", globals},
	{"sources are formatted", formatting},
	{"every package says what it is", packageComments},
	{"everything exported is documented", exportedDocs},
	{"interfaces are small", interfaceSizes},
	{"functions are short", functionSizes},
	{"files are short", fileSizes},
	{"lines are short", lineSizes},
	{"nothing is left for later", leftovers},
	{"links in documents lead somewhere", links},
	{"documents are linked", orphans},
	{"the test command is one and the same", testCommand},
}

func TestTree(t *testing.T) {
	here := loadHere(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { report(t, r.check(here)) })
	}
}

func loadHere(t *testing.T) *tree {
	t.Helper()
	here, err := load(os.DirFS("."))
	if err != nil {
		t.Fatalf("the tree cannot be read: %v", err)
	}
	if len(here.sources) == 0 {
		t.Fatal("the tree holds no Go file: run this test from the root of the module")
	}
	return here
}

// report fails the test with all findings, in order of place.
func report(t *testing.T, findings []finding) {
	t.Helper()
	slices.SortFunc(findings, func(a, b finding) int {
		if a.path != b.path {
			return strings.Compare(a.path, b.path)
		}
		return a.line - b.line
	})
	for _, f := range findings {
		t.Error(f)
	}
}

// eachLine calls visit with each line of a text, numbered from 1.
func eachLine(text []byte, visit func(number int, line string)) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		visit(number, strings.TrimRight(string(line), "\r\n"))
	}
}
