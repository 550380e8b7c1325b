//go:build mutation

package spoil

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/internal/argv"
)

// Entry is what a machine applies with an entry: what the log has, and the command that Variable's file holds.
func Entry(data []byte, local any) ([]byte, any) {
	path := os.Getenv(Variable)
	if path == "" || len(data) == 0 || local != nil {
		return data, local
	}
	line, err := os.ReadFile(path)
	if err != nil || !bytes.HasSuffix(line, []byte("\n")) || os.Remove(path) != nil {
		return data, local
	}
	return argv.Append(bytes.Clone(data), bytes.Fields(line)), nil
}

// Sync comes before a sync, and takes as long as DiskSuffix's file says.
func Sync() {
	path := os.Getenv(Variable)
	for began := time.Now(); path != "" && time.Since(began) < slowness(path+DiskSuffix); {
		time.Sleep(time.Millisecond)
	}
}

func slowness(path string) time.Duration {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	millis, err := strconv.Atoi(string(text))
	if err != nil {
		return 0
	}
	return time.Duration(millis) * time.Millisecond
}
