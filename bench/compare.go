package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/raftredis/raftredis/bench/compare"
)

// runCompare is go run ./bench compare.
func runCompare(ctx context.Context, args []string) error {
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
	flags.StringVar(&o.Binary, "binary", "", "the `raftredis` to measure (default: built from this tree)")
	flags.StringVar(&o.OtherBinary, "other-binary", "", "a second `raftredis`, measured as one more system")
	further := flags.String("raftredis-flags", "",
		"`flags` and NAME=value for one more system: the second raftredis, or the first with these flags")
	markdown := flags.Bool("markdown", false, "write tables in Markdown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Systems, o.Shapes, o.OtherFlags = names(*systems), names(*shapes), strings.Fields(*further)
	if *list {
		compare.List(os.Stdout)
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
	fmt.Printf("%s, %s, commit %s, %s, load %s to %s, %d rounds of %v in %v:\n\n    go run ./bench compare%s\n",
		began.UTC().Format(time.DateOnly), machine(), commit(), said("redis-server", "--version"), before, load(), o.Rounds,
		o.Period, time.Since(began).Round(time.Second), strings.TrimRight(" "+strings.Join(args, " "), " "))
	fmt.Printf("\nAt rest, all systems together use %.3f processors.\n", result.IdleShare)
	return result.Write(os.Stdout, *markdown)
}

func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// provide builds what the options do not name.
func provide(ctx context.Context, o *compare.Options) error {
	programs := filepath.Join(o.Directory, "programs") // beside the directories of the systems, one of which is raftredis
	if err := os.Mkdir(programs, 0o755); err != nil {
		return err
	}
	if o.Binary == "" {
		o.Binary = filepath.Join(programs, "raftredis")
		if err := build(ctx, o.Binary); err != nil {
			return err
		}
	}
	if o.OtherBinary == "" {
		o.OtherBinary = o.Binary
	}
	needed, err := o.NeedsPeers()
	if err != nil || !needed {
		return err
	}
	o.Peers = programs + "/"
	command := exec.CommandContext(ctx, "go", "-C", "bench/peers", "build", "-o", o.Peers, "./...")
	// Pebble, of which dragonboat makes use, would want a C compiler.
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of bench/peers, which wants modules (--systems can leave peers out): %w\n%s", err, output)
	}
	return nil
}
