package resp

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/differences"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/resp/topology"
)

// seedVariable names another seed than the fixed one of a random comparison.
const seedVariable = "RESP_SEED"

// conversation is a connection's calls, made one after the other.
type conversation [][]string

// replies has a conversation with a server and returns the reply to each call; none to calls behind the end of the
// connection.
func (c conversation) replies(t *testing.T, network, address string) (replies []string) {
	t.Helper()
	var input strings.Builder
	for _, call := range c {
		input.WriteString(bulk(call...))
	}
	output := []byte(converse(t, network, address, input.String()))
	for len(output) > 0 {
		rest := reply.Skip(output)
		replies = append(replies, string(output[:len(output)-len(rest)]))
		output = rest
	}
	for i := range min(len(replies), len(c)) {
		name := strings.ToLower(strings.Join(c[i][:min(len(c[i]), 2)], " "))
		if strings.HasPrefix(name, "hello") || name == "client id" {
			replies[i] = neutral(replies[i])
		}
	}
	return replies
}

// compareCalls has a conversation with Redis and with the server here, counts the calls that got the same reply or one
// whose difference is on the list, and fails the test at any other.
func compareCalls(t *testing.T, redis string, s *serving, c conversation) (compared int) {
	t.Helper()
	want := c.replies(t, "unix", redis)
	got := c.replies(t, "tcp", s.address)
	eventually(t, "the end of the client, which the next one would see", func() bool {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		return len(s.server.links) == 0
	})
	if len(got) != len(want) {
		t.Fatalf("%q: %d replies, from Redis %d\n got %q\nwant %q", c, len(got), len(want), got, want)
	}
	for i := range want {
		if got[i] == want[i] {
			continue
		}
		if _, excused := differences.Excuse(c[i], want[i], got[i]); !excused {
			t.Fatalf("%q, call %d %q:\n got %q\nwant %q", c, i, c[i], got[i], want[i])
		}
	}
	return len(want)
}

// TestWrongArityOfAnyCommandIsAnsweredAsByRedis calls every command and subcommand with every number of arguments that
// it does not take, up to some.
func TestWrongArityOfAnyCommandIsAnsweredAsByRedis(t *testing.T) {
	const maxArguments, minCompared = 7, 300
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	compared := 0
	for spec := range commands.Each() {
		call := strings.Split(strings.ToUpper(spec.Name), "|")
		for ; len(call) <= maxArguments; call = append(call, "x") {
			if !spec.AcceptsArgc(len(call)) && (len(spec.Subcommands) == 0 || len(call) == 1) {
				compared += compareCalls(t, redis, s, conversation{call})
			}
		}
	}
	if compared < minCompared {
		t.Errorf("only %d calls were compared", compared)
	}
}

// connectionMix draws calls of commands on connections, clients and settings whose replies do not depend on what the
// server is.
type connectionMix struct{ *rand.Rand }

func (x connectionMix) pick(words ...string) string { return words[x.IntN(len(words))] }

// word is an argument that is rarely right.
func (x connectionMix) word() string {
	return x.pick("0", "1", "-1", "2", "3", "x", "", "a b", "a\r\nb", "\x00", "\xff", "on", "OFF", "yes", "no", "1.5",
		"007", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "4294967296", "default", "HELP", "help",
		strings.Repeat("w", 200), "127.0.0.1:1", "nosuch", "*", "[")
}

// words are some arguments.
func (x connectionMix) words(limit int) (words []string) {
	for range x.IntN(limit + 1) {
		words = append(words, x.word())
	}
	return words
}

// beginnings are the first words of calls of which any arguments may follow.
var beginnings = []string{
	"PING", "ECHO", "SELECT", "nosuch", "NoSuch|x", "AUTH", "HELLO", "HELLO 2", "HELLO 3", "CLIENT",
	"CLIENT GETNAME", "CLIENT SETNAME", "CLIENT ID", "CLIENT nosuch",
	"CLIENT NO-EVICT", "CLIENT KILL ID", "CLIENT KILL TYPE", "CLIENT KILL ADDR", "CLIENT KILL SKIPME", "CLIENT KILL USER",
	"CLIENT LIST TYPE", "CLIENT LIST ID", "CLIENT UNBLOCK", "CLIENT REPLY x", "CLIENT CACHING", "CLIENT GETREDIR",
	"CLIENT TRACKING", "CLIENT TRACKING on", "CLIENT TRACKING on REDIRECT", "CLIENT TRACKINGINFO", "CLIENT HELP",
	"CLIENT PAUSE 0", "CLIENT UNPAUSE", "CONFIG", "CONFIG nosuch", "CONFIG HELP",
	"CONFIG SET nosuch", "CONFIG SET slowlog-max-len", "CONFIG SET timeout x", "CONFIG SET tcp-keepalive",
	"CONFIG SET slowlog-log-slower-than", "COMMAND nosuch", "COMMAND INFO nosuch", "COMMAND DOCS nosuch", "COMMAND HELP",
	"COMMAND LIST FILTERBY", "COMMAND LIST FILTERBY PATTERN dbsi*", "COMMAND LIST FILTERBY ACLCAT nosuch",
	"COMMAND GETKEYS get", "COMMAND GETKEYS set k", "COMMAND GETKEYS mset", "COMMAND GETKEYS nosuch",
	"COMMAND GETKEYSANDFLAGS set k v", "COMMAND COUNT x", "CLUSTER", "CLUSTER nosuch", "CLUSTER INFO", "CLUSTER KEYSLOT",
	"ACL", "ACL nosuch", "ACL WHOAMI", "ACL USERS", "ACL GENPASS x", "ACL GENPASS 0", "ACL CAT nosuch", "ACL HELP",
	"SHUTDOWN nosuch", "SHUTDOWN ABORT", "FAILOVER ABORT", "FAILOVER TIMEOUT 0", "BGREWRITEAOF x", "SYNC x",
	"READONLY", "READWRITE", "ASKING", "SLOWLOG", "SLOWLOG nosuch", "SLOWLOG RESET", "SLOWLOG HELP",
	"LATENCY", "LATENCY nosuch", "LATENCY HISTORY", "LATENCY RESET", "LATENCY LATEST", "LATENCY HELP", "MODULE LIST",
	"MODULE HELP", "MODULE nosuch", "TIME x", "LASTSAVE x", "ROLE x", "DBSIZE x",
	"MONITOR x", "SAVE x", "BGSAVE x", "MEMORY", "MEMORY nosuch", "MEMORY HELP", "DEBUG", "DEBUG nosuch", "OBJECT nosuch",
}

// call is a call of the mix, in any mixture of case.
func (x connectionMix) call() []string {
	call := strings.Fields(beginnings[x.IntN(len(beginnings))])
	for i := range call {
		if x.IntN(4) == 0 {
			call[i] = strings.ToLower(call[i])
		}
	}
	return append(call, x.words(3)...)
}

// TestRepliesAboutConnectionsAreThoseOfRedis compares random conversations about connections, clients and settings.
// What may differ stands in the list of differences.
func TestRepliesAboutConnectionsAreThoseOfRedis(t *testing.T) {
	const calls = 10_000
	x := connectionMix{randomOf(t, 51)}
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView, Watch: func(*Server) {}})
	for compared := 0; compared < calls; {
		var c conversation
		if x.IntN(2) == 0 {
			c = append(c, []string{"HELLO", "3"})
		}
		for range 1 + x.IntN(12) {
			c = append(c, x.call())
		}
		compared += compareCalls(t, redis, s, c)
	}
}

// randomOf is the chance of a random comparison, of its fixed seed or of the one that the environment names.
func randomOf(t *testing.T, seed uint64) *rand.Rand {
	t.Helper()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("seed %d; again: %s=%d go test ./resp -run '^%s$'", seed, seedVariable, seed, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// TestDatabasesOfAConnectionAreThoseOfRedis compares random conversations about where a client is: SELECT of what is a
// database and of what is none, in transactions that are executed and in others, and what ends them.
func TestDatabasesOfAConnectionAreThoseOfRedis(t *testing.T) {
	const calls = 10_000
	x := connectionMix{randomOf(t, 52)}
	redis := realRedis(t)
	s := serve(t, Options{Store: newFakeStore(t), ClusterView: topology.NoView})
	for compared, number := 0, 0; compared < calls; number++ {
		keys := []string{"a" + strconv.Itoa(number), "b" + strconv.Itoa(number)} // Redis keeps those of others
		c := conversation{{"HELLO", x.pick("2", "3")}}
		for range 2 + x.IntN(20) {
			key := x.pick(keys...)
			switch x.IntN(20) {
			case 0, 1, 2, 3, 4:
				number := x.pick("0", "1", "2", "0", "1", "2", "15", "16", "-1", "x", "01", "2147483648")
				c = append(c, []string{x.pick("SELECT", "select"), number})
			case 5, 6, 7:
				c = append(c, []string{"SET", key, strconv.Itoa(x.IntN(10))})
			case 8, 9:
				c = append(c, []string{"INCR", key})
			case 11, 12:
				c = append(c, []string{"MULTI"})
			case 13, 14:
				c = append(c, []string{"EXEC"})
			case 15:
				c = append(c, []string{x.pick("DISCARD", "RESET", "UNWATCH", "PING")})
			default:
				c = append(c, []string{"GET", key})
			}
		}
		compared += compareCalls(t, redis, s, c)
	}
}
