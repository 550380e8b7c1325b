package tools_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Redis's own command line tool, in all the ways in which people use it, on the leader and on a follower. What it says
// is what counts: most of its modes end well whatever they were answered.
func TestTools_RedisCLIIsAtHomeOnLeaderAndFollower(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	for role, n := range map[string]*blackbox.Node{"leader": lead, "follower": c.Others(lead)[0]} {
		for name, test := range map[string]func(*testing.T, cliNode){
			"one command": cliOneCommand, "RESP3": cliRESP3, "standard input": cliStandardInput, "pipe": cliPipe,
			"scan": cliScan, "big keys": cliBigKeys, "hot keys": cliHotKeys, "replica": cliReplica, "cluster": cliCluster,
		} {
			t.Run(name+" "+role, func(t *testing.T) { test(t, cliNode{Node: n, cluster: c, prefix: role}) })
		}
	}
}

// cliNode is a node that redis-cli is sent to, and the prefix of the keys that belong to this visit.
type cliNode struct {
	*blackbox.Node
	cluster *blackbox.Cluster
	prefix  string
}

// cli runs redis-cli on the node.
func (n cliNode) cli(t testing.TB, args ...string) string {
	t.Helper()
	return blackbox.RedisCLI(t, append([]string{"-p", strconv.Itoa(n.Port)}, args...)...)
}

// fed runs redis-cli with something on its standard input.
func (n cliNode) fed(t testing.TB, input string, args ...string) string {
	t.Helper()
	command := blackbox.Tool(t, "redis-cli", append([]string{"-p", strconv.Itoa(n.Port)}, args...)...)
	command.Stdin = strings.NewReader(input)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %q: %v\n%s", args, err, output)
	}
	return string(output)
}

// is fails the test if a text is not the one wanted.
func is(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("redis-cli says %q, want %q", got, want)
	}
}

func cliOneCommand(t *testing.T, n cliNode) {
	key := n.prefix + ":one"
	is(t, n.cli(t, "SET", key, "1"), "OK\n")
	is(t, n.cli(t, "GET", key), "1\n")
	is(t, n.cli(t, "GET", n.prefix+":none"), "\n")
	is(t, n.cli(t, "--no-raw", "GET", n.prefix+":none"), "(nil)\n")
	is(t, n.cli(t, "--no-raw", "INCR", key), "(integer) 2\n")
	is(t, n.cli(t, "-r", "3", "INCR", key), "3\n4\n5\n")
	is(t, n.cli(t, "--csv", "MGET", key, n.prefix+":none"), "\"5\",NULL\n")
	is(t, n.cli(t, "-n", "0", "TYPE", key), "string\n")
	is(t, n.cli(t, "NOSUCH"), "ERR unknown command 'NOSUCH', with args beginning with: \n\n")
	command := blackbox.Tool(t, "redis-cli", "-e", "-p", strconv.Itoa(n.Port), "INCRBY", key, "text")
	output, err := command.CombinedOutput()
	if command.ProcessState.ExitCode() != 1 {
		t.Errorf("redis-cli -e of a command that is refused: %v, want exit code 1", err)
	}
	blackbox.ExpectWords(t, string(output), "ERR value is not an integer or out of range")
}

// In RESP3 a map is a map.
func cliRESP3(t *testing.T, n cliNode) {
	is(t, n.cli(t, "-3", "--no-raw", "CONFIG", "GET", "databases"), "1# \"databases\" => \"16\"\n")
	is(t, n.cli(t, "-3", "--json", "CONFIG", "GET", "databases"), "{\"databases\":\"16\"}\n")
	is(t, n.cli(t, "--no-raw", "CONFIG", "GET", "databases"), "1) \"databases\"\n2) \"16\"\n")
	is(t, n.cli(t, "-3", "--no-raw", "GET", n.prefix+":none"), "(nil)\n")
	blackbox.ExpectWords(t, n.cli(t, "-3", "HELLO"), "proto 3\n", "server redis\n")
	blackbox.ExpectWords(t, n.cli(t, "-3", "INFO", "server"), "redis_version:")
}

func cliStandardInput(t *testing.T, n cliNode) {
	key := n.prefix + ":input"
	is(t, n.fed(t, "SET "+key+" \"two words\\x00\"\nSTRLEN "+key+"\nGETRANGE "+key+" 0 2\n"), "OK\n10\ntwo\n")
	is(t, n.fed(t, "last argument", "-x", "SET", key), "OK\n")
	is(t, n.cli(t, "GET", key), "last argument\n")
}

// Mass insertion: the tool sends everything at once and counts replies and errors.
func cliPipe(t *testing.T, n cliNode) {
	const count = 2000
	var input []byte
	for i := range count {
		input = blackbox.Encode(input, "SET", fmt.Sprintf("%s:pipe:%d", n.prefix, i), strconv.Itoa(i))
	}
	blackbox.ExpectWords(t, n.fed(t, string(input), "--pipe"), fmt.Sprintf("errors: 0, replies: %d\n", count))
	blackbox.ExpectWords(t, n.cli(t, "GET", fmt.Sprintf("%s:pipe:%d", n.prefix, count-1)), strconv.Itoa(count-1))

	wrong := blackbox.Encode(nil, "INCR", n.prefix+":pipe:0")
	wrong = blackbox.Encode(wrong, "INCRBY", n.prefix+":pipe:0", "text")
	command := blackbox.Tool(t, "redis-cli", "-p", strconv.Itoa(n.Port), "--pipe")
	command.Stdin = strings.NewReader(string(wrong))
	output, _ := command.CombinedOutput()
	blackbox.ExpectWords(t, string(output), "ERR value is not an integer or out of range", "errors: 1, replies: 2\n")
}

func cliScan(t *testing.T, n cliNode) {
	var want []string
	client := n.Connect(t)
	for i := range 50 {
		key := fmt.Sprintf("%s:scan:%d", n.prefix, i)
		want = append(want, key)
		blackbox.Expect(t, client.Must(t, "SET", key, "value"), "+OK")
	}
	got := strings.Fields(n.cli(t, "--scan", "--pattern", n.prefix+":scan:*"))
	if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("redis-cli --scan finds %q, want %q", got, want)
	}
	is(t, n.cli(t, "--scan", "--pattern", n.prefix+":none:*"), "")
}

func cliBigKeys(t *testing.T, n cliNode) {
	const bytes = 100_000
	big := n.prefix + ":big"
	client := n.Connect(t)
	blackbox.Expect(t, client.Must(t, "SET", big, strings.Repeat("x", bytes)), "+OK")
	keys := client.Must(t, "DBSIZE").String()[1:]
	blackbox.ExpectWords(t, n.cli(t, "--bigkeys"), "Sampled "+keys+" keys in the keyspace!",
		fmt.Sprintf("Biggest string found '\"%s\"' has %d bytes", big, bytes), keys+" strings with ", "(100.00% of keys")

	used, err := client.Must(t, "MEMORY", "USAGE", big).Int()
	if err != nil || used < bytes || used > 2*bytes {
		t.Errorf("MEMORY USAGE of a value of %d bytes is %d (%v)", bytes, used, err)
	}
	blackbox.ExpectWords(t, n.cli(t, "--memkeys"), "Sampled "+keys+" keys in the keyspace!",
		fmt.Sprintf("Biggest string found '\"%s\"' has %d bytes", big, used), "(100.00% of keys")
	blackbox.Expect(t, client.Must(t, "DEL", big), ":1")
}

// How often keys are used is not counted, as in a Redis without an LFU policy; the tool passes on why.
func cliHotKeys(t *testing.T, n cliNode) {
	blackbox.Expect(t, n.Connect(t).Must(t, "SET", n.prefix+":hot", "1"), "+OK")
	output, err := blackbox.Tool(t, "redis-cli", "-p", strconv.Itoa(n.Port), "--hotkeys").CombinedOutput()
	if err == nil {
		t.Error("redis-cli --hotkeys ends well")
	}
	blackbox.ExpectWords(t, string(output), "ERR An LFU maxmemory policy is not selected")
}

// A node serves neither replicas in Redis's own way nor dumps; the tool says so and ends.
func cliReplica(t *testing.T, n cliNode) {
	for _, args := range [][]string{{"--replica"}, {"--rdb", filepath.Join(t.TempDir(), "dump.rdb")}} {
		output, err := blackbox.Tool(t, "redis-cli", append([]string{"-p", strconv.Itoa(n.Port)},
			args...)...).CombinedOutput()
		if err == nil {
			t.Errorf("redis-cli %q ends well", args)
		}
		blackbox.ExpectWords(t, string(output), "SYNC with master failed: -ERR a node sends what it has to the members")
	}
}

// The nodes are the cluster that they show, whichever is asked.
func cliCluster(t *testing.T, n cliNode) {
	address, key := blackbox.Address(n.Port), n.prefix+":cluster"
	is(t, n.cli(t, "-c", "SET", key, "value"), "OK\n")
	checked := blackbox.RedisCLI(t, "--cluster", "check", address)
	blackbox.ExpectWords(t, checked, "[OK] All nodes agree about slots configuration.", "[OK] All 16384 slots covered.",
		"in 3 masters.")
	if strings.Contains(checked, "[ERR]") || strings.Contains(checked, "[WARNING]") {
		t.Errorf("redis-cli --cluster check %s complains:\n%s", address, checked)
	}
	shown, called := blackbox.RedisCLI(t, "--cluster", "info", address), blackbox.RedisCLI(t, "--cluster", "call",
		address, "GET", key)
	for _, other := range n.cluster.Nodes {
		blackbox.ExpectWords(t, shown, blackbox.Address(other.Port))
		blackbox.ExpectWords(t, called, blackbox.Address(other.Port)+": value\n")
		is(t, blackbox.RedisCLI(t, "-c", "-p", strconv.Itoa(other.Port), "GET", key), "value\n")
	}
}
