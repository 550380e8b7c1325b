package raftredis_test

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// allowance says what of this module a package may import. Leaves below internal/ may be imported by everyone; those
// that import another leaf are listed.
type allowance struct {
	product []string
	// tests is what test files may import besides.
	tests []string
}

// allowances is the map of the house. A package that is not here may not exist: add it together with its place in
// ARCHITECTURE.md. Everything below cmd may import anything and has no line.
var allowances = map[string]allowance{
	"":      {},
	"bench": {},
	"consensus": {product: []string{
		"consensus/engine", "consensus/raft", "consensus/internal/transport", "snapshot", "wal",
	}},
	"consensus/engine":    {product: []string{"consensus/raft"}},
	"consensus/quorum":    {},
	"consensus/raft":      {product: []string{"consensus/quorum"}},
	"consensus/sim":       {product: []string{"consensus/engine", "consensus/raft", "fsm", "snapshot", "wal/journal"}},
	"consensus/internal/transport": {product: []string{"consensus/raft"}},
	"fsm":                 {product: []string{"fsm/keyspace", "fsm/value"}},
	"fsm/keyspace":        {product: []string{"fsm/value"}},
	"fsm/value":           {},
	// What treats nodes as their users do shares a way to speak to them.
	"internal/blackbox": {product: []string{"internal/client"}},
	"internal/torture":  {product: []string{"internal/client"}},
	"resp":              {},
	"snapshot":          {product: []string{"consensus/raft"}},
	"wal":               {product: []string{"consensus/raft", "wal/journal"}},
	"wal/journal":       {product: []string{"consensus/raft"}},
}

// importedPath is what an import declaration names; the parser has made sure that it is a string.
func importedPath(spec *ast.ImportSpec) string {
	value, _ := strconv.Unquote(spec.Path.Value)
	return value
}

// local returns the path below the module's root of an import of this module.
func local(imported string) (string, bool) {
	if imported == module {
		return "", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// packageOf is the package's place below the root, "" for the root itself.
func (s *source) packageOf() string {
	if s.directory() == "." {
		return ""
	}
	return s.directory()
}

// eachImport calls visit with every import of every file.
func (t *tree) eachImport(visit func(s *source, spec *ast.ImportSpec, imported string)) {
	for _, s := range t.sources {
		for _, spec := range s.file.Imports {
			visit(s, spec, importedPath(spec))
		}
	}
}

func importDirections(t *tree) (found []finding) {
	t.eachImport(func(s *source, spec *ast.ImportSpec, imported string) {
		target, ok := local(imported)
		if !ok || target == s.packageOf() {
			return
		}
		if text := refusal(s, target); text != "" {
			found = append(found, finding{s.path, t.line(spec.Pos()), text})
		}
	})
	for _, s := range t.sources {
		if _, known := allowances[s.packageOf()]; !known && !free(s.packageOf()) && !leaf(s.packageOf()) {
			found = append(found, finding{s.path, 1, "package " + s.packageOf() +
				" has no place in the house: give it a line in allowances (tree_imports_test.go) and in ARCHITECTURE.md"})
		}
	}
	return found
}

func free(directory string) bool { return strings.HasPrefix(directory+"/", "cmd/") }
func leaf(directory string) bool { return strings.HasPrefix(directory, "internal/") }

// refusal says why a file may not import a package of this module, or "".
func refusal(s *source, target string) string {
	from := s.packageOf()
	allowed := allowances[from]
	switch {
	case free(from):
		return ""
	case leaf(from) && leaf(target) && (s.test() || slices.Contains(allowed.product, target)):
		return ""
	case leaf(from):
		return "a leaf imports nothing of the project: " + target + " is out of reach; pass values in instead"
	case leaf(target), slices.Contains(allowed.product, target), s.test() && slices.Contains(allowed.tests, target):
		return ""
	}
	return from + " may not import " + target + ": imports run one way (see allowances in tree_imports_test.go); " +
		"declare a small interface here and let the package above join the two"
}

// blackbox is what tests share to treat the binary as users do. It lives in ordinary files because tests of several
// packages need it; nothing that is linked into the product may.
const blackbox = "internal/blackbox"

func testSupport(t *tree) (found []finding) {
	t.eachImport(func(s *source, spec *ast.ImportSpec, imported string) {
		if s.test() || s.packageOf() == blackbox || imported != "testing" && imported != module+"/"+blackbox {
			return
		}
		found = append(found, finding{s.path, t.line(spec.Pos()), "imports " + imported +
			": what only tests need belongs into a _test.go file"})
	})
	return found
}

// pure lists what the packages that must do the same on every node may not reach for.
var pure = struct{ packages, forbidden []string }{
	packages: []string{"consensus/quorum", "consensus/raft", "fsm", "fsm/keyspace", "fsm/value"},
	forbidden: []string{
		"time", "sync", "os", "net", "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash", "runtime", "unsafe",
		"context", "log",
	},
}

func pureImports(t *tree) (found []finding) {
	t.eachImport(func(s *source, spec *ast.ImportSpec, imported string) {
		if s.test() || !slices.Contains(pure.packages, s.packageOf()) {
			return
		}
		// What lies below a forbidden package (sync/atomic, os/exec, log/slog) is no better than the package.
		for _, forbidden := range pure.forbidden {
			if imported == forbidden || strings.HasPrefix(imported, forbidden+"/") {
				found = append(found, finding{s.path, t.line(spec.Pos()), s.packageOf() + " must not import " + imported +
					": same input, same output on every node; take the value as an argument"})
				return
			}
		}
	})
	return found
}

// pump reports whether a file is one of the engine's pumps, which own its goroutines, clock and locks.
func pump(name string) bool {
	return path.Dir(name) == "consensus/engine" && strings.HasPrefix(path.Base(name), "pump_")
}

func engineImports(t *tree) (found []finding) {
	t.eachImport(func(s *source, spec *ast.ImportSpec, imported string) {
		if s.packageOf() != "consensus/engine" || s.test() || pump(s.path) {
			return
		}
		if imported == "time" || imported == "sync" || imported == "sync/atomic" {
			found = append(found, finding{s.path, t.line(spec.Pos()), "only pump_*.go may import " + imported +
				": a turn decides, a pump waits; the simulator must be able to run everything else"})
		}
	})
	return found
}

// mayStartGoroutines lists the places where a `go` statement may stand.
func mayStartGoroutines(name string) bool {
	directory := path.Dir(name)
	return pump(name) || directory == "consensus/internal/transport" || free(directory) || directory == blackbox ||
		directory == "internal/torture" || directory == "bench" || strings.HasPrefix(directory, "bench/") ||
		directory == "resp" && strings.HasPrefix(path.Base(name), "server")
}

func goStatements(t *tree) (found []finding) {
	for _, s := range t.sources {
		if s.test() || mayStartGoroutines(s.path) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if statement, ok := n.(*ast.GoStmt); ok {
				found = append(found, finding{s.path, t.line(statement.Pos()), "no goroutine starts here: only in the " +
					"engine's pump_*.go, the transport, resp/server*.go, bench and cmd; return the work to its owner"})
			}
			return true
		})
	}
	return found
}
