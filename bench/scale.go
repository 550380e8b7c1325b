package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/scale"
)

// runScale is go run ./bench scale.
func runScale(ctx context.Context, args []string, out io.Writer) error {
	o := scale.Options{Progress: os.Stderr}
	c := newCommand("scale", &o.Programs, 8200)
	var known []string
	for _, p := range scale.Parts {
		known = append(known, p.Name)
	}
	parts := c.String("parts", "", fmt.Sprintf("`names`, with commas, of what to measure (default: all of %v)", known))
	keys := c.String("keys", "10000,1000000,10000000", "`numbers` of keys, with commas, from few to many")
	c.IntVar(&o.Rounds, "rounds", 5, "how often everything is measured")
	c.DurationVar(&o.Period, "period", 4*time.Second, "how long each measurement lasts")
	c.IntVar(&o.MemoryKeys, "memory-keys", 1_000_000, "with how many keys memory is measured")
	c.IntVar(&o.LargeBytes, "large-bytes", 64<<10, "size of large values")
	c.IntVar(&o.Idle, "idle", 10_000, "how many connections do nothing; this process opens as many files")
	return c.run(ctx, args, out, func(directory string, port int) (tables []figures.Table, err error) {
		if o.Parts = names(*parts); len(o.Parts) == 0 {
			o.Parts = known
		}
		for _, name := range o.Parts {
			if !slices.Contains(known, name) {
				return nil, fmt.Errorf("there is no part %q: there are %v", name, known)
			}
		}
		if o.Keys, err = numbers(*keys, 1); err != nil {
			return nil, fmt.Errorf("--keys %s: %w", *keys, err)
		}
		if o.Rounds < 1 || o.Period <= 0 || o.MemoryKeys < 1 || o.LargeBytes < 1 || o.Idle < 1 {
			return nil, errors.New("numbers are at least 1")
		}
		o.Directory, o.Port = directory, port
		err = scale.Run(ctx, o, func(t figures.Table) error {
			tables = append(tables, t)
			return nil
		})
		return tables, err
	})
}
