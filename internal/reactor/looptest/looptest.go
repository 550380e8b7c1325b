// Package looptest gives tests the loop of a node, or none, so that they hold for both.
package looptest

import (
	"errors"
	"os"
	"testing"

	"github.com/raftredis/raftredis/internal/reactor"
)

// Variable, set to no in the environment, has all tests of a run do without a loop: then goroutines do its work.
const Variable = "RAFTREDIS_EVENT_LOOP"

// New is a loop that ends with the test; nil where the system has none, or the environment wants none.
func New(t testing.TB) *reactor.Reactor {
	t.Helper()
	if os.Getenv(Variable) == "no" {
		return nil
	}
	r, err := reactor.New()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}
