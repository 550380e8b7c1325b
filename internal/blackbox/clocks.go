package blackbox

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Clocks sets the wall clocks of a cluster's nodes, each by a file that says how wrong its clock is.
type Clocks struct {
	t     testing.TB
	paths []string
}

// NewClocks gives nodes clocks that can be set. They must not run yet; their clocks are right.
func NewClocks(c *Cluster) *Clocks {
	c.t.Helper()
	k, directory := &Clocks{t: c.t}, c.t.TempDir()
	for i, n := range c.Nodes {
		path := filepath.Join(directory, strconv.Itoa(i))
		k.paths = append(k.paths, path)
		n.Flags = append(n.Flags, "--clock-offset-file", path)
	}
	return k
}

// Set sets the clocks of some nodes, counted from 0.
func (k *Clocks) Set(offset time.Duration, nodes ...int) {
	k.t.Helper()
	for _, at := range nodes {
		if err := os.WriteFile(k.paths[at], []byte(offset.String()), 0o600); err != nil {
			k.t.Fatal(err)
		}
	}
}
