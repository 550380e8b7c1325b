package clients_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// onceCounts is how often each library counts, onceLimit how long all of them take at most.
const (
	onceCounts = 40
	onceLimit  = 2 * time.Minute
)

// onceRecipes are the recipes of docs/clients.md: the file that has it, and what runs it. It prints each reply.
var onceRecipes = []struct {
	library, file string
	run           func(t *testing.T, address, key string) string
}{
	{"go-redis", "once_goredis_test.go", countByGoRedis},
	{"rueidis", "once_rueidis_test.go", countByRueidis},
	{"redis-py", "testdata/once.py", func(t *testing.T, address, key string) string {
		return output(t, blackbox.Python(t, "testdata", "once.py", address, key, strconv.Itoa(onceCounts)))
	}},
	{"redis-py, a cluster client", "testdata/once.py", func(t *testing.T, address, key string) string {
		const count = onceCounts
		return output(t, blackbox.Python(t, "testdata", "once.py", address, key, strconv.Itoa(count), "cluster"))
	}},
	{"ioredis", "testdata/once-ioredis.js", func(t *testing.T, address, key string) string {
		return output(t, blackbox.JavaScript(t, "testdata", "once-ioredis.js", address, key, strconv.Itoa(onceCounts)))
	}},
	{"node-redis", "testdata/once-redis.js", func(t *testing.T, address, key string) string {
		return output(t, blackbox.JavaScript(t, "testdata", "once-redis.js", address, key, strconv.Itoa(onceCounts)))
	}},
}

// H1: each library counts by its recipe, through a connection that breaks behind many commands, or says UNCERTAIN, when
// they were executed, and refuses the next attempt, for want of memory or of a leader. It gets the numbers from one on,
// each once, and an error as such.
func TestClients_CountOnceByTheirRecipes(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	for i, recipe := range onceRecipes {
		t.Run(recipe.library, func(t *testing.T) {
			between := startLossy(t, c.Nodes[i%3].Port)
			got := recipe.run(t, between.address(), "once:"+recipe.library)
			var want strings.Builder
			for n := range onceCounts {
				fmt.Fprintln(&want, n+1)
			}
			if !strings.HasPrefix(got, want.String()) || !strings.Contains(got, "wrong number of arguments for 'getset'") {
				t.Errorf("replies\n%s", got)
			}
			for _, lost := range []int{between.cuts, between.lies, between.refusals} {
				if lost < onceCounts/10 {
					t.Errorf("%d connections were cut, %d replies made uncertain, and %d made refusals", between.cuts,
						between.lies, between.refusals)
				}
			}
			total := c.Nodes[(i+1)%3].Connect(t).Must(t, "GET", "once:"+recipe.library)
			blackbox.Expect(t, total, strconv.Quote(strconv.Itoa(onceCounts)))
		})
	}
	t.Run("without memory", func(t *testing.T) { countWithoutMemory(t, c.Nodes[0].Connect(t)) })
}

// countWithoutMemory: a node without memory refuses what was not executed, and answers what was.
func countWithoutMemory(t *testing.T, client *blackbox.Client) {
	once := func(session string, sequence int) string {
		return client.Must(t, "RAFT.ONCE", session, strconv.Itoa(sequence), "INCR", "without-memory").String()
	}
	var sessions [2]string
	for i := range sessions {
		id, err := client.Must(t, "RAFT.SESSION", "OPEN").Int()
		if err != nil {
			t.Fatal(err)
		}
		sessions[i] = strconv.Itoa(id)
	}
	first, executed := once(sessions[0], 1), 0
	blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "maxmemory", "1"), "+OK")
	for deadline := time.Now().Add(onceLimit); !strings.HasPrefix(once(sessions[1], executed+1), "-OOM "); executed++ {
		if time.Now().After(deadline) {
			t.Fatal("nothing is refused")
		}
	}
	if again := once(sessions[0], 1); again != first {
		t.Errorf("first %s, then %s", first, again)
	}
	blackbox.Expect(t, client.Must(t, "GET", "without-memory"), strconv.Quote(strconv.Itoa(1+executed)))
}

// The recipes of docs/clients.md are those that are tested.
func TestClients_TheDocumentHasTheRecipes(t *testing.T) {
	document := readText(t, "..", "..", "docs", "clients.md")
	for _, recipe := range onceRecipes {
		_, text, _ := strings.Cut(readText(t, filepath.FromSlash(recipe.file)), " recipe\n")
		text, _, found := strings.Cut(strings.ReplaceAll(text, "# end\n", "// end\n"), "// end\n")
		if text = strings.TrimSpace(text); !found || len(text) < 500 {
			t.Fatalf("%s has no recipe", recipe.file)
		}
		if !strings.Contains(document, "\n"+text+"\n```\n") {
			t.Errorf("docs/clients.md has not the recipe of %s: copy it from tests/clients/%s", recipe.library, recipe.file)
		}
	}
}

func output(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), onceLimit)
	defer cancel()
	bounded := exec.CommandContext(ctx, command.Path, command.Args[1:]...)
	bounded.Env = command.Env
	text, err := bounded.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, text)
	}
	return string(text)
}

func countByGoRedis(t *testing.T, address, key string) string {
	ctx, cancel := context.WithTimeout(context.Background(), onceLimit)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	once, err := OpenOnce(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for range onceCounts {
		reply, err := once.Do(ctx, "INCR", key)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&said, reply)
	}
	_, err = once.Do(ctx, "GETSET", key)
	fmt.Fprintln(&said, err)
	return said.String()
}

func countByRueidis(t *testing.T, address, key string) string {
	ctx, cancel := context.WithTimeout(context.Background(), onceLimit)
	defer cancel()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	once, err := OpenOnceByRueidis(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for range onceCounts {
		reply, err := once.Do(ctx, "INCR", key).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&said, reply)
	}
	fmt.Fprintln(&said, once.Do(ctx, "GETSET", key).Error())
	return said.String()
}

// lossy stands between clients and a node. It loses replies to RAFT.ONCE: with the connection, or behind UNCERTAIN, and
// the replies to the next attempts behind refusals.
type lossy struct {
	listener net.Listener
	port     int

	mu sync.Mutex
	// replies counts those to RAFT.ONCE; cuts, lies and refusals are those that were lost in one way or another.
	replies, cuts, lies, refusals int
}

func startLossy(t *testing.T, port int) *lossy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{listener: listener, port: port}
	var relays sync.WaitGroup
	relays.Add(1)
	go func() {
		defer relays.Done()
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			relays.Add(1)
			go func() {
				defer relays.Done()
				l.relay(client)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		relays.Wait()
	})
	return l
}

func (l *lossy) address() string { return l.listener.Addr().String() }

// relay serves a client that sends one RAFT.ONCE at a time.
func (l *lossy) relay(client net.Conn) {
	defer client.Close()
	node, err := net.Dial("tcp", blackbox.Address(l.port))
	if err != nil {
		return
	}
	defer node.Close()
	asked := make(chan bool, 1)
	asked <- false
	var there sync.WaitGroup
	there.Add(1)
	go func() {
		defer there.Done()
		defer node.Close()
		for buffer := make([]byte, 64<<10); ; {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			if bytes.Contains(buffer[:n], []byte("RAFT.ONCE")) {
				<-asked
				asked <- true
			}
			if _, err := node.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	for buffer := make([]byte, 64<<10); ; {
		n, err := node.Read(buffer)
		if err != nil {
			break
		}
		said := buffer[:n]
		once := <-asked
		asked <- false
		if once && said[0] == ':' && bytes.Count(said, []byte("\n")) == 1 {
			if said = l.lose(said); said == nil {
				break
			}
		}
		if _, err := client.Write(said); err != nil {
			break
		}
	}
	client.Close()
	there.Wait()
}

// lose gives what becomes of a reply: nothing, another one, or itself.
func (l *lossy) lose(said []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.replies++; l.replies % 8 {
	case 2:
		l.cuts++
		return nil
	case 3:
		l.refusals++
		return []byte("-OOM command not allowed when used memory > 'maxmemory'.\r\n")
	case 5:
		l.lies++
		return []byte("-UNCERTAIN the reply was lost on purpose\r\n")
	case 6:
		l.refusals++
		return []byte("-CLUSTERDOWN no leader, on purpose\r\n")
	case 7:
		l.refusals++
		return []byte("-TRYAGAIN too much, on purpose\r\n")
	}
	return said
}
