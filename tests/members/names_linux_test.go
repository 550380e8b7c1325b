package members_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// nameServer answers what addresses names have.
type nameServer struct {
	mu    sync.Mutex
	names map[string]string
}

func (s *nameServer) set(hosts []*host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = map[string]string{}
	for _, h := range hosts {
		s.names[h.name+"."] = h.ip
	}
}

// listenDNS takes the port of a name server.
func listenDNS(t *testing.T, address string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp", net.JoinHostPort(address, "53"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func (s *nameServer) serve(conn net.PacketConn, silent *atomic.Bool) {
	buffer := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return // the test ends
		}
		if answer := s.answer(buffer[:n]); answer != nil && !silent.Load() {
			_, _ = conn.WriteTo(answer, from) // it asks again
		}
	}
}

// answer is the response to a query with one question (RFC 1035, section 4): an address of IPv4, or none.
func (s *nameServer) answer(query []byte) []byte {
	const headerBytes, typeA, classIN, response, noSuchName = 12, 1, 1, 0x8180, 3
	name, at := "", headerBytes
	for at < len(query) && query[at] != 0 {
		length := int(query[at])
		if at+1+length >= len(query) {
			return nil
		}
		name += strings.ToLower(string(query[at+1:at+1+length])) + "."
		at += 1 + length
	}
	end := at + 5 // the root, type and class
	if end > len(query) {
		return nil
	}
	s.mu.Lock()
	address, known := s.names[name]
	s.mu.Unlock()
	flags, answers := uint16(response), uint16(0)
	if !known {
		flags |= noSuchName
	}
	isA := known && binary.BigEndian.Uint16(query[at+1:]) == typeA
	if isA {
		answers = 1
	}
	reply := append([]byte(nil), query[:2]...)
	for _, number := range []uint16{flags, 1, answers, 0, 0} {
		reply = binary.BigEndian.AppendUint16(reply, number)
	}
	reply = append(reply, query[headerBytes:end]...)
	if isA {
		for _, number := range []uint16{0xc000 | headerBytes, typeA, classIN, 0, 0, 4} { // it lives for no time
			reply = binary.BigEndian.AppendUint16(reply, number)
		}
		ip := netip.MustParseAddr(address).As4()
		reply = append(reply, ip[:]...)
	}
	return reply
}

// silentLimit is how long a cluster takes at most to serve again where each lookup takes resolverSilence for certain.
const (
	silentLimit     = resolverSilence + 10*time.Second
	resolverSilence = 5 * time.Second
)

// D15: Of two name servers the first one becomes silent, so each lookup takes the five seconds after which the system's
// resolver asks the second one, which is longer than a connection may take. The nodes find each other all the same, and
// again when they start again or move. Without namespaces the names are in a file, and nothing is silent.
func TestMoved_ANameServerIsSilent(t *testing.T) {
	var s *street
	publish, silence := func() {}, func() {}
	switch alone(t) {
	case finished:
		return
	case inside:
		const first, second = "127.0.0.53", "127.0.0.54"
		s = newStreet(t)
		names := &nameServer{}
		var silent atomic.Bool
		go names.serve(listenDNS(t, first), &silent)
		go names.serve(listenDNS(t, second), new(atomic.Bool))
		etc := makeEtc(t, map[string]string{
			"resolv.conf": fmt.Sprintf("nameserver %s\nnameserver %s\n", first, second),
			"hosts":       "127.0.0.1 localhost\n",
		})
		for _, h := range s.hosts {
			h.command = seeingEtc(etc)
		}
		publish, silence = func() { names.set(s.hosts) }, func() { silent.Store(true) }
	case outside:
		file := filepath.Join(t.TempDir(), "hosts")
		s = newStreet(t, "--hosts-file", file)
		publish = func() { nameHosts(t, file, s.hosts) }
	}
	for _, h := range s.hosts {
		h.name = fmt.Sprintf("n%d.test", h.number)
	}
	publish()
	s.found()
	silence()
	s.limit = silentLimit
	s.story("all start again", func() []*host {
		s.stop(s.hosts...)
		for _, h := range s.hosts {
			s.start(h)
		}
		return s.hosts
	})
	s.nameLeadsElsewhere(publish)
}

// On Debian a machine's own name is 127.0.1.1 to itself, where a node that listens on the machine's address does not
// answer, and that address to the others. One command line with all names forms the cluster, whether a node is
// announced by its name or by its address.
//
// On the loopback interface another node may listen there: the nodes wait, and name the address. That is what there is
// to be seen without namespaces.
func TestFounding_AnOwnNameMeans127_0_1_1(t *testing.T) {
	place := alone(t)
	if place == finished {
		return
	}
	s := newStreet(t, "--insecure-peers", "--protected-mode", "no", "--bootstrap", "--expect", "3")
	for _, h := range s.hosts {
		if place == inside {
			h.ip = fmt.Sprintf("10.77.0.%d", h.number)
			addAddress(t, h.number, h.ip)
		}
		s.flags = append(s.flags, "--join", at(fmt.Sprintf("n%d.test", h.number), s.port))
	}
	s.hosts[0].name = "n1.test"
	for _, h := range s.hosts {
		text := fmt.Sprintf("127.0.0.1 localhost\n127.0.1.1 n%d.test n%[1]d\n", h.number)
		for _, other := range s.hosts {
			if other != h {
				text += fmt.Sprintf("%s n%d.test\n", other.ip, other.number)
			}
		}
		etc := makeEtc(t, map[string]string{"hosts": text, "resolv.conf": "nameserver 127.0.0.1\n"})
		if h.command = seeingEtc(etc); place == outside {
			h.command = nil
			s.start(h, "--hosts-file", filepath.Join(etc, "hosts"))
			continue
		}
		s.start(h)
	}
	if place == outside {
		for _, h := range s.hosts[1:] { // the first one knows its name
			port := s.port + blackbox.PeerDistance
			awaitSaid(t, h, fmt.Sprintf("n%d.test:%d (%s): ", h.number, port, at("127.0.1.1", port)))
		}
		return
	}
	for _, h := range s.hosts {
		h.process.AwaitReady(blackbox.ReadyLimit)
	}
	s.expectService(s.hosts)
}
