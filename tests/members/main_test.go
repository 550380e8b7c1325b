package members_test

import (
	"os"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestMain(m *testing.M) {
	reenter(m)
	blackbox.Main(m)
}

// binaryVariable has the path of the program to test in a process that another one of this package has started.
const binaryVariable = "RAFTREDIS_TEST_BINARY"

// product is the path of the program to test.
func product(t testing.TB) string {
	if path := os.Getenv(binaryVariable); path != "" {
		return path
	}
	return blackbox.Binary(t)
}
