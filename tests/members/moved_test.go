package members_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

// movedLimit is how long a cluster takes at most to serve again after its nodes have moved. On an idle machine each
// story takes between 0.05 and 2.1 s.
const movedLimit = 10 * time.Second

// host is a machine with a node: it keeps its directory, and may get another address or name.
type host struct {
	number    int
	directory string
	ip        string
	// name is what others are told instead of the address; empty: the address.
	name    string
	process *blackbox.Process
	// command makes the command that starts the node of its words; nil if nothing is special about it.
	command func(words []string) *exec.Cmd
	// id is the node's id, which it keeps.
	id string
}

// street is three hosts with addresses 127.0.21.N of their own, all of them with the same ports.
type street struct {
	t     testing.TB
	port  int
	hosts []*host
	// flags go to each node.
	flags []string
	// limit is how long a story takes at most.
	limit time.Duration
}

// ip is the address of house number N.
func ip(number int) string { return "127.0.21." + strconv.Itoa(number) }

func newStreet(t testing.TB, flags ...string) *street {
	s := &street{
		t: t, port: blackbox.Ports(t, 1), flags: append(flags, blackbox.SmallJournal...), limit: movedLimit,
	}
	s.flags = append(s.flags, blackbox.HastyElections...)
	for i := range 3 {
		s.hosts = append(s.hosts, &host{number: i + 1, directory: filepath.Join(t.TempDir(), "data"), ip: ip(11 + i)})
	}
	return s
}

// found makes the cluster.
func (s *street) found() {
	s.t.Helper()
	s.start(s.hosts[0], "--bootstrap", "--expect", "3")
	for _, h := range s.hosts[1:] {
		s.start(h, "--join", s.announced(s.hosts[0]))
	}
	for _, h := range s.hosts {
		h.process.AwaitReady(blackbox.ReadyLimit)
		h.id = s.connect(h).Must(s.t, "CLUSTER", "MYID").Text
	}
	s.expectService(s.hosts)
}

// announced is where a node says it is.
func (s *street) announced(h *host) string {
	if h.name != "" {
		return net.JoinHostPort(h.name, strconv.Itoa(s.port))
	}
	return net.JoinHostPort(h.ip, strconv.Itoa(s.port))
}

// start starts a node where its host is now.
func (s *street) start(h *host, flags ...string) {
	s.t.Helper()
	args := []string{"serve", "--port", strconv.Itoa(s.port), "--bind", h.ip, "--dir", h.directory}
	if h.name != "" {
		args = append(args, "--announce-host", h.name)
	}
	args = slices.Concat([]string{product(s.t)}, args, s.flags, flags)
	command := exec.Command(args[0], args[1:]...)
	if h.command != nil {
		command = h.command(args)
	}
	h.process = blackbox.Start(s.t, fmt.Sprintf("node %d", h.number), command)
}

func (s *street) stop(hosts ...*host) {
	s.t.Helper()
	for _, h := range hosts {
		h.process.Kill()
	}
}

// connect connects a client to a node.
func (s *street) connect(h *host) *blackbox.Client {
	s.t.Helper()
	c, err := client.Connect(net.JoinHostPort(h.ip, strconv.Itoa(s.port)), blackbox.ReplyLimit)
	if err != nil {
		s.t.Fatalf("connect to node %d: %v", h.number, err)
	}
	s.t.Cleanup(c.Close)
	return &blackbox.Client{Connection: c}
}

// expectService writes through each of some nodes, and reads what all of them wrote.
func (s *street) expectService(hosts []*host) {
	s.t.Helper()
	var clients []*blackbox.Client
	for _, h := range hosts {
		clients = append(clients, s.connect(h))
	}
	for i, h := range hosts {
		blackbox.Expect(s.t, clients[i].Must(s.t, "SET", fmt.Sprint("by", h.number), h.ip), "+OK")
	}
	for i := range hosts {
		for _, h := range hosts {
			blackbox.Expect(s.t, clients[i].Must(s.t, "GET", fmt.Sprint("by", h.number)), strconv.Quote(h.ip))
		}
		clients[i].Close()
	}
}

// expectReturn waits until nodes that began at a moment serve, and until the log says where they are. It returns how
// long they took to serve.
func (s *street) expectReturn(began time.Time, hosts ...*host) (took time.Duration) {
	s.t.Helper()
	for _, h := range hosts {
		h.process.AwaitReady(blackbox.ReadyLimit)
	}
	s.expectService(hosts)
	took = time.Since(began)
	for _, h := range hosts {
		var seen string
		known := blackbox.Poll(blackbox.EffectLimit, func() bool {
			seen = s.connect(h).Must(s.t, "CLUSTER", "NODES").Text
			return !slices.ContainsFunc(hosts, func(other *host) bool {
				return !strings.Contains(seen, other.id+" "+s.announced(other)+"@")
			})
		})
		if !known {
			s.t.Errorf("node %d does not show where all nodes are:\n%s", h.number, seen)
		}
	}
	return took
}

// story tells one move on a cluster that serves: what it is, and what the operator does. The nodes that are to serve
// then do so within the street's limit.
func (s *street) story(name string, act func() (serving []*host)) {
	s.t.Helper()
	began := time.Now()
	serving := act()
	took := s.expectReturn(began, serving...)
	s.t.Logf("%-42s serves again after %v", name, took.Round(time.Millisecond))
	if took > s.limit {
		s.t.Errorf("%s: the cluster serves again after %v, allowed are %v", name, took, s.limit)
	}
}

// nameLeadsElsewhere tells of one host that comes back on another machine under its name, which publish makes known.
func (s *street) nameLeadsElsewhere(publish func()) {
	s.t.Helper()
	s.story("one name leads elsewhere, the others run", func() []*host {
		h := s.hosts[1]
		s.stop(h)
		h.ip = ip(14)
		publish()
		s.start(h)
		return s.hosts
	})
}

// D15: Every way in which nodes come back at other addresses. What they are told is at most where the others are now;
// the directories know the addresses of before.
func TestMoved_NodesFindEachOther(t *testing.T) {
	s := newStreet(t)
	s.found()
	all := s.hosts
	move := func(h *host, number int, flags ...string) {
		h.ip = ip(number)
		s.start(h, flags...)
	}
	s.story("all moved, told of the new addresses", func() []*host {
		s.stop(all...)
		for i, h := range all {
			move(h, 21+i, "--join", ip(21)+":"+strconv.Itoa(s.port), "--join", ip(22)+":"+strconv.Itoa(s.port),
				"--join", ip(23)+":"+strconv.Itoa(s.port))
		}
		return all
	})
	s.story("rotated, told nothing", func() []*host {
		s.stop(all...)
		for i, h := range all {
			move(h, 21+(i+1)%3)
		}
		return all
	})
	s.story("two swapped, the third runs on", func() []*host {
		s.stop(all[0], all[1])
		move(all[0], 23)
		move(all[1], 22)
		return all
	})
	s.story("two moved, the third at its old address", func() []*host {
		s.stop(all...)
		move(all[0], 11)
		move(all[1], 12)
		s.start(all[2])
		return all
	})
	s.story("two moved while the third is down", func() []*host {
		s.stop(all...)
		move(all[0], 31, "--join", ip(32)+":"+strconv.Itoa(s.port))
		move(all[1], 32)
		return all[:2]
	})
	s.story("the third comes back where it was", func() []*host {
		s.start(all[2])
		return all
	})
	s.story("one after the other, while the others run", func() []*host {
		for i, h := range all {
			s.stop(h)
			move(h, 41+i)
			h.process.AwaitReady(blackbox.ReadyLimit)
		}
		return all
	})
}

// nameHosts writes the names of hosts into a file.
func nameHosts(t *testing.T, file string, hosts []*host) {
	t.Helper()
	var text strings.Builder
	for _, h := range hosts {
		fmt.Fprintln(&text, h.ip, h.name)
	}
	replaceFile(t, file, text.String())
}

// replaceFile gives a file another content in one step.
func replaceFile(t *testing.T, file, text string) {
	t.Helper()
	fresh := file + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, file); err != nil {
		t.Fatal(err)
	}
}

// D15: The nodes know each other by names. The machines behind the names change, then the names themselves.
func TestMoved_HostsAreRenamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	s := newStreet(t, "--hosts-file", file)
	write := func() { nameHosts(t, file, s.hosts) }
	name := func(pattern string) {
		for _, h := range s.hosts {
			h.name = fmt.Sprintf(pattern, h.number)
		}
	}
	name("n%d.test")
	write()
	s.found()
	s.story("the names lead to other machines", func() []*host {
		s.stop(s.hosts...)
		for i, h := range s.hosts {
			h.ip = ip(11 + (i+1)%3)
		}
		write()
		for _, h := range s.hosts {
			s.start(h)
		}
		return s.hosts
	})
	s.nameLeadsElsewhere(write)
	s.story("all names are new", func() []*host {
		s.stop(s.hosts...)
		name("m%d.test")
		write()
		for _, h := range s.hosts {
			s.start(h, "--join", s.announced(s.hosts[0]))
		}
		return s.hosts
	})
	s.story("two names are exchanged", func() []*host {
		s.stop(s.hosts[0], s.hosts[2])
		s.hosts[0].name, s.hosts[2].name = s.hosts[2].name, s.hosts[0].name
		write()
		s.start(s.hosts[0])
		s.start(s.hosts[2])
		return s.hosts
	})
}

// D13, D14: What lives where a member is expected is another cluster's node, or one without the secret. Neither learns
// or changes anything.
func TestMoved_AnImpostorIsNotBelieved(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("correct horse battery staple\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStreet(t, "--cluster-secret-file", secret)
	s.found()
	copied := filepath.Join(t.TempDir(), "copy")
	s.stop(s.hosts[2])
	if err := os.CopyFS(copied, os.DirFS(s.hosts[2].directory)); err != nil {
		t.Fatal(err)
	}
	// The impostor has everything but the secret, and says that node 3 is where it is.
	impostor := &host{number: 3, directory: copied, ip: ip(66)}
	with := s.flags
	s.flags = slices.DeleteFunc(slices.Clone(with), func(flag string) bool {
		return flag == secret || flag == "--cluster-secret-file"
	})
	s.start(impostor, "--join", s.announced(s.hosts[0]), "--join", s.announced(s.hosts[1]))
	s.flags = with
	blackbox.Eventually(t, blackbox.EffectLimit, "the impostor is refused", func() bool {
		return strings.Contains(impostor.process.Err(), "the cluster secret does not match")
	})
	s.start(s.hosts[2])
	s.hosts[2].process.AwaitReady(blackbox.ReadyLimit)
	s.expectService(s.hosts)
	for _, h := range s.hosts {
		if seen := s.connect(h).Must(t, "CLUSTER", "NODES").Text; strings.Contains(seen, impostor.ip) {
			t.Errorf("node %d shows the impostor:\n%s", h.number, seen)
		}
		if said := h.process.Err(); strings.Contains(said, "another address") {
			t.Errorf("node %d believed the impostor:\n%s", h.number, said)
		}
	}
}
