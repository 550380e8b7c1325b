package members_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// headless is a name that stands for several nodes, as that of a headless service in Kubernetes does.
const headless = "raftredis-headless.test"

// nameAddresses has the name stand for some addresses from now on.
func nameAddresses(t *testing.T, file string, ips ...string) {
	t.Helper()
	var text strings.Builder
	for _, ip := range ips {
		fmt.Fprintln(&text, ip, headless)
	}
	replaceFile(t, file, text.String())
}

// awaitSaid waits until a node has logged some words.
func awaitSaid(t *testing.T, h *host, words string) {
	t.Helper()
	blackbox.Eventually(t, blackbox.EffectLimit, fmt.Sprintf("node %d says %q", h.number, words), func() bool {
		return strings.Contains(h.process.Err(), words)
	})
}

// newHeadless is a street of n hosts that all have one command line, in which one name stands for all.
func newHeadless(t *testing.T, n int) (s *street, file string) {
	file = filepath.Join(t.TempDir(), "hosts")
	s = newStreet(t, "--hosts-file", file, "--bootstrap", "--expect", "3")
	s.flags = append(s.flags, "--join", at(headless, s.port))
	for len(s.hosts) < n {
		number := len(s.hosts) + 1
		s.hosts = append(s.hosts, &host{number: number, directory: filepath.Join(t.TempDir(), "data"), ip: ip(10 + number)})
	}
	return s, file
}

// at is a port of a host.
func at(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

func ips(hosts []*host) (all []string) {
	for _, h := range hosts {
		all = append(all, h.ip)
	}
	return all
}

// expectServing waits until nodes serve, as one cluster of so many members.
func expectServing(t *testing.T, s *street, hosts []*host, members int) {
	t.Helper()
	for _, h := range hosts {
		h.process.AwaitReady(blackbox.ReadyLimit)
	}
	s.expectService(hosts)
	for _, h := range hosts {
		if seen := s.connect(h).Must(t, "CLUSTER", "NODES").Text; strings.Count(seen, "\n") != members {
			t.Errorf("node %d shows other members than %d:\n%s", h.number, members, seen)
		}
	}
}

// One name stands for all nodes, and for more of them as they come up. They form one cluster when the third is there,
// the fourth joins it, all start again with the same line, and one whose directory is lost makes no second cluster.
func TestFounding_OneNameForAllNodes(t *testing.T) {
	s, file := newHeadless(t, 4)
	for i, h := range s.hosts[:3] {
		nameAddresses(t, file, ips(s.hosts[:i+1])...)
		s.start(h)
		if i < 2 {
			awaitSaid(t, h, fmt.Sprintf("waiting for %d of 3 nodes to join", 2-i))
		}
	}
	expectServing(t, s, s.hosts[:3], 3)
	nameAddresses(t, file, ips(s.hosts)...)
	s.start(s.hosts[3])
	expectServing(t, s, s.hosts, 4)
	s.stop(s.hosts...)
	for _, h := range s.hosts {
		s.start(h)
	}
	expectServing(t, s, s.hosts, 4)

	lost := s.hosts[0]
	s.stop(lost)
	if err := os.RemoveAll(lost.directory); err != nil {
		t.Fatal(err)
	}
	s.start(lost)
	awaitSaid(t, lost, "looks for node")
	expectServing(t, s, s.hosts[1:], 4)
	if lost.process.Ready() {
		t.Error("a node whose directory is lost serves")
	}
}

// All start at once; an address that is not this cluster's yet is among those of the name. The nodes wait for it, and
// say which one it is: a member of a running cluster may be there.
func TestFounding_EachAddressOfTheNameAnswers(t *testing.T) {
	s, file := newHeadless(t, 3)
	const silent = "127.0.21.99"
	nameAddresses(t, file, append(ips(s.hosts), silent)...)
	for _, h := range s.hosts {
		s.start(h)
	}
	for _, h := range s.hosts {
		awaitSaid(t, h, "waiting until each named node has answered: "+at(headless, s.port+blackbox.PeerDistance)+" ("+
			at(silent, s.port+blackbox.PeerDistance)+"): ")
	}
	if slices.ContainsFunc(s.hosts, func(h *host) bool { return h.process.Ready() }) {
		t.Error("a cluster is formed while a named node does not answer")
	}
	nameAddresses(t, file, ips(s.hosts)...)
	expectServing(t, s, s.hosts, 3)
}
