package blackbox

import (
	"slices"
	"strconv"
	"testing"
)

// StartRedis starts a redis-server that keeps nothing on disk unless flags say so, waits until it serves, and returns
// its port and its process.
func StartRedis(t testing.TB, flags ...string) (port int, process *Process) {
	t.Helper()
	port = Ports(t, 1)
	line := slices.Concat([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--loglevel", "warning",
	}, flags)
	process = Start(t, "redis-server", Tool(t, "redis-server", line...))
	Eventually(t, EffectLimit, "redis-server serves", func() bool {
		_, err := Info(port, "server")
		return err == nil
	})
	return port, process
}
