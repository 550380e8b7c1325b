package blackbox

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// ExpectWords fails unless a text has all the words.
func ExpectWords(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// Tool is a command of a program that the tests use and do not build. Without the program the test fails.
func Tool(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: ./test --install installs it", program)
	}
	return exec.Command(path, args...)
}

// RedisCLI runs Redis's own client.
func RedisCLI(t testing.TB, args ...string) string {
	t.Helper()
	output, err := Tool(t, "redis-cli", args...).Output()
	if err != nil {
		t.Fatalf("redis-cli %q: %v", args, err)
	}
	return string(output)
}

// FlipBit changes one bit of a file.
func FlipBit(t testing.TB, path string, offset int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[offset] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
