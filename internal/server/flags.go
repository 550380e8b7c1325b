package server

import (
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/cli"
)

// section gives a title to the flags that were defined since the last one got its.
func section(flags *pflag.FlagSet, title string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Annotations["section"] == nil {
			cli.Section(f, title)
		}
	})
}

// hide makes flags that help and completion do not show.
func hide(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := flags.MarkHidden(name); err != nil {
			panic(err)
		}
	}
}
