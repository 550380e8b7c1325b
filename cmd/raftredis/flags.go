package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Annotations of flags, which pflag keeps and does not read.
const (
	// sectionAnnotation is the title under which help lists a flag.
	sectionAnnotation = "section"
	// valueAnnotation is what completion offers for its value: one of the two below, or nothing.
	valueAnnotation = "value"

	valueDirectory = "directory"
	valueFile      = "file"
)

// chooser is a value of a flag that is one of a few words.
type chooser interface{ choices() []string }

// section gives a title to the flags that were defined since the last one got its.
func section(flags *pflag.FlagSet, title string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Annotations[sectionAnnotation] == nil {
			annotate(flags, f.Name, sectionAnnotation, title)
		}
	})
}

// annotate panics for a flag that does not exist: its name stands a few lines above.
func annotate(flags *pflag.FlagSet, name, key, value string) {
	if err := flags.SetAnnotation(name, key, []string{value}); err != nil {
		panic(err)
	}
}

// annotation is what annotate has said of a flag, or nothing.
func annotation(f *pflag.Flag, key string) string { return strings.Join(f.Annotations[key], "") }

// hide makes flags that help and completion do not show.
func hide(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := flags.MarkHidden(name); err != nil {
			panic(err)
		}
	}
}

// shownFlags are the names of all flags that are for people.
func shownFlags(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// valueError is why a flag does not take a value. Numbers get words of their own; other values say themselves what they
// expect.
func valueError(f *pflag.Flag, value string, cause error) error {
	switch f.Value.Type() {
	case "int":
		return fmt.Errorf("%q is no whole number, such as %s", value, f.DefValue)
	case "bool":
		return fmt.Errorf("%q is neither true nor false; without a value it is true", value)
	}
	return cause
}
