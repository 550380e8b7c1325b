package lint

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exactFunctions are those of package math that give the same bits on every processor: IEEE 754 says how each is
// rounded, or nothing is. Of others some processors have a form of their own.
var exactFunctions = strings.Fields("Abs Ceil Copysign FMA Float32bits Float32frombits Float64bits " +
	"Float64frombits Floor Frexp Inf IsInf IsNaN Ldexp Max Min Mod Modf NaN Round RoundToEven Signbit Sqrt Trunc")

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Main bool }
}

// TestFloatsAreTheSameOnEveryProcessor: what the state machine computes must have the same bits on all nodes. Go may
// compute x*y + z with one rounding where the processor has an instruction for it (arm64 has, amd64 has not), unless
// the product is converted or assigned first. And some functions of package math differ.
func TestFloatsAreTheSameOnEveryProcessor(t *testing.T) {
	t.Chdir("../..")
	const fields = "-json=ImportPath,Dir,Export,GoFiles,Module"
	output, err := exec.Command("go", "list", "-export", "-deps", fields, "./fsm").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports, own := map[string]string{}, []listed{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if exports[p.ImportPath] = p.Export; p.Module != nil && p.Module.Main {
			own = append(own, p)
		}
	}
	set := token.NewFileSet()
	from := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	products := 0
	for _, p := range own {
		var files []*ast.File
		for _, name := range p.GoFiles {
			syntax, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, syntax)
		}
		info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{Importer: from}).Check(p.ImportPath, set, files, &info); err != nil {
			t.Fatal(err)
		}
		for _, syntax := range files {
			ast.Inspect(syntax, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok && isProduct(&info, e) {
					products++
				}
				if fault := floatFault(&info, n); fault != "" {
					t.Errorf("%v: %s", set.Position(n.Pos()), fault)
				}
				return true
			})
		}
	}
	t.Logf("%d products of floats in %d packages", products, len(own))
	if products < 20 {
		t.Errorf("only %d products of floats were found in %d packages", products, len(own))
	}
}

// floatFault says what is wrong with a node, empty if nothing is.
func floatFault(info *types.Info, n ast.Node) string {
	const fused = "a processor may add to this product before it is rounded: write float64(x * y)"
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if (n.Op == token.ADD || n.Op == token.SUB) && (isProduct(info, n.X) || isProduct(info, n.Y)) {
			return fused
		}
	case *ast.AssignStmt:
		if (n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN) && isProduct(info, n.Rhs[0]) {
			return fused
		}
	case *ast.SelectorExpr:
		from, ok := n.X.(*ast.Ident)
		function, isFunction := info.TypeOf(n).(*types.Signature)
		if ok && from.Name == "math" && isFunction && function.Recv() == nil && !slices.Contains(exactFunctions, n.Sel.Name) {
			return "math." + n.Sel.Name + " may differ between processors"
		}
	}
	return ""
}

// isProduct reports whether an expression is a product of floats that no conversion rounds, in whatever parentheses and
// with whatever sign.
func isProduct(info *types.Info, e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return e.Op == token.SUB && isProduct(info, e.X)
	case *ast.BinaryExpr:
		kind, ok := info.TypeOf(e).Underlying().(*types.Basic)
		return e.Op == token.MUL && info.Types[e].Value == nil && ok && kind.Info()&(types.IsFloat|types.IsComplex) != 0
	}
	return false
}

// Each line of a function is a fault, or is none.
func TestWhatIsFusedIsFound(t *testing.T) {
	const begin = "package p\nimport \"math\"\nfunc f(x, y, z float64, i, j int) any {\n_ = math.Pi\n"
	for line, want := range map[string]bool{
		"return x*y + z": true, "return z - x*y": true, "return (x*y) + z": true, "return -(x*y) + z": true,
		"z += x * y; return z": true, "z -= (x * y); return z": true, "return x + y*2": true, "return math.Exp(x)": true,
		"return math.Pow": true, "type f32 float32; return f32(x)*f32(y) + f32(z)": true,
		"return float64(x*y) + z": false, "z = x * y; z += 1; return z": false, "return x/y + z": false,
		"return (x + y) * z": false, "return i*j + i": false, "z += float64(x * y); return z": false,
		"const c = 2.0 * 3.0; return x + c*2": false, "return math.Sqrt(x) + math.Pi": false,
	} {
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, "p.go", begin+line+"\n}\n", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{Importer: importer.Default()}).Check("p", set, []*ast.File{syntax}, &info); err != nil {
			t.Fatal(err)
		}
		found := false
		ast.Inspect(syntax, func(n ast.Node) bool {
			found = found || floatFault(&info, n) != ""
			return true
		})
		if found != want {
			t.Errorf("%s: found %v, want %v", line, found, want)
		}
	}
}
