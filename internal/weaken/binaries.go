package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/guard"
)

// noticeTimeout is how long a test may take to notice. A test that waits for an event that never comes without the rule
// has noticed when its own bound is over, which is below that. Whole clusters take longer on a machine that is busy.
const (
	noticeTimeout   = 2 * time.Minute
	clustersTimeout = 15 * time.Minute
)

// binaries are the test programs of packages, built with the tag that lets guards be lowered, once each.
type binaries struct {
	directory string
	built     map[string]string
	// passed are tests that passed with all rules in place.
	passed map[string]bool
}

func newBinaries() (*binaries, error) {
	directory, err := os.MkdirTemp("", "weaken-")
	return &binaries{directory: directory, built: map[string]string{}, passed: map[string]bool{}}, err
}

func (b *binaries) remove() { os.RemoveAll(b.directory) }

// program is the test program of the package in a directory.
func (b *binaries) program(directory string) (string, error) {
	if path := b.built[directory]; path != "" {
		return path, nil
	}
	path := filepath.Join(b.directory, strings.ReplaceAll(directory, "/", "-"))
	build := exec.Command("go", "test", "-c", "-tags", "mutation", "-o", path, "./"+directory)
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the tests of %s: %w\n%s", directory, err, output)
	}
	b.built[directory] = path
	return path, nil
}

// run runs a package's tests of a pattern, with one guard down unless its name is empty.
func (b *binaries) run(
	directory, pattern, lowered string, timeout time.Duration,
) (output []byte, seconds float64, err error) {
	path, err := b.program(directory)
	if err != nil {
		return nil, 0, err
	}
	test := exec.Command(path, "-test.run="+pattern, "-test.count=1", "-test.v", "-test.timeout="+timeout.String())
	test.Dir = directory
	test.Env = os.Environ()
	if lowered != "" {
		test.Env = append(test.Env, guard.Variable+"="+lowered)
	}
	began := time.Now()
	output, err = test.CombinedOutput()
	return output, time.Since(began).Seconds(), err
}

// notice runs a test that is to notice that a rule is missing. An error says why it proves nothing.
func (b *binaries) notice(rule string, t *namedTest) (seconds float64, err error) {
	pattern := "^" + t.name + "$"
	if t.lowers() {
		pattern += "/^" + rule + "$"
		output, seconds, err := b.run(t.directory, pattern, "", clustersTimeout)
		if err == nil && !bytes.Contains(output, []byte("--- PASS: "+t.name+"/"+rule)) {
			err = errors.New("it has no subtest of that name")
		}
		return seconds, err
	}
	if !b.passed[t.String()] {
		output, seconds, err := b.run(t.directory, pattern, "", noticeTimeout)
		if err != nil {
			return seconds, fmt.Errorf("it fails with all rules in place: %w\n%s", err, output)
		}
		if !bytes.Contains(output, []byte("--- PASS: "+t.name)) {
			return seconds, errors.New("there is no such test")
		}
		b.passed[t.String()] = true
	}
	output, seconds, err := b.run(t.directory, pattern, rule, noticeTimeout)
	return seconds, unnoticed(t.name, output, err)
}

// timedOut is what a test program says that runs into -test.timeout.
var timedOut = []byte("\npanic: test timed out after ")

// unnoticed says why the end of a test program without a rule proves nothing; nil: the test noticed. One that hangs has
// not noticed: what comes of the missing rule is not what ends it.
func unnoticed(name string, output []byte, err error) error {
	var failed *exec.ExitError
	switch {
	case err == nil:
		return errors.New("it passes without the rule")
	case !errors.As(err, &failed):
		return err
	case !bytes.Contains(output, []byte("=== RUN   "+name)):
		return fmt.Errorf("it did not run: %s", output)
	case bytes.Contains(output, timedOut):
		return fmt.Errorf("it hangs without the rule, and fails at no bound of its own within %v", noticeTimeout)
	}
	return nil
}

var (
	failedLine = regexp.MustCompile(`(?m)^--- FAIL: (\w+) \(([0-9.]+)s\)`)
	ranLine    = regexp.MustCompile(`(?m)^=== RUN   (\w+)$`)
)

// failing are the tests of a package that notice. A panic ends the program; the tests behind it then run again without
// the one that panicked.
func (b *binaries) failing(rule, directory string) (names []string, err error) {
	path, err := b.program(directory)
	if err != nil {
		return nil, err
	}
	list, err := exec.Command(path, "-test.list=.").Output()
	if err != nil {
		return nil, err
	}
	left := strings.Fields(string(list))
	left = slices.DeleteFunc(left, func(name string) bool {
		return !strings.HasPrefix(name, "Test") || namedTest{name: name}.lowers()
	})
	for len(left) > 0 {
		output, _, err := b.run(directory, "^("+strings.Join(left, "|")+")$", rule, noticeTimeout)
		for _, match := range failedLine.FindAllSubmatch(output, -1) {
			names = append(names, fmt.Sprintf("%s(%s)", match[1], match[2]))
		}
		if err == nil {
			return names, nil
		}
		ran := ranLine.FindAllSubmatch(output, -1)
		if !bytes.Contains(output, []byte("\npanic: ")) || len(ran) == 0 {
			return names, nil
		}
		last := string(ran[len(ran)-1][1])
		if !strings.Contains(strings.Join(names, " "), last+"(") && !bytes.Contains(output, timedOut) {
			names = append(names, last+"(panic)")
		}
		for _, match := range ran {
			left = slices.DeleteFunc(left, func(n string) bool { return n == string(match[1]) })
		}
	}
	return names, nil
}
