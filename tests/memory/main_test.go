package memory_test

import (
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestMain(m *testing.M) { blackbox.Main(m) }
