package redis_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// largeElements is how many elements each large container gets in a round, unless largeVariable says otherwise: many
	// more than lie together anywhere.
	largeElements = 20_000
	largeVariable = "RAFTREDIS_LARGE_ELEMENTS"
	// largeStep elements are written by one call, and one of so many is removed later. entriesShare is how many times
	// fewer entries a stream or a topic has.
	largeStep, removedShare, entriesShare = 500, 7, 5
	// sentBytes are sent together.
	sentBytes = 1 << 20
)

// giant is a key space with values of every type, large and small, in a cluster and in a Redis.
type giant struct {
	t           *testing.T
	elements    int
	redis, here *line
	// session is one of RAFT.ONCE.
	session string
}

// tell makes calls at both, and demands that all are done and answered alike.
func (g *giant) tell(calls ...[]string) {
	g.t.Helper()
	for len(calls) > 0 {
		some, bytes := 0, 0
		for ; some < len(calls) && bytes < sentBytes; some++ {
			for _, word := range calls[some] {
				bytes += len(word)
			}
		}
		for i, a := range both(g.redis, g.here, calls[:some]) {
			if a.redis != a.here || a.redis[0] == '-' {
				g.t.Fatalf("%.100q: %.200q, in Redis %.200q", calls[i], a.here, a.redis)
			}
		}
		calls = calls[some:]
	}
}

// own makes a call of this server's own.
func (g *giant) own(call ...string) (reply string) {
	g.t.Helper()
	if reply = g.here.do(call...); reply[0] == '-' {
		g.t.Fatalf("%.100q: %q", call, reply)
	}
	return reply
}

func element(round, i int) string { return fmt.Sprintf("element:%d:%07d", round, i) }

// long is a text that lies by itself.
func long(letter string, bytes int) string { return strings.Repeat(letter, bytes) }

// fill writes elements of a round into each large container, and removes some of the round before.
func (g *giant) fill(round int) {
	g.t.Helper()
	var calls [][]string
	for from := 0; from < g.elements; from += largeStep {
		hash, set := []string{"HSET", "large:hash"}, []string{"SADD", "large:set"}
		numbers := []string{"SADD", "large:numbers"}
		list, board := []string{"RPUSH", "large:list"}, []string{"ZADD", "large:zset"}
		counted, places := []string{"PFADD", "large:counter"}, []string{"GEOADD", "large:places"}
		gone := []string{"HSET", "large:gone"}
		for i := from; i < min(from+largeStep, g.elements); i++ {
			text := element(round, i)
			hash, set = append(hash, text, strconv.Itoa(i*round)), append(set, text)
			numbers = append(numbers, text[8:9]+text[10:])
			list, board = append(list, text), append(board, strconv.Itoa(i*7919%10007), text)
			counted = append(counted, text)
			if i%entriesShare == 0 {
				places = append(places, fmt.Sprint(float64(i%360)-179.5), fmt.Sprint(float64(i%170)/2-42), text)
				gone = append(gone, text, text)
			}
		}
		calls = append(calls, hash, set, numbers, list, board, counted, places, gone)
		var old []string
		for i := from; i < from+largeStep && round > 1; i += removedShare {
			old = append(old, element(round-1, i))
		}
		for key, name := range map[string]string{"large:hash": "HDEL", "large:set": "SREM", "large:zset": "ZREM"} {
			if len(old) > 0 {
				calls = append(calls, append([]string{name, key}, old...))
			}
		}
	}
	for i := range g.elements / entriesShare {
		id := fmt.Sprintf("%d-%d", round, i+1)
		calls = append(calls, []string{"XADD", "large:stream", id, "field", element(round, i)})
	}
	middle := strconv.Itoa(g.elements / 2)
	calls = append(calls, []string{"PEXPIRE", "large:gone", "1"},
		[]string{"LSET", "large:list", middle, element(0, round)},
		[]string{"LTRIM", "large:list", strconv.Itoa(round * 100), "-2"})
	g.tell(calls...)
	g.tell(g.rest(round)...)
	g.ownKinds(round)
}

// rest are the calls of a round on groups of a stream, long elements, small values and deadlines.
func (g *giant) rest(round int) [][]string {
	n, few := strconv.Itoa(round), strconv.Itoa(g.elements/entriesShare/8)
	group, id := "group"+n, func(i int) string { return fmt.Sprintf("%d-%d", round, i) }
	return [][]string{
		{"XGROUP", "CREATE", "large:stream", group, "0"},
		{"XREADGROUP", "GROUP", group, "one", "COUNT", few, "STREAMS", "large:stream", ">"},
		{"XREADGROUP", "GROUP", group, "two", "COUNT", few, "STREAMS", "large:stream", ">"},
		{"XACK", "large:stream", group, "1-1", "1-2", "1-5"},
		{"XCLAIM", "large:stream", group, "two", "0", "1-3", "1-4", "JUSTID"},
		{"XDEL", "large:stream", id(9), id(10), id(700)},
		{"XTRIM", "large:stream", "MINID", id(3)},
		{"SET", "long:string", long("s", 3_000_000+round)},
		{"SETRANGE", "long:range", strconv.Itoa(round * 1_000_000), long("r", 10_000)},
		{"SETBIT", "long:bits", strconv.Itoa(round * 4_000_001), "1"},
		{"RPUSH", "long:list", long("l", 200_000), n, long("m", 70_000), long("n", 8192), long("o", 8191)},
		{"HSET", "long:hash", "field" + n, long("h", 300_000), long("f", 100_000), n},
		{"SADD", "long:set", long("e", 100_000+round), long("t", 64), long("t", 65)},
		{"ZADD", "long:zset", "-1.5", long("z", 90_000+round), "inf", "most", "1e-7", long("y", 65)},
		{"XADD", "long:stream", id(1), long("x", 150_000), long("v", 5000), "f", ""},
		{"SET", "small:string" + n, "text"},
		{"HSET", "small:hash", "field" + n, "1"},
		{"SADD", "small:set", "7", n},
		{"SADD", "small:texts", "seven", n},
		{"RPUSH", "small:list", n},
		{"ZADD", "small:zset", n + ".5", n},
		{"XADD", "small:stream", id(1), "f", "v"},
		{"XGROUP", "CREATE", "small:stream", group, "$", "ENTRIESREAD", n},
		{"PFADD", "small:counter", "a", n},
		{"GEOADD", "small:places", "13.361389", "38.115556", "Palermo" + n},
		{"EXPIRE", "large:set", "100000"},
		{"PEXPIREAT", "large:zset", "99999999999999"},
		{"EXPIRE", "small:hash", "100000"},
		{"PERSIST", "small:hash"},
		{"EXPIRE", "small:list", strconv.Itoa(100_000 * round)},
	}
}

// ownKinds writes what Redis does not have: a lock, a topic, and a command in a session.
func (g *giant) ownKinds(round int) {
	g.t.Helper()
	g.own("RAFT.LOCK", "own:lock", "holder", "100000000")
	for from := 0; from < g.elements/entriesShare; from += largeStep {
		var calls [][]string
		for i := range largeStep {
			calls = append(calls, []string{"RAFT.LOG", "APPEND", "own:topic", element(round, from+i)})
		}
		g.here.send(calls...)
		for range calls {
			if reply := g.here.reply(); reply[0] != ':' {
				g.t.Fatalf("RAFT.LOG APPEND: %q", reply)
			}
		}
	}
	g.own("RAFT.LOG", "APPEND", "own:topic", long("t", 100_000))
	g.own("RAFT.LOG", "TRIM", "own:topic", "BYTES", "1000000")
	if g.session == "" {
		g.session = strings.Trim(g.own("RAFT.SESSION", "OPEN"), ":\r\n")
	}
	g.own("RAFT.ONCE", g.session, strconv.Itoa(round), "INCR", "own:counter")
}

// ownReplies are what a server shows of its own kinds, but for times that pass. That a session has executed a command
// shows in the reply to the same one.
func ownReplies(l *line, session string, rounds int) (replies []string) {
	holder := l.do("RAFT.HOLDER", "own:lock")
	info, _, _ := strings.Cut(l.do("RAFT.LOG", "INFO", "own:topic"), "oldest-age-ms")
	replies = append(replies, holder[:strings.LastIndex(holder, ":")], info)
	for _, call := range [][]string{
		{"RAFT.LOG", "READ", "own:topic", "-", "COUNT", "1000000"},
		{"RAFT.ONCE", session, strconv.Itoa(rounds), "INCR", "own:counter"}, {"GET", "own:counter"},
	} {
		replies = append(replies, l.do(call...))
	}
	return replies
}

// E1, S23: a key space with values of every type, small and large, comes through the log, through a snapshot and the
// log behind it, and through a snapshot to a new node: the hashes of the states are equal, and what clients see is what
// a Redis shows that was told the same.
func TestEveryType_ComesThroughLogsAndSnapshots(t *testing.T) {
	elements := largeElements
	if text := os.Getenv(largeVariable); text != "" {
		var err error
		if elements, err = strconv.Atoi(text); err != nil || elements < largeStep {
			t.Fatalf("%s is %q", largeVariable, text)
		}
	}
	c := blackbox.NewClusterAndSpares(t, 3, 1, "--snapshot-log-bytes", "0", "--repl-backlog-size", "1mb")
	c.StartAll()
	leader := blackbox.Leader(t, c.Nodes)
	port, _ := blackbox.StartRedis(t)
	g := &giant{t: t, elements: elements, redis: dial(t, port, 2), here: dial(t, leader.Port, 2)}
	rounds := 0
	fill := func() {
		t.Helper()
		rounds++
		g.fill(rounds)
		for _, l := range []*line{g.redis, g.here} {
			blackbox.Eventually(t, blackbox.EffectLimit, "a container with a deadline is gone", func() bool {
				return l.do("EXISTS", "large:gone") == ":0\r\n"
			})
		}
	}
	compare := func(n *blackbox.Node, what string) {
		t.Helper()
		blackbox.ExpectEqualStates(t, c.Nodes)
		l := dial(t, n.Port, 3)
		defer l.conn.Close()
		found := compareKeySpaces(t, g.redis, dial(t, n.Port, 2))
		t.Logf("%s: %v", what, found)
		want := ownReplies(dial(t, leader.Port, 3), g.session, rounds)
		if got := ownReplies(l, g.session, rounds); !slices.Equal(got, want) {
			t.Errorf("%s: node %d shows a lock, a topic or a session otherwise than the leader: %.400q, want %.400q", what,
				n.Number, got, want)
		}
	}
	again := func(n *blackbox.Node) {
		t.Helper()
		n.Process.Kill()
		c.Start(n)
		n.Process.AwaitReady(blackbox.ReadyLimit)
	}
	fill()
	compare(leader, "written")

	followers := c.Others(leader)
	again(followers[0])
	if taken := followers[0].RaftNumber(t, "raft_snapshot_last_idx"); taken != 0 {
		t.Errorf("node %d has a snapshot up to entry %d, and was to start from its log", followers[0].Number, taken)
	}
	compare(followers[0], "from the log")

	before := leader.RaftNumber(t, "raft_current_index")
	blackbox.AwaitSnapshots(t, c.Nodes)
	fill()
	again(followers[1])
	compare(followers[1], "from a snapshot and the log behind it")

	blackbox.AwaitSnapshots(t, c.Nodes)
	g.tell([]string{"SET", "small:last", "1"}) // the log goes back to the older one of two snapshots
	blackbox.AwaitSnapshots(t, c.Nodes)
	blackbox.AwaitCompacted(t, c.Nodes, before)
	fresh := c.StartSpare()
	c.Add(leader, fresh)
	compare(fresh, "by a snapshot of another node")
	if received := fresh.RaftNumber(t, "raft_snapshots_received"); received < 1 {
		t.Errorf("node %d has received %d snapshots", fresh.Number, received)
	}

	g.here = dial(t, fresh.Port, 2)
	fill()
	again(fresh)
	compare(fresh, "written through a new node, and from its snapshot and log")
}
