// Package lint holds the rules of the tree that a compiler does not check. Each fault names a place and what to do.
package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/raftredis/raftredis/"

var (
	sleep       = regexp.MustCompile(`^(time\.Sleep|(t|b|f|tb)\.Skip(f|Now)?|testing\.Short)$`)
	superlative = regexp.MustCompile(`^([mM]ost|[lL]east)([A-Z]|$)|[a-su-z](Most|Least)$`)
	link        = regexp.MustCompile(`\]\(([^()\s#:]+)?(#[^()\s]*)?\)`)
	heading     = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	noSlug      = regexp.MustCompile(`[^a-z0-9 _-]`)
	fence       = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	vague       = regexp.MustCompile(`(?im)^.*\b(whoever|nobody)\b`)
	declared    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	testName    = regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Fuzz)\\w+)`")
)

// tree returns the texts of all files; of directories, and of testdata, which is odd on purpose, only the names.
func tree(t *testing.T) (files map[string][]byte) {
	t.Chdir("../..")
	files = map[string][]byte{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if name == ".git" && entry.IsDir() {
			return fs.SkipDir
		}
		if files[name] = nil; err == nil && !entry.IsDir() && !strings.Contains(name, "testdata/") {
			files[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil || files["go.mod"] == nil {
		t.Fatal("the tree cannot be read:", err)
	}
	return files
}

// below reports whether a name is one of a list, or lies below one.
func below(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return name == l || strings.HasPrefix(name, l+"/") })
}

// room is the package nearest above a name that stands in arrows or islands, or ".".
func room(name string) string {
	for ; arrows[name] == nil && !slices.Contains(islands, name) && name != "."; name = path.Dir(name) {
	}
	return name
}

// check holds a file of Go against the rules.
func check(name string, text []byte) (faults []string) {
	set, directory, test := token.NewFileSet(), path.Dir(name), strings.HasSuffix(name, "_test.go")
	syntax, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	complain := func(at token.Pos, fault string) {
		if fault != "" {
			faults = append(faults, fmt.Sprintf("%v: %s", set.Position(at), fault))
		}
	}
	if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
		complain(syntax.Package, "run gofmt -w "+name)
	}
	for number, line := range bytes.Split(text, []byte("\n")) {
		if len([]rune(string(line))) > 120 {
			complain(set.File(syntax.Package).LineStart(number+1), "the line has more than 120 columns")
		}
	}
	if strings.HasSuffix(name, "_review_test.go") || test && directory == "." {
		complain(syntax.Package, "move these tests to the package or file of their subject")
	}
	for _, spec := range syntax.Imports {
		if !test {
			complain(spec.Pos(), importFault(directory, strings.Trim(spec.Path.Value, `"`)))
		}
	}
	starts := test || slices.Contains(starters, directory) || slices.Contains(starters, name)
	ast.Inspect(syntax, func(n ast.Node) bool {
		if n != nil {
			complain(n.Pos(), nodeFault(n, test, starts))
		}
		return true
	})
	return faults
}

func importFault(directory, target string) string {
	if slices.Contains(pure, directory) && below(impure, target) {
		return directory + " must not import " + target + ": take the value as an argument"
	}
	target, local := strings.CutPrefix(target, module)
	from, to := room(directory), room(target)
	if from == "." && !strings.HasPrefix(directory, "internal/") {
		return "package " + directory + " stands neither in arrows nor in islands"
	}
	if local && to != "." && to != from && !below(arrows[from], target) {
		return directory + " must not import " + target + ": see arrows"
	}
	return ""
}

func nodeFault(n ast.Node, test, starts bool) string {
	called := "" // the text of the function, such as time.Sleep
	switch n := n.(type) {
	case *ast.GoStmt:
		called = "statement.Go"
	case *ast.CallExpr:
		if selector, ok := n.Fun.(*ast.SelectorExpr); ok {
			called = fmt.Sprint(selector.X) + "." + selector.Sel.Name
		}
	case *ast.FuncDecl:
		if test && len(n.Name.Name) > 60 {
			return n.Name.Name + " has more than 60 characters"
		}
	case *ast.TypeSpec:
		if slices.Contains(oldTypes, strings.ToLower(n.Name.Name)) {
			return "the name " + n.Name.Name + " was replaced: see oldTypes"
		}
	case *ast.Ident:
		if slices.Contains(oldNames, strings.ToLower(n.Name)) || superlative.MatchString(n.Name) {
			return "the name " + n.Name + " was replaced: see oldNames"
		}
	}
	switch {
	case strings.HasSuffix(called, ".Go") && !starts:
		return "no goroutine starts here: see starters"
	case test && sleep.MatchString(called):
		return "a test waits for an event, and fails when something is missing"
	}
	return ""
}

func TestFiles(t *testing.T) {
	folders := map[string]int{}
	for name, text := range tree(t) {
		if path.Ext(name) != ".go" || text == nil {
			continue
		}
		for _, fault := range check(name, text) {
			t.Error(fault)
		}
		if folder := path.Dir(name); !strings.HasSuffix(name, "_test.go") || folder == "cmd/raftredis" {
			folders[folder]++
		}
	}
	for folder, count := range folders {
		limit := 35
		if folder == "cmd/raftredis" {
			limit = 15
		}
		if count > limit {
			t.Errorf("%s has %d files: at most %d, of code or in cmd/raftredis of all kinds", folder, count, limit)
		}
	}
}

// Each rule finds what it is there to find.
func TestRules(t *testing.T) {
	for _, c := range [][2]string{
		{"wal/a.go", "package wal\n\nimport _ \"" + module + "consensus/raft\"\n"},
		{"fsm/a.go", "package fsm\n\nimport _ \"sync/atomic\"\n"},
		{"fsm/lists/a.go", "package lists\n\nimport _ \"time\"\n"},
		{"fsm/lists/a.go", "package lists\n\nimport _ \"" + module + "fsm/sets\"\n"},
		{"fsm/lists/a.go", "package lists\n\nimport _ \"" + module + "fsm\"\n"},
		{"fsm/a.go", "package fsm\n\nfunc f() { go f() }\n"},
		{"fsm/a.go", "package fsm\n\nfunc f(w sync.WaitGroup) { w.Go(nil) }\n"},
		{"fsm/a_test.go", "package fsm\n\nfunc f() { time.Sleep(1) }\n"},
		{"fsm/a.go", "package fsm\n\ntype s struct{ mostBytes int }\n"},
	} {
		if faults := check(c[0], []byte(c[1])); len(faults) != 1 {
			t.Errorf("found %q, want one fault in\n%s", faults, c[1])
		}
	}
}

// packagesOf are the packages in which a build with a tag has other files than one without.
func packagesOf(files map[string][]byte, tag string) (packages []string) {
	constraint := regexp.MustCompile(`(?m)^//go:build .*\b` + tag + `\b`)
	for name, text := range files {
		if path.Ext(name) == ".go" && constraint.Match(text) {
			packages = append(packages, "./"+path.Dir(name))
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// The go command says on standard error what it downloads: only the exit code counts.
func TestTools(t *testing.T) {
	files := tree(t)
	for _, tool := range []string{
		"vet", "vet -tags=mutation", "vet -tags=newer", "tool staticcheck", "tool staticcheck -tags=mutation",
	} {
		packages := []string{"./..."}
		if _, tag, tagged := strings.Cut(tool, "-tags="); tagged {
			if packages = packagesOf(files, tag); len(packages) == 0 {
				t.Errorf("no file is of the tag %s", tag)
			}
		}
		if output, err := exec.Command("go", append(strings.Fields(tool), packages...)...).CombinedOutput(); err != nil {
			t.Errorf("go %s %s (%v):\n%s", tool, strings.Join(packages, " "), err, output)
		}
	}
	for line := range strings.Lines(string(files["go.mod"])) {
		words := strings.Fields(line)
		if len(words) == 2 && line[0] == '\t' && !slices.Contains(dependencies, words[0]) || strings.Contains(line, "=>") {
			t.Errorf("go.mod: %s is no allowed dependency: see dependencies", strings.TrimSpace(line))
		}
	}
}

func TestDocuments(t *testing.T) {
	files, vagueLines, targets := tree(t), 0, map[string]bool{}
	for name, text := range files {
		targets[name] = true
		// Forges link a heading by lower case, with hyphens for spaces and the rest dropped.
		for _, match := range heading.FindAllSubmatch(fence.ReplaceAll(text, nil), -1) {
			slug := noSlug.ReplaceAllString(strings.ToLower(string(match[1])), "")
			targets[name+"#"+strings.ReplaceAll(slug, " ", "-")] = true
		}
		for _, match := range declared.FindAllSubmatch(text, -1) {
			targets[path.Dir(name)+"."+string(match[1])] = true
		}
		if ext := path.Ext(name); ext == ".go" || ext == ".md" {
			vagueLines += len(vague.FindAllIndex(text, -1))
		}
	}
	for name, text := range files {
		for _, match := range link.FindAllSubmatch(fence.ReplaceAll(text, nil), -1) {
			target := path.Join(path.Dir(name), string(match[1])) + string(match[2])
			if match[1] == nil {
				target = name + string(match[2])
			}
			if path.Ext(name) == ".md" && !targets[target] {
				t.Errorf("%s: the link %s leads nowhere", name, match[0])
			}
		}
	}
	for _, match := range testName.FindAllSubmatch(files["docs/catalogue.md"], -1) {
		if !targets[string(match[1])] {
			t.Errorf("docs/catalogue.md names %s, which does not exist", match[0])
		}
	}
	if vagueLines >= 15 {
		t.Errorf("%d lines say whoever or nobody, want fewer than 15: say who does what", vagueLines)
	}
}
