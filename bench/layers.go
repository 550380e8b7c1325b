package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/raftredis/raftredis/bench/layers"
)

// runLayers is go run ./bench layers.
func runLayers(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench layers", flag.ContinueOnError)
	count := flags.Int("count", 3, "how often each benchmark runs; the median counts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *count < 1 || flags.NArg() > 0 {
		return errors.New("count is at least 1, and there are flags only: go run ./bench layers --help")
	}
	fmt.Fprintf(out, "%s, %s, commit %s, load %s:\n\n    go run ./bench layers%s\n\n",
		time.Now().UTC().Format(time.DateOnly), machine(), commit(), load(),
		strings.TrimRight(" "+strings.Join(args, " "), " "))
	return layers.Run(ctx, *count, os.Stderr, out)
}
