// Package peers has no code of its own: its tests run the programs beside it.
package peers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A node of a busy machine may take long to start and to be elected.
const startLimit, pollPeriod = 2 * time.Minute, 10 * time.Millisecond

// Every peer answers, and all but the floor keep what they acknowledged when all nodes are killed at once. Without
// dragonboat, which takes longer to build than all others together: RAFTREDIS_PEERS=library,etcdraft,hashicorp,floor.
func TestPeersAnswerAndKeepTheirData(t *testing.T) {
	binaries := t.TempDir()
	names := []string{"library", "etcdraft", "hashicorp", "dragonboat", "floor"}
	if chosen := os.Getenv("RAFTREDIS_PEERS"); chosen != "" {
		names = strings.Split(chosen, ",")
	}
	for _, name := range names {
		build := exec.Command("go", "build", "-o", binaries+"/", "./"+name)
		if name == "dragonboat" { // it would want a C compiler
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
		}
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
	}
	for _, each := range []struct {
		name  string
		flags []string
		keeps bool
	}{
		{"library", nil, true},
		{"library", []string{"--loop"}, true},
		{"etcdraft", nil, true},
		{"etcdraft", []string{"--prepared"}, true},
		{"hashicorp", nil, true},
		{"dragonboat", nil, true},
		{"floor", nil, false},
	} {
		if !slices.Contains(names, each.name) {
			continue
		}
		t.Run(strings.Join(append([]string{each.name}, each.flags...), " "), func(t *testing.T) {
			t.Parallel()
			c := &cluster{t: t, binary: filepath.Join(binaries, each.name), flags: each.flags, directory: t.TempDir()}
			c.port = ports(t, 2*nodes)
			for _, value := range []string{"first", "second"} {
				end := c.start()
				leader := c.leader()
				if value == "second" && each.keeps {
					c.ask(leader, "$5\r\nfirst\r\n", "GET", "key")
				} else {
					c.ask(leader, "$-1\r\n", "GET", "key")
				}
				c.ask(leader, "+PONG\r\n", "PING")
				c.ask(leader, "+OK\r\n", "SET", "key", value)
				c.ask(leader, fmt.Sprintf("$%d\r\n%s\r\n", len(value), value), "GET", "key")
				c.measures(leader, each.name)
				end()
			}
		})
	}
}

const nodes = 3

type cluster struct {
	t                 *testing.T
	binary, directory string
	flags             []string
	port              int
}

// start starts all nodes; end kills them.
func (c *cluster) start() (end func()) {
	var all []*exec.Cmd
	end = func() {
		for _, each := range all {
			_ = each.Process.Kill()
			_ = each.Wait()
		}
		all = nil
	}
	c.t.Cleanup(func() { end() })
	for id := 1; id <= nodes; id++ {
		n := strconv.Itoa(id)
		command := exec.Command(c.binary, append([]string{
			"--id", n, "--dir", filepath.Join(c.directory, n),
			"--port", strconv.Itoa(c.port + id - 1), "--peer-port", strconv.Itoa(c.port + nodes),
		}, c.flags...)...)
		command.Stdout, command.Stderr = c.t.Output(), c.t.Output()
		if err := command.Start(); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, command)
	}
	return end
}

// leader waits for a node to lead, and returns its port.
func (c *cluster) leader() (port int) {
	deadline := time.Now().Add(startLimit)
	for ticks := time.Tick(pollPeriod); ; <-ticks {
		for port := c.port; port < c.port+nodes; port++ {
			if text, err := do(port, "INFO"); err == nil && strings.Contains(text, "peer_role:leader\r\n") {
				return port
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatal("no node leads")
		}
	}
}

// measures has a node propose entries and have reads confirmed without a client; the floor does neither.
func (c *cluster) measures(port int, name string) {
	c.t.Helper()
	if name == "floor" {
		return
	}
	for _, args := range [][]string{{"PROPOSE", "2", "16", "20"}, {"CONFIRM", "2", "20"}} {
		got, err := do(port, args...)
		if err != nil || !strings.Contains(got, "done:") || strings.Contains(got, "done:0\r") {
			c.t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}

func (c *cluster) ask(port int, want string, args ...string) {
	c.t.Helper()
	if got, err := do(port, args...); err != nil || got != want {
		c.t.Errorf("%q: %q, %v, want %q", args, got, err, want)
	}
}

// do sends a command, and returns the bytes of its reply.
func do(port int, args ...string) (reply string, err error) {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), startLimit)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	err = conn.SetDeadline(time.Now().Add(startLimit))
	request := fmt.Sprintf("*%d\r\n", len(args))
	for _, arg := range args {
		request += fmt.Sprintf("$%d\r\n%s\r\n", len(arg), arg)
	}
	_, writeErr := io.WriteString(conn, request)
	if err := errors.Join(err, writeErr); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	length, parseErr := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "$")))
	if err != nil || line[0] != '$' || parseErr != nil || length < 0 {
		return line, err
	}
	body := make([]byte, length+len("\r\n"))
	_, err = io.ReadFull(r, body)
	return line + string(body), err
}

// ports returns the first of n neighbouring ports that are free. They lie below those that Linux gives to outgoing
// connections, so that they stay free.
func ports(t *testing.T, n int) int {
	const lowest, highest, tries = 22_100, 30_000, 200
	for range tries {
		first, free := lowest+rand.IntN(highest-lowest-n), true
		for port := first; port < first+n && free; port++ {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if free = err == nil; free {
				_ = l.Close()
			}
		}
		if free {
			return first
		}
	}
	t.Fatalf("no %d neighbouring ports are free", n)
	return 0
}
