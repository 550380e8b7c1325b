package tools_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// terminal is a program that talks to a person, as it believes.
type terminal struct {
	t       *testing.T
	program *exec.Cmd
	screen  *os.File
	ended   chan error
	mu      sync.Mutex
	shown   []byte
	// read is how much of what is shown, without escapes, was awaited.
	read int
}

// startOnTerminal starts a program on a pseudo-terminal of its own. When the test ends it is killed.
func startOnTerminal(t *testing.T, name string, args ...string) *terminal {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetUint32(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	program := blackbox.Tool(t, name, args...)
	program.Stdin, program.Stdout, program.Stderr = inner, inner, inner
	program.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir())
	program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	p := &terminal{t: t, program: program, screen: screen, ended: make(chan error, 1)}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		p.watch()
	}()
	go func() { p.ended <- program.Wait() }()
	t.Cleanup(func() {
		_ = program.Process.Kill()
		<-watched
		_ = screen.Close()
	})
	return p
}

// watch collects what is shown until the program is gone: then no process holds the other side of the terminal.
func (p *terminal) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.screen.Read(buffer)
		p.mu.Lock()
		p.shown = append(p.shown, buffer[:n]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// escapes are colours and movements of the cursor, also one of which the end has not been read yet.
var escapes = regexp.MustCompile("\x1b(\\[[0-9;]*([A-Za-z]|$)|$)")

// awaits waits until something is shown, behind what was awaited before, and returns that, without escapes.
func (p *terminal) awaits(pattern string) (found []string) {
	p.t.Helper()
	wanted := regexp.MustCompile(pattern)
	fresh := ""
	if !blackbox.Poll(blackbox.EffectLimit, func() bool {
		p.mu.Lock()
		fresh = escapes.ReplaceAllString(string(p.shown), "")[p.read:]
		p.mu.Unlock()
		if place := wanted.FindStringIndex(fresh); place != nil {
			found = wanted.FindStringSubmatch(fresh)
			p.read += place[1]
		}
		return found != nil
	}) {
		p.t.Fatalf("%v does not show %q, but %q", p.program.Args, pattern, fresh)
	}
	return found
}

func (p *terminal) types(text string) {
	p.t.Helper()
	if _, err := p.screen.WriteString(text); err != nil {
		p.t.Fatalf("%v: %v", p.program.Args, err)
	}
}

// redis-cli as people know it: a prompt, help from the server, hints while one types, names completed.
func TestTools_RedisCLIIsAtHomeOnATerminal(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	follower := c.Others(lead)[0]
	t.Run("interactive", func(t *testing.T) { cliInteractive(t, follower) })
	t.Run("stat", func(t *testing.T) { cliStat(t, follower) })
	t.Run("latency", func(t *testing.T) { cliLatency(t, follower) })
}

func cliInteractive(t *testing.T, n *blackbox.Node) {
	p := startOnTerminal(t, "redis-cli", "-p", strconv.Itoa(n.Port))
	// What is typed before the prompt is there is thrown away.
	enters := func(text string) {
		t.Helper()
		p.awaits(regexp.QuoteMeta(blackbox.Address(n.Port) + "> "))
		p.types(text)
	}
	enters("help SET\r")
	p.awaits(`SET key value.*\s+summary: .*[a-z].*\s+since: 1\.0\.0\s+group: string`)
	enters("help CONFIG REWRITE\r")
	p.awaits(`CONFIG REWRITE.*\s+summary: .*[a-z]`)
	enters("help @string\r")
	p.awaits(`\bINCR key\s+summary: `)
	enters("set ")
	p.awaits(`set .*key value`)
	p.types("greeting hello\r")
	p.awaits(`OK\s`)
	enters("getr\t")
	p.awaits("GETRANGE|getrange")
	p.types(" greeting 0 1\r")
	p.awaits(`"he"\s`)
	enters("incr greeting\r")
	p.awaits(`\(error\) ERR value is not an integer or out of range\s`)
	enters("hello 3\r")
	p.awaits(`2# "version" => "7\.2\.4"`)
	enters("exit\r")
	if err := <-p.ended; err != nil {
		t.Errorf("redis-cli ended with %v", err)
	}
}

func cliStat(t *testing.T, n *blackbox.Node) {
	client := n.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", "counted", "1"), "+OK")
	keys := client.Must(t, "DBSIZE").String()[1:]
	p := startOnTerminal(t, "redis-cli", "-p", strconv.Itoa(n.Port), "--stat", "-i", "0.1")
	p.awaits(`keys +mem +clients blocked requests +connections`)
	first, before := p.statLine()
	if first[1] != keys || first[2] == "0" {
		t.Errorf("redis-cli --stat shows %s keys and %s clients, want %s keys and some clients", first[1], first[2], keys)
	}
	if _, after := p.statLine(); after <= before {
		t.Errorf("requests went from %d to %d, and the tool itself asks", before, after)
	}
}

// statLine waits for a line of figures and returns its fields and the number of requests.
func (p *terminal) statLine() (fields []string, requests int) {
	p.t.Helper()
	fields = p.awaits(`(\d+) +[0-9.]+[BKMG] +(\d+) +0 +(\d+) \(\+\d+\) +\d+`)
	requests, err := strconv.Atoi(fields[3])
	if err != nil {
		p.t.Fatal(err)
	}
	return fields, requests
}

func cliLatency(t *testing.T, n *blackbox.Node) {
	for _, args := range [][]string{{"--latency"}, {"--latency-history", "-i", "1"}} {
		p := startOnTerminal(t, "redis-cli", append([]string{"-p", strconv.Itoa(n.Port)}, args...)...)
		p.awaits(`min: \d+, max: \d+, avg: [0-9.]+ \(([1-9]\d*) samples\)`)
	}
}
