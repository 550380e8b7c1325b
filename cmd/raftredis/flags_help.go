package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/server"
)

// helpColumns is how wide help may be: that of the terminals that were there first, and of many a window since.
const helpColumns = 80

// flagsHelp lists the flags, under the titles of their sections.
func flagsHelp(flags *pflag.FlagSet) string {
	var b strings.Builder
	title := ""
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		now := server.Annotation(f, server.SectionAnnotation)
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
