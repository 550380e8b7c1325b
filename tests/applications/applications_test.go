package applications_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// application is a program that does what applications do, with the default options of its framework. It prints a line
// "done STEP" for each of its steps, and ends with an error at the first thing that is not as it should be.
type application struct {
	name string
	// command starts it with the address of the node that it works with, and that of another one for a second process.
	command func(t *testing.T, address, other string) *exec.Cmd
	steps   int
}

var applications = []application{
	{"connect-redis", func(t *testing.T, address, _ string) *exec.Cmd {
		return blackbox.JavaScript(t, "testdata", "connect-redis.js", address)
	}, 4},
	{"django-redis", func(t *testing.T, address, _ string) *exec.Cmd {
		return python(t, "django_redis", "python3-django-redis", "django_redis_cache.py", address)
	}, 8},
	{"redis-py", func(t *testing.T, address, _ string) *exec.Cmd {
		return python(t, "redis", "python3-redis", "redis_py.py", address)
	}, 10},
	{"phpredis", func(t *testing.T, address, _ string) *exec.Cmd {
		if output, err := blackbox.Tool(t, "php", "-r", "exit(class_exists('Redis') ? 0 : 1);").CombinedOutput(); err != nil {
			t.Fatalf("php-redis is missing: ./test --install installs it (%v)\n%s", err, output)
		}
		return blackbox.Tool(t, "php", "testdata/phpredis.php", address)
	}, 5},
	{"celery", func(t *testing.T, address, other string) *exec.Cmd {
		return python(t, "celery", "python3-celery", "celery_results.py", address, other)
	}, 4},
}

// python is a script of testdata, which needs a module of a Debian package.
func python(t *testing.T, module, debian string, args ...string) *exec.Cmd {
	t.Helper()
	command := blackbox.Python(t, "testdata", args...)
	if output, err := exec.Command(command.Args[0], "-c", "import "+module).CombinedOutput(); err != nil {
		t.Fatalf("%s is missing: ./test --install installs it (%v)\n%s", debian, err, output)
	}
	return command
}

// Each application works with a follower of three nodes, and then with the leader.
func TestApplications_WorkAsTheyCome(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	leader := blackbox.Leader(t, c.Nodes)
	follower := c.Others(leader)[0]
	for _, nodes := range [][2]*blackbox.Node{{follower, leader}, {leader, follower}} {
		n, other := nodes[0], nodes[1]
		for _, a := range applications {
			role := "a follower"
			if n == leader {
				role = "the leader"
			}
			t.Run(a.name+" with "+role, func(t *testing.T) {
				command := a.command(t, blackbox.Address(n.Port), blackbox.Address(other.Port))
				output, err := command.CombinedOutput()
				if done := strings.Count(string(output), "done "); err != nil || done != a.steps {
					t.Errorf("%d of %d steps are done: %v\n%s", done, a.steps, err, output)
				}
			})
		}
		n.Connect(t).Must(t, "FLUSHALL")
	}
	blackbox.ExpectEqualStates(t, c.Nodes)
}

// missing are what applications want that is not built yet, by the first command that each lacks. docs/clients.md names
// them; what is built leaves this list, and gets a test above.
var missing = map[string]string{
	"redis_py_lock":   "evalsha",
	"redis_py_script": "evalsha",
	"redis_py_queue":  "blpop",
}

// What applications cannot do yet they are told in the words of Redis, by the name of the command.
func TestApplications_AreToldWhatIsMissing(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	output, err := python(t, "redis", "python3-redis", "missing.py", blackbox.Address(n.Port)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if lines := strings.Count(string(output), "\n"); lines != len(missing) {
		t.Errorf("%d lines, want %d:\n%s", lines, len(missing), output)
	}
	for line := range strings.Lines(string(output)) {
		name, said, _ := strings.Cut(strings.ToLower(line), ": ")
		if want := "unknown command '" + missing[name] + "'"; !strings.Contains(said, want) {
			t.Errorf("%s: %q does not say %q", name, said, want)
		}
	}
}
