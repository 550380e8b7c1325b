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

// FlagTopic lists all settings that have a flag and may differ from node to node: their defaults, and what they may be.
func (c *Config) FlagTopic() string {
	return "The flags of raftredis serve, defaults, and what they may be\n" +
		"(* changes by CONFIG SET as the node runs; a file has them without the dashes)\n\n" +
		c.listed(func(row *setting.Row) bool { return row.Flag != "" }) +
		"\nraftredis help parameters lists what only a file and CONFIG SET set.\n"
}

// ParameterTopic lists the others.
func (c *Config) ParameterTopic() string {
	return "What a file sets and no flag, its default, and what it may be\n" +
		"(* changes by CONFIG SET as the node runs)\n\n" +
		c.listed(func(row *setting.Row) bool { return row.Flag == "" })
}

// listed is a line for each setting of a kind.
func (c *Config) listed(wanted func(*setting.Row) bool) string {
	const nameColumns, defaultColumns, columns = 38, 14, 80
	var b strings.Builder
	for _, row := range c.rows {
		if row.Hidden || !row.Differs() || !wanted(row) {
			continue
		}
		name := row.Name
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
