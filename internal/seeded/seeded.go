// Package seeded gives random tests their source, of a fixed seed, and tells how to run one again. It imports nothing
// of the project.
package seeded

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Variable names the variable of the environment that makes the random tests explore another seed.
const Variable = "FSM_SEED"

// Rand is a source for a test: of the seed given, or of that of the environment. It prints how to run the test again.
func Rand(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	if text := os.Getenv(Variable); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", Variable, err)
		}
		seed = given
	}
	t.Logf("seed %d; again: %s=%d go test %s -run '^%s$'", seed, Variable, seed, folder(t), t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// folder is that of the package under test, as the go command takes it at the root of the module.
func folder(t testing.TB) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := here
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatalf("no go.mod above %s", here)
		}
		root = filepath.Dir(root)
	}
	relative, err := filepath.Rel(root, here)
	if err != nil {
		t.Fatal(err)
	}
	return "./" + filepath.ToSlash(relative)
}
