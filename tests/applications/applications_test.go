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
	name    string
	command func(t *testing.T, address string) *exec.Cmd
	steps   int
}

var applications = []application{
	{"connect-redis", func(t *testing.T, address string) *exec.Cmd {
		return blackbox.JavaScript(t, "testdata", "connect-redis.js", address)
	}, 4},
	{"redis-py", func(t *testing.T, address string) *exec.Cmd {
		return blackbox.Python(t, "testdata", "redis_py.py", address)
	}, 5},
}

// Each application works with a follower of three nodes, and then with the leader.
func TestApplications_WorkAsTheyCome(t *testing.T) {
	c := blackbox.StartCluster(t, 3)
	leader := blackbox.Leader(t, c.Nodes)
	for _, n := range []*blackbox.Node{c.Others(leader)[0], leader} {
		for _, a := range applications {
			role := "a follower"
			if n == leader {
				role = "the leader"
			}
			t.Run(a.name+" with "+role, func(t *testing.T) {
				command := a.command(t, blackbox.Address(n.Port))
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
