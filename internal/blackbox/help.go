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

// RedisCLI runs the stock client.
func RedisCLI(t testing.TB, args ...string) string {
	t.Helper()
	output, err := exec.Command("redis-cli", args...).Output()
	if err != nil {
		t.Fatalf("redis-cli %q: %v (Debian's package redis-tools has it)", args, err)
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
