package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// maxFace is how many exported names package consensus may have: functions, methods, types, constants and variables.
// Fields, and methods of interfaces, do not count. An embedder has to learn them all.
const maxFace = 60

func TestTheFaceOfTheLibraryStaysSmall(t *testing.T) {
	var names []string
	for name, text := range tree(t) {
		if path.Dir(name) == "consensus" && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, exported(t, name, text)...)
		}
	}
	slices.Sort(names)
	t.Logf("%d exported names", len(names))
	if len(names) > maxFace || len(names) < maxFace/2 {
		t.Errorf("package consensus has %d exported names, at most %d are allowed: %v", len(names), maxFace, names)
	}
}

// exported are the exported names that a file declares.
func exported(t *testing.T, name string, text []byte) (names []string) {
	syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	add := func(receiver string, identifiers ...*ast.Ident) {
		for _, i := range identifiers {
			if i.IsExported() {
				names = append(names, receiver+i.Name)
			}
		}
	}
	for _, declaration := range syntax.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			receiver := ""
			if d.Recv != nil {
				receiver = strings.TrimPrefix(typeName(d.Recv.List[0].Type), "*") + "."
			}
			if receiver == "" || ast.IsExported(receiver) {
				add(receiver, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add("", s.Name)
				case *ast.ValueSpec:
					add("", s.Names...)
				}
			}
		}
	}
	return names
}

// typeName is the name of a receiver's type.
func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		return typeName(star.X)
	}
	return fmt.Sprint(e)
}

// Each kind of name is counted, and what is not exported is not.
func TestExportedNamesAreFound(t *testing.T) {
	const text = "package p\n\ntype T struct{ F int }\n\ntype i interface{ M() }\n\nfunc (t *T) M() {}\n\n" +
		"func (t u) M() {}\n\nfunc F() {}\n\nfunc f() {}\n\nconst C, d = 1, 2\n\nvar V int\n"
	if names := exported(t, "p.go", []byte(text)); !slices.Equal(names, []string{"T", "T.M", "F", "C", "V"}) {
		t.Error(names)
	}
}
