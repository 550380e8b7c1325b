// Package looptest gives tests the loop of a node, or none, so that they hold for both.
package looptest

import (
	"errors"
	"os"
	"testing"

	"github.com/raftredis/raftredis/internal/reactor"
)

// Variable, set to no in the environment, has goroutines do the work of the loop in all tests of a run. Set to yes it
// has nodes of the library begin a loop.
const Variable = "RAFTREDIS_EVENT_LOOP"

// Asked reports whether the environment wants a loop also for what has one only where it is asked for.
func Asked() bool { return os.Getenv(Variable) == "yes" }

// New is a loop that ends with the test, as a node with default settings has; nil where the system has none, or the
// environment wants none.
func New(t testing.TB) *reactor.Reactor {
	t.Helper()
	if os.Getenv(Variable) == "no" {
		return nil
	}
	r, err := reactor.New()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}
