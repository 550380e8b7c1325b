package tools_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// readmeBlocks are the examples of the README: what stands in a fence, by the language that the fence names.
func readmeBlocks(t *testing.T) (shell []string, program string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		switch block[1] {
		case "":
			shell = append(shell, strings.Split(strings.TrimSpace(block[2]), "\n")...)
		case "go":
			program = block[2]
		}
	}
	return shell, program
}

// moved puts other ports into a text: those from to on, in place of some ports that begin with first.
func moved(text string, first, to int) string {
	const some = 10
	return regexp.MustCompile(`\b\d{4}\b`).ReplaceAllStringFunc(text, func(found string) string {
		n, err := strconv.Atoi(found)
		if err != nil || n < first || n >= first+some {
			return found
		}
		return strconv.Itoa(n - first + to)
	})
}

// The playground of the README, and each line behind it that is for another terminal. What a line answers stands behind
// it, after a # sign, if it is worth showing.
func TestReadme_LinesRunAsWrittenInAPlayground(t *testing.T) {
	const playground = "go run ./cmd/raftredis playground --nodes 3 --port 7001 --dir /tmp/playground"
	shell, program := readmeBlocks(t)
	if len(shell) == 0 || shell[0] != playground {
		t.Fatalf("the README does not begin with %s", playground)
	}
	_, port := startPlayground(t, exec.Command(blackbox.Binary(t)), "--dir", t.TempDir())
	ran := 0
	for _, line := range shell {
		typed, want, shown := strings.Cut(line, " # ")
		if !strings.Contains(typed, "redis-cli ") {
			continue
		}
		ran++
		output, err := blackbox.Tool(t, "sh", "-ec", moved(typed, 7001, port)).CombinedOutput()
		got := strings.Join(strings.Fields(string(output)), " ")
		if err != nil || shown && got != strings.TrimSpace(want) || strings.HasPrefix(got, "ERR") {
			t.Errorf("%s\nanswers %q (%v), want %q", typed, got, err, want)
		}
	}
	if ran < 3 {
		t.Errorf("the README has %d lines with redis-cli", ran)
	}
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte(moved(program, 7001, port)), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "run", source)
	run.Dir = filepath.Join("..", "..") // whose go.mod has the library
	if output, err := run.CombinedOutput(); err != nil || string(output) != "hello\n" {
		t.Errorf("the program prints %q (%v)", output, err)
	}
}

// The lines that make a cluster of three nodes make one, and start the nodes again.
func TestReadme_LinesOfAClusterMakeOne(t *testing.T) {
	shell, _ := readmeBlocks(t)
	directory, port := t.TempDir(), blackbox.Ports(t, 3)
	for range 2 {
		var started []*blackbox.Process
		for _, line := range shell {
			words := strings.Fields(moved(line, 6379, port))
			if len(words) < 2 || words[0] != "raftredis" || words[1] != "serve" {
				continue
			}
			command := exec.Command(blackbox.Binary(t), words[1:]...)
			command.Dir = directory
			started = append(started, blackbox.Start(t, line, command))
		}
		if len(started) != 3 {
			t.Fatalf("the README starts %d nodes", len(started))
		}
		for _, p := range started {
			p.AwaitReady(blackbox.ReadyLimit)
		}
		for _, p := range started {
			p.Kill()
		}
	}
}
