package clients_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// clientTasks is the catalogue of what client libraries do here: each of them does each of these, with the default
// options of the library, but for what a library does not have. The words are those of docs/clients.md.
var clientTasks = []struct{ name, what string }{
	{"greeting", "connects, negotiates the protocol and names itself as it does by default"},
	{"strings", "`SET`, `GET`, `APPEND`, `STRLEN`, `GETRANGE`, `SETRANGE`, `GETDEL`, `EXISTS`, and a missing key"},
	{"counters", "`INCR`, `INCRBY`, `DECR`, `INCRBYFLOAT`"},
	{"many", "`MSET`, `MGET` with a missing key among others, `DEL` of several keys"},
	{"deadlines", "`SET … EX`, `TTL`, `PTTL`, `PERSIST`, `PEXPIRE`, and the key is gone when its time has come"},
	{"conditions", "`SET` with `NX`, `XX`, `GET`, done and not done"},
	{"binary", "a key and a value of all 256 bytes"},
	{"large", "a value of 300,000 bytes"},
	{"pipeline", "103 commands at once, one of them wrong: replies in order, one error"},
	{"concurrent", "80 commands from several places at once: each gets its own reply"},
	{"scan", "the library's iterator finds all keys of a pattern"},
	{"errors", "errors of a value, of an unknown command and of an option, in the library's own type"},
	{"transactions", "a transaction, and one that depends on a key: executed, and refused when another client was faster"},
	{"messages", "listens to a channel and to a pattern, and hears by each what another of its connections publishes"},
	{"databases", "a key of database 1 is there, and not in database 0"},
	{"caching", "a cached value is served from memory, until it is written through another node"},
	{"farewell", "the last value is acknowledged and the connection closed; every node has the value"},
}

// clientTasksLimit is how long one library may take for the catalogue on a machine that does much else.
const clientTasksLimit = 3 * time.Minute

// errand sends a library through the catalogue, connected to one node.
type errand struct {
	// cluster says that it is the library's cluster client, which is told of this node only.
	cluster bool
	address string
	// elsewhere is another node.
	otherNode string
	prefix    string
}

func (e errand) mode() string {
	if e.cluster {
		return "cluster"
	}
	return "plain"
}

// clientLibrary is a library under test, with its default options.
type clientLibrary struct {
	name string
	// protocol is the version of RESP that it chooses, and named how it calls itself, if it does.
	protocol, named string
	// lacks are the tasks that it has no means for, in one of the two modes or in both.
	lacks func(errand) []string
	// begin starts the work; end waits for it and returns lines as catalogue.py describes them.
	begin func(testing.TB, errand) (end func() string)
}

// lacks are tasks that a library has no means for, and the databases, of which cluster clients know one.
func lacks(e errand, tasks ...string) []string {
	if e.cluster {
		tasks = append(tasks, "databases")
	}
	return tasks
}

func noDatabases(e errand) []string { return lacks(e) }

func noCaching(e errand) []string { return lacks(e, "caching") }

func clientLibraries() []clientLibrary {
	return []clientLibrary{
		{"go-redis", "3", "go-redis", func(e errand) []string {
			if e.cluster {
				return noCaching(e)
			}
			return nil
		}, goRedisTasks},
		{"rueidis", "3", "rueidis", noDatabases, rueidisTasks},
		{"redis-py", "2", "", func(e errand) []string {
			if e.cluster {
				return lacks(e, "caching", "transactions")
			}
			return noCaching(e)
		}, redisPyTasks},
		{"ioredis 6", "3", "ioredis", noCaching, func(t testing.TB, e errand) func() string {
			return nodeTasks(t, e, "catalogue-ioredis.js", "ioredis", e.mode(), e.address, e.prefix)
		}},
		{"ioredis 5", "2", "ioredis", noCaching, func(t testing.TB, e errand) func() string {
			return nodeTasks(t, e, "catalogue-ioredis.js", "ioredis-5", e.mode(), e.address, e.prefix)
		}},
		{"node-redis", "3", "node-redis", noDatabases, func(t testing.TB, e errand) func() string {
			return nodeTasks(t, e, "catalogue-redis.js", e.mode(), e.address, e.prefix, e.otherNode)
		}},
		{"GLIDE", "3", "GlideJS", noCaching, func(t testing.TB, e errand) func() string {
			return nodeTasks(t, e, "catalogue-glide.js", e.mode(), e.address, e.prefix)
		}},
	}
}

// Stock libraries feel at home on any node: on the leader and on a follower, each as a plain client and as a cluster
// client.
func TestClients_LibrariesDoTheirWorkOnLeaderAndFollower(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	lead := blackbox.Leader(t, c.Nodes)
	follower, third := c.Others(lead)[0], c.Others(lead)[1]
	for role, n := range map[string]*blackbox.Node{"leader": lead, "follower": follower} {
		for _, cluster := range []bool{false, true} {
			e := errand{cluster: cluster, address: blackbox.Address(n.Port), otherNode: blackbox.Address(third.Port)}
			t.Run(role+" "+e.mode(), func(t *testing.T) { sendLibraries(t, c, e, role) })
		}
	}
}

// sendLibraries sends all libraries at once on the same errand.
func sendLibraries(t *testing.T, c *blackbox.Cluster, e errand, role string) {
	libraries := clientLibraries()
	var ends []func() string
	errands := make([]errand, len(libraries))
	for i, library := range libraries {
		errands[i] = e
		errands[i].prefix = strings.ReplaceAll(library.name+"-"+e.mode()+"-"+role, " ", "")
		ends = append(ends, library.begin(t, errands[i]))
	}
	for i, library := range libraries {
		judgeTasks(t, library, errands[i], ends[i]())
		for _, n := range c.Nodes {
			last := n.Connect(t).Must(t, "GET", errands[i].prefix+":last")
			if last.Text != errands[i].prefix {
				t.Errorf("%s: node %d has %v for the last value, want %q", library.name, n.Number, last, errands[i].prefix)
			}
		}
	}
}

var (
	protocolShown = regexp.MustCompile(`\bresp=(\d)`)
	libraryShown  = regexp.MustCompile(`\blib-name=(\S*)`)
)

// judgeTasks says whether a library has done every task of the catalogue, and is seen as what it is.
func judgeTasks(t *testing.T, library clientLibrary, e errand, words string) {
	t.Helper()
	done, shown := map[string]bool{}, ""
	for line := range strings.Lines(words) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch kind {
		case "done":
			done[rest] = true
		case "info":
			shown = rest
		default:
			t.Errorf("%s: %s", library.name, strings.TrimSpace(line))
		}
	}
	for _, name := range library.lacks(e) {
		done[name] = true
	}
	for _, task := range clientTasks {
		if !done[task.name] {
			t.Errorf("%s has not done the task %q (%s)", library.name, task.name, task.what)
		}
	}
	if got := protocolShown.FindStringSubmatch(shown); got == nil || got[1] != library.protocol {
		t.Errorf("%s speaks RESP%s by default, and CLIENT INFO shows %q", library.name, library.protocol, shown)
	}
	if got := libraryShown.FindStringSubmatch(shown); got == nil || !strings.HasPrefix(got[1], library.named) {
		t.Errorf("%s calls itself %q, and CLIENT INFO shows %q", library.name, library.named, shown)
	}
}

func redisPyTasks(t testing.TB, e errand) func() string {
	t.Helper()
	return programTasks(t, e, blackbox.Python(t, "testdata", "catalogue.py", e.mode(), e.address, e.prefix))
}

func nodeTasks(t testing.TB, e errand, args ...string) func() string {
	t.Helper()
	return programTasks(t, e, blackbox.JavaScript(t, "testdata", args...))
}

// programTasks starts a program that does the catalogue.
func programTasks(t testing.TB, e errand, command *exec.Cmd) func() string {
	t.Helper()
	process := blackbox.Start(t, e.prefix, command)
	return func() string {
		if code := process.ExitCode(clientTasksLimit); code != 0 {
			t.Errorf("%s: exit code %d:\n%s", e.prefix, code, process.Err())
		}
		return process.Out()
	}
}
