package torture

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// fake is a cluster of nodes that never fail, in this process: all serve one key space. lie may change the reply to a
// command, and whether it is done.
type fake struct {
	mu     sync.Mutex
	values map[string]string
	lie    func(f *fake, node int, args []string) (reply string, lies bool)
	down   map[int]bool
	// lives counts how often each node was emptied, saves how often it was asked for a snapshot; emptied says which are
	// blank since, outside which were removed.
	lives            map[int]int
	saves            map[int]int
	emptied, outside map[int]bool
	service          service

	listeners []net.Listener
	running   sync.WaitGroup
	conns     map[net.Conn]struct{}
}

// newFake starts a fake. The test fails if goroutines are left at its end, so no other test may run beside it.
func newFake(t *testing.T, nodes int) *fake {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	return newFakeBesideOthers(t, nodes)
}

// newFakeBesideOthers starts a fake for a test that runs in parallel with others.
func newFakeBesideOthers(t *testing.T, nodes int) *fake {
	t.Helper()
	f := &fake{service: newService(), values: map[string]string{}, conns: map[net.Conn]struct{}{},
		down: map[int]bool{}, lives: map[int]int{},
		saves: map[int]int{}, emptied: map[int]bool{}, outside: map[int]bool{}}
	for node := range nodes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f.listeners = append(f.listeners, listener)
		f.running.Go(func() { f.accept(node, listener) })
	}
	t.Cleanup(f.close)
	return f
}

func (f *fake) close() {
	for _, listener := range f.listeners {
		listener.Close()
	}
	f.mu.Lock()
	for conn := range f.conns {
		conn.Close()
	}
	f.mu.Unlock()
	f.running.Wait()
}

func (f *fake) addresses() (all []string) {
	for _, listener := range f.listeners {
		all = append(all, listener.Addr().String())
	}
	return all
}

func (f *fake) accept(node int, listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns[conn] = struct{}{}
		f.mu.Unlock()
		f.running.Go(func() { f.serve(node, conn) })
	}
}

func (f *fake) serve(node int, conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		args, err := readCommand(reader)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, f.answer(node, args)); err != nil {
			return
		}
	}
}

// readCommand reads a command as client.Encode writes it.
func readCommand(reader *bufio.Reader) (args []string, err error) {
	var count, length int
	if _, err := fmt.Fscanf(reader, "*%d\r\n", &count); err != nil {
		return nil, err
	}
	for range count {
		if _, err := fmt.Fscanf(reader, "$%d\r\n", &length); err != nil {
			return nil, err
		}
		text := make([]byte, length+2)
		if _, err := io.ReadFull(reader, text); err != nil {
			return nil, err
		}
		args = append(args, string(text[:length]))
	}
	return args, nil
}

func (f *fake) answer(node int, args []string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.do(node, args)
}

// do answers a command, one that another one carries as well; the lock is held.
func (f *fake) do(node int, args []string) string {
	if args[0] != "CLUSTER" && args[0] != "INFO" && (f.outside[node] || f.emptied[node]) {
		return "-CLUSTERDOWN no member\r\n"
	}
	if f.lie != nil {
		if reply, lies := f.lie(f, node, args); lies {
			return reply
		}
	}
	switch args[0] {
	case "GET":
		return f.bulk(args[1])
	case "MGET":
		var text strings.Builder
		fmt.Fprintf(&text, "*%d\r\n", len(args)-1)
		for _, key := range args[1:] {
			text.WriteString(f.bulk(key))
		}
		return text.String()
	case "SET":
		if len(args) > 3 {
			return f.compare(args)
		}
		f.values[args[1]] = args[2]
		return "+OK\r\n"
	case "APPEND":
		f.values[args[1]] += args[2]
		return fmt.Sprintf(":%d\r\n", len(f.values[args[1]]))
	case "INCR":
		value, _ := strconv.Atoi(f.values[args[1]])
		f.values[args[1]] = strconv.Itoa(value + 1)
		return fmt.Sprintf(":%d\r\n", value+1)
	case "DELEX":
		return f.compare(args)
	case "DEL":
		return f.unlink(args[1:])
	case "DBSIZE":
		return integer(f.size())
	case "CLUSTER":
		return f.cluster(node, args)
	case "INFO":
		return bulk(f.info(node))
	case "BGSAVE":
		f.saves[node]++
		return "+Background saving started\r\n"
	}
	return f.serveMore(node, args)
}

// info is what a node says of itself. The first one leads; a snapshot is installed by each that was emptied.
func (f *fake) info(node int) string {
	role := "follower"
	if node == 0 {
		role = "leader"
	}
	return fmt.Sprintf("# Raft\r\nraft_role:%s\r\nraft_current_term:3\r\nraft_snapshots_created:%d\r\n"+
		"raft_snapshots_received:%d\r\nraft_state_index:9\r\nraft_state_hash:77\r\n"+
		"raft_state_agreed_index:9\r\nraft_state_quarantine:no\r\nraft_state_quarantined_nodes:\r\n"+
		"raft_state_undecided_index:0\r\n", role, f.saves[node], f.lives[node])
}

// cluster answers as a cluster does in which nodes are members from the start. A node that is no member serves no
// client.
func (f *fake) cluster(node int, args []string) string {
	switch args[1] {
	case "MYID":
		return bulk(f.name(node))
	case "REMOVENODE":
		return f.remove(args[2])
	case "REPLACENODE":
		if reply := f.remove(args[2]); reply[0] == '-' {
			return reply
		}
		return "*1\r\n" + f.add(args[3])
	case "ADDNODE":
		return f.add(args[2])
	}
	return "+OK\r\n"
}

// name is another one in each of a node's lives.
func (f *fake) name(node int) string { return fmt.Sprintf("node%d.%d", node, f.lives[node]) }

func (f *fake) remove(name string) string {
	var node, life int
	_, err := fmt.Sscanf(name, "node%d.%d", &node, &life)
	if err != nil || f.outside[node] || f.memberLife(node) != life {
		return "-ERR Unknown node " + name + "\r\n"
	}
	f.outside[node] = true
	return "+OK\r\n"
}

// memberLife is the life in which a node was a member last: the one before, while it is emptied.
func (f *fake) memberLife(node int) int {
	if f.emptied[node] {
		return f.lives[node] - 1
	}
	return f.lives[node]
}

func (f *fake) add(address string) string {
	node := slices.Index(f.addresses(), address)
	if f.down[node] {
		return "-ERR no node answers\r\n"
	}
	f.outside[node], f.emptied[node] = false, false
	return bulk(f.name(node))
}

func (f *fake) bulk(key string) string {
	value, exists := f.values[key]
	if !exists {
		return "$-1\r\n"
	}
	return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
}

// The faults of processes do nothing to the nodes of a fake, but keep account.

func (f *fake) Kill(node int) error     { return f.turn(node, true) }
func (f *fake) Stop(node int) error     { return f.turn(node, true) }
func (f *fake) Pause(node int) error    { return f.turn(node, true) }
func (f *fake) Start(node int) error    { return f.turn(node, false) }
func (f *fake) Continue(node int) error { return f.turn(node, false) }

// Empty is for nodes that are down.
func (f *fake) Empty(node int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.down[node] {
		return fmt.Errorf("node %d is emptied while it runs", node)
	}
	f.lives[node]++
	f.emptied[node] = true
	return nil
}

func (f *fake) turn(node int, down bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down[node] == down {
		return fmt.Errorf("node %d is broken or mended twice", node)
	}
	f.down[node] = down
	return nil
}

func (f *fake) Check(int) error { return nil }
