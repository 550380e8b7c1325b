package server

import (
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/setting"
)

// Define defines the flags of all settings that have one.
func (c *Config) Define(flags *pflag.FlagSet) {
	for _, row := range c.flagRows() {
		cli.Define(flags, row)
	}
}

// ReadFlags notes which settings the command line has set: it wins over a file.
func (c *Config) ReadFlags(flags *pflag.FlagSet) {
	for _, row := range c.flagRows() {
		if flags.Changed(row.Flag) {
			c.given[row] = true
		}
	}
}

func (c *Config) flagRows() (rows []*setting.Row) {
	for _, row := range c.rows {
		if row.Flag != "" {
			rows = append(rows, row)
		}
	}
	return rows
}
