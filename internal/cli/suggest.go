package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
)

// Nearest is the name that was probably meant, by cobra's rules; empty if no name is near.
func Nearest(name string, names []string) string {
	if len(name) < 2 { // everything begins like that
		return ""
	}
	var parent cobra.Command
	parent.SuggestionsMinimumDistance = min(2, len(name)-2)
	for _, n := range names {
		parent.AddCommand(&cobra.Command{Use: n, Run: func(*cobra.Command, []string) {}})
	}
	suggested := parent.SuggestionsFor(name)
	if len(suggested) == 0 {
		return ""
	}
	return suggested[0]
}

// Unknown is the error for a name that does not exist. It suggests the nearest one as an argument of command, or else
// shows the text otherwise.
func Unknown(kind, name string, names []string, command, otherwise string) error {
	hint := otherwise
	if best := Nearest(name, names); best != "" {
		hint = "did you mean: " + command + " " + best
	}
	return &exit.UsageError{Text: fmt.Sprintf("unknown %s %q", kind, name), Hint: hint}
}

// ShownFlags are the names of all flags that are for people.
func ShownFlags(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}
