// Package looptest gives tests the loop of a node, or none, so that they hold for both.
package looptest

import (
	"os"
	"testing"

	"github.com/raftredis/raftredis/internal/reactor"
)

// Variable, set to yes in the environment, has all tests of a run use a loop. Without it goroutines do its work, as in
// a node with default settings.
const Variable = "RAFTREDIS_EVENT_LOOP"

// New is a loop that ends with the test; nil unless the environment wants one. A system that has none fails the test.
func New(t testing.TB) *reactor.Reactor {
	t.Helper()
	if os.Getenv(Variable) != "yes" {
		return nil
	}
	r, err := reactor.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}
