package tools_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// startPlayground starts a playground of three nodes and waits until it is ready. It is stopped in order when the test
// ends, and what it would leave in the system's temporary directory otherwise goes with the test's.
func startPlayground(t testing.TB, command *exec.Cmd, flags ...string) (p *blackbox.Process, port int) {
	t.Helper()
	port = blackbox.Ports(t, 3)
	command.Args = append(command.Args, "playground", "--nodes", "3", "--port", strconv.Itoa(port))
	command.Args = append(command.Args, flags...)
	if command.Env == nil {
		command.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	}
	p = blackbox.Start(t, "playground", command)
	t.Cleanup(func() {
		p.Signal(syscall.SIGTERM)
		blackbox.Poll(blackbox.StopLimit, p.Ended) // if not, it is killed next
	})
	// `go run` builds first.
	p.AwaitReady(2 * blackbox.ReadyLimit)
	return p, port
}

var childLine = regexp.MustCompile(`(?m)^\d+: process (\d+),`)

// childrenOf lists the nodes of a playground by what it says of them.
func childrenOf(t testing.TB, p *blackbox.Process) (children []blackbox.Identity) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, "the playground names three processes", func() bool {
		return len(childLine.FindAllString(p.Err(), -1)) == 3
	})
	for _, match := range childLine.FindAllStringSubmatch(p.Err(), -1) {
		pid, err := strconv.Atoi(match[1])
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, blackbox.Identify(t, pid))
	}
	return children
}

func awaitDeath(t testing.TB, processes []blackbox.Identity) {
	t.Helper()
	for _, p := range processes {
		blackbox.Eventually(t, blackbox.EffectLimit, "process "+strconv.Itoa(p.Pid)+" is gone",
			func() bool { return !p.Alive() })
	}
}

func TestPlayground_WriteOnOneNodeReadOnAnother(t *testing.T) {
	_, port := startPlayground(t, exec.Command(blackbox.Binary(t)))
	if got := blackbox.RedisCLI(t, "-p", strconv.Itoa(port+1), "SET", "a", "1"); got != "OK\n" {
		t.Errorf("SET on the second node answered %q", got)
	}
	if got := blackbox.RedisCLI(t, "-p", strconv.Itoa(port+2), "GET", "a"); got != "1\n" {
		t.Errorf("GET on the third node answered %q", got)
	}
}

const (
	// idleLatency is what a write on one node and the read of it on another may take together, as a median, on a machine
	// with nothing else to do. A write costs two syncs in a row at most, which is below a millisecond on an ordinary SSD.
	idleLatency = 5 * time.Millisecond
	// latencySlack is for machines that do have something else to do, and for the race detector.
	latencySlack = 5
)

func TestPlayground_AWriteIsSeenElsewhereWithinMilliseconds(t *testing.T) {
	_, port := startPlayground(t, exec.Command(blackbox.Binary(t)))
	writer, reader := blackbox.MustConnect(t, port+1), blackbox.MustConnect(t, port+2)
	const rounds = 201
	times := make([]time.Duration, 0, rounds)
	for i := range rounds {
		value := strconv.Itoa(i)
		began := time.Now()
		blackbox.Expect(t, writer.Must(t, "SET", "latency", value), "+OK")
		blackbox.Expect(t, reader.Must(t, "GET", "latency"), strconv.Quote(value))
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	median := times[rounds/2]
	t.Logf("SET on one node, then GET on another: median %v, slowest %v", median, times[rounds-1])
	if median > latencySlack*idleLatency {
		t.Errorf("the median is %v, more than %d times %v", median, latencySlack, idleLatency)
	}
}

func TestPlayground_NoChildIsLeftAfterSIGTERM(t *testing.T) {
	p, _ := startPlayground(t, exec.Command(blackbox.Binary(t)))
	children := childrenOf(t, p)
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(blackbox.StopLimit); code != 0 {
		t.Errorf("the exit code is %d, want 0", code)
	}
	awaitDeath(t, children)
}

func TestPlayground_NoChildIsLeftAfterKill(t *testing.T) {
	directory := t.TempDir() // a temporary one would be left behind, which is documented
	p, _ := startPlayground(t, exec.Command(blackbox.Binary(t)), "--dir", directory)
	children := childrenOf(t, p)
	p.Kill()
	awaitDeath(t, children)
}

// goRun is the command of the README, from the root of the module.
func goRun(t testing.TB) *exec.Cmd {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "run", "./cmd/raftredis")
	command.Dir = root
	return command
}

func TestPlayground_NoChildIsLeftAfterCtrlCUnderGoRun(t *testing.T) {
	p, _ := startPlayground(t, goRun(t))
	children := childrenOf(t, p)
	playground := blackbox.Identify(t, blackbox.Parent(t, children[0].Pid))
	p.SignalGroup(syscall.SIGINT)
	awaitDeath(t, append(children, playground))
}

func TestPlayground_NoChildIsLeftWhenGoRunIsKilled(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(s.String(), func(t *testing.T) {
			p, _ := startPlayground(t, goRun(t))
			children := childrenOf(t, p)
			playground := blackbox.Identify(t, blackbox.Parent(t, children[0].Pid))
			p.Signal(s)
			awaitDeath(t, append(children, playground))
		})
	}
}

func TestPlayground_AGivenDirectoryIsKeptAndGoneOnWith(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "kept")
	p, port := startPlayground(t, exec.Command(blackbox.Binary(t)), "--dir", directory)
	blackbox.Expect(t, blackbox.MustConnect(t, port).Must(t, "SET", "kept", "value"), "+OK")
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(blackbox.StopLimit); code != 0 {
		t.Fatalf("the exit code is %d, want 0", code)
	}

	again := blackbox.Start(t, "playground, again", exec.Command(p.Command()[0], p.Command()[1:]...))
	again.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, blackbox.MustConnect(t, port+2).Must(t, "GET", "kept"), `"value"`)
	again.Signal(syscall.SIGTERM)
	again.ExitCode(blackbox.StopLimit)

	other := strconv.Itoa(port + 1)
	code, output := blackbox.Run(t, "playground", "--nodes", "3", "--port", other, "--dir", directory)
	if code != 1 || !regexp.MustCompile(`was made with --nodes 3 --port \d+`).MatchString(output) {
		t.Errorf("with another port: exit code %d and %q, want 1 and the flags it was made with", code, output)
	}
}

func TestPlayground_ATemporaryDirectoryIsRemoved(t *testing.T) {
	temporary := t.TempDir()
	command := exec.Command(blackbox.Binary(t))
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	p, _ := startPlayground(t, command)
	p.Signal(syscall.SIGINT)
	p.ExitCode(blackbox.StopLimit)
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
}

func TestPlayground_SaysWhenANodeEndsAndGoesOn(t *testing.T) {
	p, port := startPlayground(t, exec.Command(blackbox.Binary(t)))
	children := childrenOf(t, p)
	if err := syscall.Kill(children[0].Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(fmt.Sprintf(`the node on port %d has ended \(signal: killed\)`, port))
	blackbox.Eventually(t, blackbox.EffectLimit, "the playground says that its first node has ended", func() bool {
		return said.MatchString(p.Err())
	})
	blackbox.Expect(t, blackbox.MustConnect(t, port+1).Must(t, "SET", "a", "1"), "+OK")
	blackbox.Expect(t, blackbox.MustConnect(t, port+2).Must(t, "GET", "a"), `"1"`)

	// The hint runs as printed, although `raftredis` is in no PATH here.
	hint := regexp.MustCompile(`in another terminal:\n  (.*)\n`).FindStringSubmatch(p.Err())
	if hint == nil {
		t.Fatalf("no hint in:\n%s", p.Err())
	}
	again := blackbox.Start(t, "the node of the hint", exec.Command("sh", "-c", "exec "+hint[1]))
	again.AwaitReady(blackbox.ReadyLimit)
	blackbox.Expect(t, blackbox.MustConnect(t, port).Must(t, "GET", "a"), `"1"`)
}

// Before it is ready a playground says little; then, who leads; at the end, that it has ended.
func TestPlayground_IsQuietAndSaysWhoLeads(t *testing.T) {
	p, _ := startPlayground(t, exec.Command(blackbox.Binary(t)))
	if lines := strings.Count(p.Err(), "\n"); lines > 6 {
		t.Errorf("%d lines before ready:\n%s", lines, p.Err())
	}
	blackbox.Eventually(t, blackbox.EffectLimit, "the playground says who leads", func() bool {
		return regexp.MustCompile(`kill -9 \d+ +ends the node on port \d+, which leads`).MatchString(p.Out())
	})
	p.Signal(syscall.SIGINT)
	p.ExitCode(blackbox.StopLimit)
	if !strings.HasSuffix(p.Err(), "--dir keeps it\n") || strings.Contains(p.Err(), "level=WARN") {
		t.Errorf("the last line does not say the end:\n%s", p.Err())
	}
}
