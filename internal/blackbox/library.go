package blackbox

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is Debian's own interpreter: its package python3-redis is no other's.
const python = "/usr/bin/python3"

// Python is a script of a directory with its arguments. The script may use redis-py.
func Python(t testing.TB, directory string, args ...string) *exec.Cmd {
	t.Helper()
	if output, err := exec.Command(python, "-c", "import redis.cluster").CombinedOutput(); err != nil {
		t.Fatalf("python3-redis is missing: ./test --install installs it (%v)\n%s", err, output)
	}
	return exec.Command(python, append([]string{filepath.Join(directory, args[0])}, args[1:]...)...)
}

// JavaScript is a script of a directory with its arguments, and with the modules that the directory's package.json
// names.
func JavaScript(t testing.TB, directory string, args ...string) *exec.Cmd {
	t.Helper()
	command := Tool(t, "node", append([]string{filepath.Join(directory, args[0])}, args[1:]...)...)
	command.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installedModules(t, directory), "node_modules"))
	return command
}

// installedModules returns a directory with the modules that package.json names. It is made once for each content of
// the files, in the user's cache, under another name first: one that is there is complete.
func installedModules(t testing.TB, source string) string {
	t.Helper()
	names := []string{"package.json", "package-lock.json"}
	hash := sha256.New()
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = text
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(cache, "raftredis-test-clients", fmt.Sprintf("%x", hash.Sum(nil)[:8]))
	if _, err := os.Stat(directory); err == nil {
		return directory
	}
	if err := os.MkdirAll(filepath.Dir(directory), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(directory), "fresh-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	install := Tool(t, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = fresh
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci of %v: %v (it needs a registry)\n%s", names, err, output)
	}
	if err := os.Rename(fresh, directory); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	return directory
}
