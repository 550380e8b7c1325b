package server

import (
	"fmt"
	"strings"

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

// Topic lists all settings that may differ from node to node: their defaults, and what they may be.
func (c *Config) Topic() string {
	const nameColumns, defaultColumns, columns = 38, 14, 80
	var b strings.Builder
	b.WriteString("Every setting, its default, and what it may be\n" +
		"(-- is a flag of raftredis serve too; * changes by CONFIG SET as the node runs)\n\n")
	for _, row := range c.rows {
		if row.Hidden || !row.Differs() {
			continue
		}
		name := "  " + row.Name
		if row.Flag != "" {
			name = "--" + row.Flag
		}
		if row.Live {
			name += " *"
		}
		value := row.Short()
		if _, refused := row.Value.Parse(value); refused != nil || len(value) > defaultColumns-2 || value == "" {
			value = "-" // it follows from others, or is long
		}
		line := fmt.Sprintf("%-*s%-*s%s", nameColumns, name, defaultColumns, value, row.Range())
		b.WriteString(strings.TrimRight(line[:min(len(line), columns)], " ") + "\n")
	}
	return b.String()
}

func (c *Config) flagRows() (rows []*setting.Row) {
	for _, row := range c.rows {
		if row.Flag != "" {
			rows = append(rows, row)
		}
	}
	return rows
}
