package raftredis_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func formatting(t *tree) (found []finding) {
	for _, s := range t.sources {
		formatted, err := format.Source(s.text)
		if err != nil || !bytes.Equal(formatted, s.text) {
			found = append(found, finding{s.path, 0, "is not formatted: run gofmt -w " + s.path})
		}
	}
	return found
}

// calls visits each call of the form qualifier.name(...) in a file.
func calls(s *source, visit func(call *ast.CallExpr, qualifier, name string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
			if qualifier, ok := selector.X.(*ast.Ident); ok {
				visit(call, qualifier.Name, selector.Sel.Name)
			}
		}
		return true
	})
}

func sleeps(t *tree) (found []finding) {
	for _, s := range t.sources {
		if !s.test() {
			continue
		}
		calls(s, func(call *ast.CallExpr, qualifier, name string) {
			if qualifier == "time" && name == "Sleep" {
				found = append(found, finding{s.path, t.line(call.Pos()),
					"a test does not sleep: wait for the event itself (a channel, a condition with a deadline)"})
			}
		})
	}
	return found
}

func skips(t *tree) (found []finding) {
	for _, s := range t.sources {
		if !s.test() {
			continue
		}
		calls(s, func(call *ast.CallExpr, qualifier, name string) {
			handle := slices.Contains([]string{"t", "b", "f", "tb"}, qualifier)
			if handle && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) ||
				qualifier == "testing" && name == "Short" {
				found = append(found, finding{s.path, t.line(call.Pos()),
					"a test runs or fails: a skipped test looks green and proves nothing; fail and say what is missing"})
			}
		})
	}
	return found
}

func packageComments(t *tree) (found []finding) {
	documented, first := map[string][]string{}, map[string]string{}
	for _, s := range t.sources {
		if s.test() {
			continue
		}
		directory := s.directory()
		if first[directory] == "" {
			first[directory] = s.path
		}
		if s.file.Doc != nil {
			documented[directory] = append(documented[directory], s.path)
		}
	}
	for directory, name := range first {
		switch files := documented[directory]; {
		case len(files) == 0:
			found = append(found, finding{name, 1, "package has no comment: write doc.go (purpose, limits, invariants)"})
		case len(files) > 1:
			found = append(found, finding{files[1], 1, "package is documented twice, in " + files[0] + " too: keep one"})
		}
	}
	return found
}

// exportedDocs asks for a comment at everything that another package can name. In a group of constants or variables one
// comment for the group will do.
func exportedDocs(t *tree) (found []finding) {
	for _, s := range t.sources {
		if s.test() || s.file.Name.Name == "main" {
			continue
		}
		complain := func(name *ast.Ident) {
			found = append(found, finding{s.path, t.line(name.Pos()), "exported " + name.Name +
				" has no comment: say what it means, in which units, who owns it, whether it blocks"})
		}
		for _, declaration := range s.file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					complain(d.Name)
				}
			case *ast.GenDecl:
				undocumented(d, complain)
			}
		}
	}
	return found
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.IndexListExpr:
			receiver = r.X
		case *ast.Ident:
			return r.IsExported()
		default:
			return false
		}
	}
}

func undocumented(d *ast.GenDecl, complain func(*ast.Ident)) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				complain(spec.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					complain(name)
				}
			}
		}
	}
}

const interfaceMethodsMax = 6

// foreignMethods is how many methods an interface of another package brings along when embedded; one if not listed.
var foreignMethods = map[string]int{
	"heap.Interface": 5, "io.ReadCloser": 2, "io.ReadSeeker": 2, "io.ReadWriteCloser": 3, "io.ReadWriter": 2,
	"io.WriteCloser": 2, "net.Conn": 8, "net.Listener": 3, "testing.TB": 20,
}

func interfaceSizes(t *tree) (found []finding) {
	known := map[string]*ast.InterfaceType{}
	each := func(visit func(s *source, spec *ast.TypeSpec, i *ast.InterfaceType)) {
		for _, s := range t.sources {
			ast.Inspect(s.file, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok {
					if i, ok := spec.Type.(*ast.InterfaceType); ok {
						visit(s, spec, i)
					}
				}
				return true
			})
		}
	}
	each(func(s *source, spec *ast.TypeSpec, i *ast.InterfaceType) { known[s.directory()+"."+spec.Name.Name] = i })
	each(func(s *source, spec *ast.TypeSpec, i *ast.InterfaceType) {
		if n := methods(s.directory(), i, known); n > interfaceMethodsMax {
			found = append(found, finding{s.path, t.line(spec.Pos()), fmt.Sprintf(
				"interface %s has %d methods, more than %d: split it by who needs what", spec.Name, n, interfaceMethodsMax)})
		}
	})
	return found
}

// methods counts the methods of an interface, those of embedded ones included.
func methods(directory string, i *ast.InterfaceType, known map[string]*ast.InterfaceType) (n int) {
	for _, field := range i.Methods.List {
		switch embedded := field.Type.(type) {
		case *ast.FuncType:
			n += len(field.Names)
		case *ast.Ident:
			if inner := known[directory+"."+embedded.Name]; inner != nil {
				n += methods(directory, inner, known)
			}
		case *ast.SelectorExpr:
			qualifier, _ := embedded.X.(*ast.Ident)
			n += max(1, foreignMethods[fmt.Sprint(qualifier)+"."+embedded.Sel.Name])
		}
	}
	return n
}

const (
	functionLinesMax = 70
	fileLinesMax     = 600
	lineColumnsMax   = 120
)

// The ratchets: what was too long when its rule came, with its size. A size may only shrink. When it does, the number
// here must follow, and when it is within the rule the line must go, so that nothing grows back.
var (
	longFunctions = map[string]int{}
	longFiles     = map[string]int{}
	longLines     = map[string]int{} // the longest line of the file
)

// ratchet compares sizes above a limit with the known exceptions.
func ratchet(what string, limit int, sizes, exceptions map[string]int, lines map[string]int) (found []finding) {
	for place, size := range sizes {
		file, _, _ := strings.Cut(place, " ")
		exception, known := exceptions[place]
		switch {
		case size > limit && !known:
			found = append(found, finding{file, lines[place], fmt.Sprintf(
				"%s of %s is %d, at most %d: split it where a reader would pause", what, place, size, limit)})
		case size > limit && size > exception:
			found = append(found, finding{file, lines[place], fmt.Sprintf(
				"%s of %s has grown from %d to %d: an exception may only shrink", what, place, exception, size)})
		}
	}
	for place, exception := range exceptions {
		if size := sizes[place]; size < exception {
			found = append(found, finding{"tree_style_test.go", 0, fmt.Sprintf(
				"the exception %q is stale: %s is now %d; lower it, or drop it below %d", place, what, size, limit+1)})
		}
	}
	return found
}

func functionSizes(t *tree) []finding {
	sizes, lines := map[string]int{}, map[string]int{}
	for _, s := range t.sources {
		for _, declaration := range s.file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				place := s.path + " " + f.Name.Name
				lines[place] = t.line(f.Pos())
				sizes[place] = max(sizes[place], t.line(f.End())-t.line(f.Pos())+1)
			}
		}
	}
	return ratchet("the number of lines", functionLinesMax, sizes, longFunctions, lines)
}

func fileSizes(t *tree) []finding {
	sizes := map[string]int{}
	for _, s := range t.sources {
		sizes[s.path] = bytes.Count(s.text, []byte("\n"))
	}
	return ratchet("the number of lines", fileLinesMax, sizes, longFiles, nil)
}

func lineSizes(t *tree) (found []finding) {
	sizes, lines := map[string]int{}, map[string]int{}
	for _, s := range t.sources {
		_, excepted := longLines[s.path]
		eachLine(s.text, func(number int, line string) {
			columns := utf8.RuneCountInString(line)
			switch {
			case !excepted && columns > lineColumnsMax:
				found = append(found, finding{s.path, number,
					fmt.Sprintf("line has %d columns, at most %d: break it", columns, lineColumnsMax)})
			case excepted && columns > sizes[s.path]:
				sizes[s.path], lines[s.path] = columns, number
			}
		})
	}
	return append(found, ratchet("the longest line", lineColumnsMax, sizes, longLines, lines)...)
}

// leftover finds the words by which people promise to come back. They are spelt so that this file does not hold them.
var leftover = regexp.MustCompile(`\b(FIX` + `ME|X` + `XX|HA` + `CK|TO` + `DO)\b`)

func leftovers(t *tree) (found []finding) {
	look := func(name string, text []byte) {
		eachLine(text, func(number int, line string) {
			if word := leftover.FindString(line); word != "" {
				found = append(found, finding{name, number, strconv.Quote(word) +
					" promises to come back: do it now, or say plainly in the documents what is missing"})
			}
		})
	}
	for _, s := range t.sources {
		look(s.path, s.text)
	}
	for _, d := range t.documents {
		look(d.path, d.text)
	}
	return found
}
