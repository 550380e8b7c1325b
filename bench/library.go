package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/library"
)

// minEntryBytes are the shortest entries that libraries are measured with.
const minEntryBytes = 16

// runLibrary is go run ./bench library.
func runLibrary(ctx context.Context, args []string, out io.Writer) error {
	o := library.Options{Progress: os.Stderr}
	c := newCommand("library", &o.Programs, 8300)
	c.peers = true
	libraries := c.String("libraries", "",
		fmt.Sprintf("`names`, with commas, of what to measure (default: %v)", library.Names))
	proposers := c.String("proposers", "1,50,200,1000", "`numbers` of goroutines, with commas")
	sizes := c.String("bytes", "16,64", "`lengths` of entries, with commas")
	c.IntVar(&o.Rounds, "rounds", 5, "how often everything is measured")
	c.DurationVar(&o.Period, "period", 2*time.Second, "how long each measurement lasts, at most 9 s")
	return c.run(ctx, args, out, func(directory string, port int) (tables []figures.Table, err error) {
		o.Libraries, o.Directory, o.Port = names(*libraries), directory, port
		o.Proposers, err = numbers(*proposers, 1)
		if err != nil {
			return nil, fmt.Errorf("--proposers %s: %w", *proposers, err)
		}
		if o.Bytes, err = numbers(*sizes, minEntryBytes); err != nil {
			return nil, fmt.Errorf("--bytes %s: %w", *sizes, err)
		}
		if o.Rounds < 1 || o.Period <= 0 || o.Period > 9*time.Second {
			return nil, errors.New("there is at least one round, and a period of up to 9 s")
		}
		r, err := library.Run(ctx, o)
		if err != nil {
			return nil, err
		}
		return r.Tables(), nil
	})
}

// numbers reads whole numbers, with commas, that are not below a bound.
func numbers(list string, low int) (all []int, err error) {
	for _, text := range names(list) {
		n, err := strconv.Atoi(text)
		if err != nil || n < low {
			return nil, fmt.Errorf("%q is no number from %d on", text, low)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return nil, errors.New("at least one number, such as 50,200")
	}
	return all, nil
}
