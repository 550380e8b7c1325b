package server

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Annotations of flags, which pflag keeps and does not read.
const (
	// SectionAnnotation is the title under which help lists a flag.
	SectionAnnotation = "section"
	// ValueAnnotation is what completion offers for its value: one of the two below, or nothing.
	ValueAnnotation = "value"

	ValueDirectory = "directory"
	ValueFile      = "file"
)

// Chooser is a value of a flag that is one of a few words.
type Chooser interface{ Choices() []string }

// section gives a title to the flags that were defined since the last one got its.
func section(flags *pflag.FlagSet, title string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Annotations[SectionAnnotation] == nil {
			Annotate(flags, f.Name, SectionAnnotation, title)
		}
	})
}

// Annotate panics for a flag that does not exist: its name stands a few lines above.
func Annotate(flags *pflag.FlagSet, name, key, value string) {
	if err := flags.SetAnnotation(name, key, []string{value}); err != nil {
		panic(err)
	}
}

// Annotation is what annotate has said of a flag, or nothing.
func Annotation(f *pflag.Flag, key string) string { return strings.Join(f.Annotations[key], "") }

// hide makes flags that help and completion do not show.
func hide(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := flags.MarkHidden(name); err != nil {
			panic(err)
		}
	}
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

// ValueError is why a flag does not take a value. Numbers get words of their own; other values say themselves what they
// expect.
func ValueError(f *pflag.Flag, value string, cause error) error {
	switch f.Value.Type() {
	case "int":
		return fmt.Errorf("%q is no whole number, such as %s", value, f.DefValue)
	case "bool":
		return fmt.Errorf("%q is neither true nor false; without a value it is true", value)
	}
	return cause
}
