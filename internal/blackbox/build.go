package blackbox

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// program is the package of the binary under test.
const program = "github.com/raftredis/raftredis/cmd/raftredis"

// built are the binaries under test, each built by the first test that asks for it: the product, the build of the next
// feature level (docs/decisions/0043), and the one whose states can be spoilt.
var built struct {
	directory                 string
	product, newer, spoilable binary
}

type binary struct {
	once sync.Once
	err  error
}

// Main runs the tests of a package that needs the binary; TestMain calls it and does nothing else. Such packages run
// one at a time, also under `go test ./...`: their tests measure how long a cluster takes.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	unlock, err := lock()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer unlock()
	if built.directory, err = os.MkdirTemp("", "raftredis-blackbox-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(built.directory)
	return m.Run()
}

// lock waits until no other package of the same tree runs its tests. The parent of all such packages is what they lock.
func lock() (unlock func(), err error) {
	parent, err := os.Open("..")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(parent.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock the directory of black box tests: %w", err)
	}
	return func() { parent.Close() }, nil
}

// Binary is the path of the binary under test, which is built with the race detector if the tests are.
func Binary(t testing.TB) string { return built.product.path(t, "raftredis") }

// Newer is the path of the binary of the next feature level, which is upgraded to.
func Newer(t testing.TB) string { return built.newer.path(t, "raftredis-newer", "-tags", "newer") }

// Spoilable is the path of the binary whose states a test can spoil: see Cluster.Spoil.
func Spoilable(t testing.TB) string {
	return built.spoilable.path(t, "raftredis-spoilable", "-tags", "mutation")
}

func (b *binary) path(t testing.TB, name string, flags ...string) string {
	t.Helper()
	path := filepath.Join(built.directory, name)
	b.once.Do(func() { b.err = build(path, flags) })
	if b.err != nil {
		t.Fatal(b.err)
	}
	return path
}

func build(path string, flags []string) error {
	if built.directory == "" {
		return fmt.Errorf("the package has no TestMain that calls blackbox.Main")
	}
	args := append([]string{"build", "-o", path}, flags...)
	if RaceDetector {
		args = append(args, "-race")
	}
	if output, err := exec.Command("go", append(args, program)...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return openSources()
}

// sources is the format in which `go list` names the directories of the binary's packages, and the files they embed.
const sources = `{{if .Module}}{{if .Module.Main}}{{.Dir}}
{{range .EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`

// openSources opens what the binary is made of. The go command notes what a test opens, and reuses its result only
// while all of that is unchanged. It does not know the binary.
func openSources() error {
	output, err := exec.Command("go", "list", "-deps", "-f", sources, program).Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for _, path := range strings.Fields(string(output)) {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		file.Close()
	}
	return nil
}
