package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// helpColumns is how wide help may be: that of the terminals that were there first, and of many a window since.
const helpColumns = 80

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

// flagsHelp lists the flags, under the titles of their sections.
func flagsHelp(flags *pflag.FlagSet) string {
	var b strings.Builder
	title := ""
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		now := annotation(f, sectionAnnotation)
		if now == "" {
			now = "Flags"
		}
		if now != title {
			title = now
			fmt.Fprintf(&b, "\n%s:\n", title)
		}
		b.WriteString(flagHelp(f))
	})
	return b.String()
}

// usageColumn is where what a flag means begins; a name that is longer has a line of its own.
const usageColumn = 28

// flagHelp is a flag, what it means, and its default if it has one.
func flagHelp(f *pflag.Flag) string {
	kind, usage := pflag.UnquoteUsage(f)
	head := strings.TrimRight("  --"+f.Name+" "+kind, " ")
	if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" && f.DefValue != "[]" {
		usage += " (default " + f.DefValue + ")"
	}
	lines := wrapped(usage, helpColumns-usageColumn)
	if len(head) < usageColumn-1 {
		head += strings.Repeat(" ", usageColumn-len(head)) + lines[0]
		lines = lines[1:]
	}
	for _, line := range lines {
		head += "\n" + strings.Repeat(" ", usageColumn) + line
	}
	return head + "\n"
}

// wrapped is a text in lines of at most so many columns, as far as its words allow.
func wrapped(text string, columns int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= columns:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// parse reads the flags, and returns what is left over; for most subcommands that is an error.
func parse(s *subcommand, flags *pflag.FlagSet, args []string) ([]string, error) {
	err := flags.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return nil, err
	case err != nil:
		return nil, flagError(flags, err)
	case s.arguments == "" && flags.NArg() > 0:
		return nil, wrongUsage(s.name, "%s: %q is no flag: values follow their flag, as in --port 6379", s.name, flags.Arg(0))
	}
	return flags.Args(), nil
}

// flagError says what is wrong with a flag, in words that tell what to do.
func flagError(flags *pflag.FlagSet, err error) error {
	var missing *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch name := flags.Name(); {
	case errors.As(err, &missing):
		return unknownFlag(flags, missing)
	case errors.As(err, &bare):
		f := bare.GetFlag()
		kind, _ := pflag.UnquoteUsage(f)
		return wrongUsage(name, "%s: --%s needs a value: --%s %s", name, f.Name, f.Name, strings.ToUpper(kind))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return wrongUsage(name, "%s: --%s: %v", name, f.Name, valueError(f, invalid.GetValue(), invalid.Unwrap()))
	default:
		return wrongUsage(name, "%s: %v", name, err)
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

// unknownFlag names the flag that was probably meant.
func unknownFlag(flags *pflag.FlagSet, missing *pflag.NotExistError) error {
	name := missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		return wrongUsage(flags.Name(), "%s: unknown flag: -%s; flags have two dashes, as in --port", flags.Name(), letters)
	}
	text := fmt.Sprintf("%s: unknown flag: --%s", flags.Name(), name)
	if best := nearest(name, shownFlags(flags)); best != "" {
		return wrongUsage(flags.Name(), "%s; did you mean --%s?", text, best)
	}
	return wrongUsage(flags.Name(), "%s", text)
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
