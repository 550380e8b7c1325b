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

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/latency"
	"github.com/raftredis/raftredis/bench/system"
)

// runLatency is go run ./bench latency.
func runLatency(ctx context.Context, args []string, out io.Writer) error {
	o := latency.Options{Progress: os.Stderr, ValueBytes: valueBytes}
	c := newCommand("latency", &o.Programs, 8000)
	c.IntVar(&o.Rounds, "rounds", 5, "how often everything is measured")
	c.DurationVar(&o.Period, "period", 10*time.Second, "how long each measurement lasts, at half of the maximum")
	c.IntVar(&o.Clients, "clients", 50, "how many clients there are")
	c.IntVar(&o.Keys, "keys", 100_000, "from how many keys requests draw, beside other systems")
	c.IntVar(&o.FewKeys, "few-keys", 10_000, "how many keys the smaller one of two clusters has")
	c.IntVar(&o.ManyKeys, "many-keys", 5_000_000, "how many keys the larger one has")
	return c.run(ctx, args, out, func(directory string, port int) ([]figures.Table, error) {
		if o.Rounds < 1 || o.Period <= 0 || o.Clients < 1 || o.Keys < 1 || o.FewKeys < 1 || o.ManyKeys <= o.FewKeys {
			return nil, errors.New("numbers are at least 1, and --many-keys more than --few-keys")
		}
		o.Directory, o.Port = directory, port
		r, err := latency.Run(ctx, o)
		if err != nil {
			return nil, err
		}
		return r.Tables(o.FewKeys, o.ManyKeys), nil
	})
}

// valueBytes is the size of values where no flag says it.
const valueBytes = 64

// command is what commands that start raftredis have in common.
type command struct {
	*flag.FlagSet
	programs       *system.Programs
	port           int
	parent, others string
	markdown       bool
	// peers has the programs of bench/peers built.
	peers bool
}

// newCommand defines the flags that all have.
func newCommand(word string, p *system.Programs, port int) *command {
	c := &command{FlagSet: flag.NewFlagSet("bench "+word, flag.ContinueOnError), programs: p}
	c.IntVar(&c.port, "port", port, "first of ten free ports for each system")
	c.StringVar(&c.parent, "dir", "", "a directory of the `disk` to use (default: the system's temporary one)")
	c.StringVar(&p.Raftredis, "binary", "", "the `raftredis` to measure (default: built from this tree)")
	c.BoolVar(&c.markdown, "markdown", false, "write tables in Markdown")
	c.StringVar(&c.others, "raftredis-flags", "", "`flags` for nodes, separated by spaces")
	return c
}

// run reads the flags, builds what is missing, measures in a directory that is removed, and writes the tables.
func (c *command) run(
	ctx context.Context, args []string, out io.Writer, measure func(directory string, port int) ([]figures.Table, error),
) error {
	if err := c.Parse(args); err != nil {
		return err
	}
	if c.NArg() > 0 {
		return fmt.Errorf("there are flags only: go run ./%s --help", c.Name())
	}
	c.programs.OtherFlags = strings.Fields(c.others)
	directory, err := os.MkdirTemp(c.parent, "raftredis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	if err := provideAll(ctx, c.programs, directory, c.peers); err != nil {
		return err
	}
	before, began := load(), time.Now()
	tables, err := measure(directory, c.port)
	if err != nil {
		return err
	}
	word := strings.TrimPrefix(c.Name(), "bench ")
	heading(out, append([]string{word}, args...), began, before, "all")
	return figures.WriteAll(out, c.markdown, tables...)
}
