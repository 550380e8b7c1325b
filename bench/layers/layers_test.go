package layers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output = `goos: linux
BenchmarkConn/set64/pipeline=1         	  837382	      1430 ns/op	     144 B/op	       1 allocs/op
BenchmarkAppend4KiB 	    8000	    126034 ns/op	  32.50 MB/s	       0 B/op	       0 allocs/op
BenchmarkQueryGet   	 5000000	       310.5 ns/op
PASS
`

func TestFiguresAreRead(t *testing.T) {
	got := map[string]figure{}
	parse(output, func(name string, f figure) { got[name] = f })
	for name, want := range map[string]figure{
		"BenchmarkConn/set64/pipeline=1": {1430, 144, 1}, "BenchmarkAppend4KiB": {126034, 0, 0},
		"BenchmarkQueryGet": {Nanos: 310.5},
	} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// The table has a row for each layer; one that was not measured is an error.
func TestTheTableIsWhole(t *testing.T) {
	measured := map[string][]figure{}
	for i, l := range layers() {
		for _, nanos := range []float64{900, 100, 500} {
			measured[l.pkg+l.benchmark] = append(measured[l.pkg+l.benchmark], figure{nanos + float64(i), 7, 1})
		}
	}
	var b strings.Builder
	if err := write(&b, measured); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(b.String(), "\n"); rows != len(layers())+2 {
		t.Errorf("%d rows", rows)
	}
	if want := "| parse | a SET of 64 bytes, alone | 500 | 7 | 1 |\n"; !strings.Contains(b.String(), want) {
		t.Errorf("there is no %q in\n%s", want, b.String())
	}
	delete(measured, "./fsmBenchmarkQueryGet")
	if err := write(&b, measured); err == nil || !strings.Contains(err.Error(), "BenchmarkQueryGet") {
		t.Errorf("the error is %v", err)
	}
}

// Every benchmark of the table exists: a text of its package declares it.
func TestBenchmarksExist(t *testing.T) {
	for _, l := range layers() {
		name, _, _ := strings.Cut(l.benchmark, "/")
		files, err := filepath.Glob(filepath.Join("../..", l.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "\nfunc "+name+"(b *testing.B)")
		}
		if !found {
			t.Errorf("%s has no %s", l.pkg, name)
		}
	}
}
