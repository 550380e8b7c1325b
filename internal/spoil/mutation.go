//go:build mutation

package spoil

import (
	"bytes"
	"os"

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
