package raftredis_test

import (
	"encoding/json"
	"go/ast"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// dependency is a module that files of this tree may import.
type dependency struct {
	version string
	// why is the reason in a few words; docs/decisions/0009-dependencies.md has the rest.
	why string
	// packages may import it in product code; tests may use it anywhere if tests is set.
	packages []string
	tests    bool
}

// dependencies is the whole list. A line is added together with a reason, weighed in docs/decisions.
var dependencies = map[string]dependency{
	"github.com/tidwall/redcon": {version: "v1.6.4", why: "encoders of RESP2 replies",
		packages: []string{"internal/reply"}},
	"github.com/tidwall/wal": {version: "v1.2.1", why: "segments of the history", packages: []string{"wal"}, tests: true},
	"github.com/tidwall/btree": {version: "v1.8.2", why: "ordered aggregates and the index of deadlines",
		packages: []string{"fsm/keyspace"}},
	"github.com/hashicorp/go-msgpack/v2": {version: "v2.1.5", why: "handshake and configurations",
		packages: []string{"consensus", "consensus/engine", "consensus/internal/transport", "snapshot"}, tests: true},
	"github.com/spf13/pflag": {version: "v1.0.10", why: "flags of the binary", packages: []string{"cmd"}},
	"golang.org/x/sys": {version: "v0.49.0", why: "fdatasync, flock, TCP_USER_TIMEOUT",
		packages: []string{"cmd", "consensus/internal/transport", "internal/vfs", "resp", "wal"}, tests: true},
	"github.com/anishathalye/porcupine": {version: "v1.3.1", why: "checks histories for linearizability",
		packages: []string{"consensus/sim", "internal/torture"}, tests: true},
	"github.com/cockroachdb/datadriven": {version: "v1.0.2", why: "golden transcripts", tests: true},
	"github.com/redis/go-redis/v9":      {version: "v9.23.0", why: "a stock client for black box tests", tests: true},
	"github.com/redis/rueidis":          {version: "v1.0.79", why: "a stock client that caches by default", tests: true},
	"go.uber.org/goleak":                {version: "v1.3.0", why: "finds goroutines that outlive a test", tests: true},
}

// tools are modules that the tree runs and never imports.
var tools = map[string]string{
	"honnef.co/go/tools": "v0.8.2",
}

// moduleOf returns the module of dependencies that holds an imported package. Packages of the standard library have no
// dot in their first element.
func moduleOf(imported string) (name string, foreign bool) {
	first, _, _ := strings.Cut(imported, "/")
	if _, ours := local(imported); ours || !strings.Contains(first, ".") {
		return "", false
	}
	for name := range dependencies {
		if imported == name || strings.HasPrefix(imported, name+"/") {
			return name, true
		}
	}
	return "", true
}

func moduleImports(t *tree) (found []finding) {
	t.eachImport(func(s *source, spec *ast.ImportSpec, imported string) {
		name, foreign := moduleOf(imported)
		if !foreign {
			return
		}
		d, known := dependencies[name]
		text := ""
		switch {
		case !known:
			text = "is no dependency of this project: do without, or give it a line in dependencies " +
				"(tree_modules_test.go) and its reasons in docs/decisions"
		case s.test() && d.tests, slices.ContainsFunc(d.packages, func(p string) bool { return within(s, p) }):
			return
		default:
			text = "(" + d.why + ") may be imported only by " + strings.Join(d.packages, ", ") + " and where tests may"
		}
		found = append(found, finding{s.path, t.line(spec.Pos()), imported + " " + text})
	})
	return found
}

// within reports whether a file belongs to a package of the list; cmd stands for everything below it.
func within(s *source, name string) bool {
	return s.packageOf() == name || name == "cmd" && free(s.packageOf())
}

// moduleFile is what `go mod edit -json` says of go.mod.
type moduleFile struct {
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct{ Old struct{ Path string } }
	Tool    []struct{ Path string }
}

// importedModules is what the tree imports directly, in tests or not.
func importedModules(t *tree) map[string]bool {
	imported := map[string]bool{}
	t.eachImport(func(_ *source, _ *ast.ImportSpec, name string) {
		if m, foreign := moduleOf(name); foreign {
			imported[m] = true
		}
	})
	return imported
}

func TestTree_ModuleFileListsTheAllowedDependencies(t *testing.T) {
	output, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("go mod edit -json: %v", err)
	}
	var file moduleFile
	if err := json.Unmarshal(output, &file); err != nil {
		t.Fatalf("go mod edit -json says what we do not understand: %v", err)
	}
	report(t, checkModuleFile(file, importedModules(loadHere(t))))
}

func checkModuleFile(file moduleFile, imported map[string]bool) (found []finding) {
	complain := func(text string) { found = append(found, finding{"go.mod", 0, text}) }
	present := map[string]bool{}
	for _, required := range file.Require {
		present[required.Path] = true
		d, known := dependencies[required.Path]
		switch {
		case known && required.Version != d.version:
			complain(required.Path + " is " + required.Version + ", the list has " + d.version +
				": change both together, and docs/decisions with them")
		case known && imported[required.Path] && required.Indirect:
			complain(required.Path + " is imported by this tree but marked indirect: move it to the direct requirements")
		case known && !imported[required.Path] && !required.Indirect:
			complain(required.Path + " is required directly but nothing imports it: drop it")
		case !known && !required.Indirect && tools[required.Path] == "":
			complain(required.Path + " is not on the list in tree_modules_test.go: do without, or add it with its reason")
		}
		if version, tool := tools[required.Path]; tool && version != required.Version {
			complain(required.Path + " is " + required.Version + ", the list of tools has " + version)
		}
	}
	for name := range imported {
		if !present[name] && name != "" {
			complain(name + " is imported but not required")
		}
	}
	for _, replaced := range file.Replace {
		complain("replaces " + replaced.Old.Path + ": whoever embeds this module would not get the replacement")
	}
	return found
}
