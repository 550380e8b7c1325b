package raftredis_test

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// globals finds variables of a package that somebody changes. State belongs to a value that somebody owns: two nodes in
// one process, as in the simulator, must share nothing.
func globals(t *tree) (found []finding) {
	packages := map[string][]*source{}
	for _, s := range t.sources {
		if !s.test() {
			packages[s.directory()] = append(packages[s.directory()], s)
		}
	}
	for _, directory := range slices.Sorted(maps.Keys(packages)) {
		found = append(found, globalsOf(t, packages[directory])...)
	}
	return found
}

// nothing is an importer that knows no package. Names still resolve within the package, which is all that is asked.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not looked up") }

func globalsOf(t *tree, sources []*source) (found []finding) {
	var files []*ast.File
	for _, s := range sources {
		files = append(files, s.file)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	// Errors are expected: nothing is imported, and files of several builds are looked at together.
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	checked, _ := config.Check(sources[0].directory(), t.files, files, info)
	for _, s := range sources {
		complain := func(at token.Pos, name string) {
			found = append(found, finding{s.path, t.line(at), "variable " + name +
				" of the package changes: give it to the value that owns it"})
		}
		eachAssigned(s.file, func(target ast.Expr) {
			name := root(target)
			if name == nil {
				return
			}
			if v, ok := info.Uses[name].(*types.Var); ok && v.Parent() == checked.Scope() {
				complain(name.Pos(), name.Name)
			}
		})
		eachGlobal(s.file, func(spec *ast.ValueSpec) {
			if stateful(spec.Type) || slices.ContainsFunc(spec.Values, statefulValue) {
				complain(spec.Pos(), spec.Names[0].Name)
			}
		})
	}
	return found
}

// eachAssigned visits everything that a file assigns to.
func eachAssigned(file *ast.File, visit func(target ast.Expr)) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					visit(target)
				}
			}
		case *ast.IncDecStmt:
			visit(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				visit(n.Key)
			}
		}
		return true
	})
}

// root is the variable that an assignment changes: x of x.field[i] = 1.
func root(target ast.Expr) *ast.Ident {
	for {
		switch t := target.(type) {
		case *ast.Ident:
			return t
		case *ast.SelectorExpr:
			target = t.X
		case *ast.IndexExpr:
			target = t.X
		case *ast.StarExpr:
			target = t.X
		case *ast.ParenExpr:
			target = t.X
		default:
			return nil
		}
	}
}

func eachGlobal(file *ast.File, visit func(*ast.ValueSpec)) {
	for _, declaration := range file.Decls {
		if d, ok := declaration.(*ast.GenDecl); ok && d.Tok == token.VAR {
			for _, spec := range d.Specs {
				visit(spec.(*ast.ValueSpec))
			}
		}
	}
}

// stateful reports whether a type is there to be changed: anything of sync and sync/atomic.
func stateful(expression ast.Expr) bool {
	switch e := expression.(type) {
	case *ast.SelectorExpr:
		qualifier, ok := e.X.(*ast.Ident)
		return ok && (qualifier.Name == "sync" || qualifier.Name == "atomic")
	case *ast.IndexExpr:
		return stateful(e.X)
	case *ast.StarExpr:
		return stateful(e.X)
	}
	return false
}

func statefulValue(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit:
		return stateful(v.Type)
	case *ast.UnaryExpr:
		return statefulValue(v.X)
	}
	return false
}
