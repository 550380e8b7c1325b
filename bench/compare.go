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

	"github.com/raftredis/raftredis/bench/compare"
)

// runCompare is go run ./bench compare.
func runCompare(ctx context.Context, args []string, out io.Writer) error {
	o := compare.Options{Progress: os.Stderr}
	flags := flag.NewFlagSet("bench compare", flag.ContinueOnError)
	flags.IntVar(&o.Rounds, "rounds", 5, "how often everything is measured")
	flags.DurationVar(&o.Period, "period", 2*time.Second, "how long each measurement lasts")
	flags.IntVar(&o.Port, "port", 7600, "first of ten free ports for each system")
	flags.IntVar(&o.Keys, "keys", 100_000, "from how many keys requests draw")
	flags.IntVar(&o.ValueBytes, "value-bytes", 64, "size of values")
	systems := flags.String("systems", "", "`names`, with commas, of what to measure (default: all but optional systems)")
	shapes := flags.String("shapes", "", "`names`, with commas, of work to do, such as set-50,get-50x16 (default: all)")
	list := flags.Bool("list", false, "list systems and shapes, and end")
	parent := flags.String("dir", "", "a directory of the `disk` to use (default: the system's temporary one)")
	flags.StringVar(&o.Raftredis, "binary", "", "the `raftredis` to measure (default: built from this tree)")
	flags.StringVar(&o.Other, "other-binary", "", "a second `raftredis`, measured as one more system")
	further := flags.String("raftredis-flags", "",
		"`flags` and NAME=value for one more system: the second raftredis, or the first with these flags")
	flags.BoolVar(&o.RedisBenchmark, "redis-benchmark", false, "generate the load with redis-benchmark: no p99.9")
	flags.BoolVar(&o.OneAtATime, "one-at-a-time", false,
		"run one system at a time, started and filled anew in each round: none uses a processor while it waits")
	markdown := flags.Bool("markdown", false, "write tables in Markdown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Systems, o.Shapes, o.OtherFlags = names(*systems), names(*shapes), strings.Fields(*further)
	if *list {
		compare.List(out)
		return nil
	}
	if o.Rounds < 1 || o.Period <= 0 || o.Keys < 1 || o.ValueBytes < 1 || flags.NArg() > 0 {
		return errors.New("numbers are at least 1, and there are flags only: go run ./bench compare --help")
	}
	var err error
	if o.Directory, err = os.MkdirTemp(*parent, "raftredis-compare-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.Directory)
	if err := provide(ctx, &o); err != nil {
		return err
	}
	before, began := load(), time.Now()
	result, err := compare.Run(ctx, o)
	if err != nil {
		return err
	}
	heading(out, append([]string{"compare"}, args...), began, before, fmt.Sprintf("%d rounds of %v", o.Rounds, o.Period))
	return result.Write(out, *markdown)
}

func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// provide builds what the options do not name.
func provide(ctx context.Context, o *compare.Options) error {
	needed, err := o.NeedsPeers()
	if err != nil {
		return err
	}
	return provideAll(ctx, &o.Programs, o.Directory, needed)
}
