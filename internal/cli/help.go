package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Columns is the width of help: that of the first terminals, and of many a window since.
const Columns = 80

// sectionAnnotation is the title under which help lists a flag; pflag keeps annotations and does not read them.
const sectionAnnotation = "section"

// Help is the help of a command: its usage, its text, and its flags in sections.
func Help(c *cobra.Command) string {
	return fmt.Sprintf("Usage: %s\n\n%s%s", c.UseLine(), c.Long, flagsHelp(c.Flags()))
}

// PrintHelp is the HelpFunc of a command.
func PrintHelp(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), Help(c)) }

// flagsHelp lists the flags under the titles of their sections, in the order of their definition.
func flagsHelp(flags *pflag.FlagSet) string {
	var titles []string
	sections := map[string]*pflag.FlagSet{}
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Annotations[cobra.FlagSetByCobraAnnotation] != nil {
			return
		}
		title := strings.Join(f.Annotations[sectionAnnotation], "")
		if title == "" {
			title = "Flags"
		}
		if sections[title] == nil {
			titles = append(titles, title)
			sections[title] = pflag.NewFlagSet(title, pflag.ContinueOnError)
			sections[title].SortFlags = false
		}
		sections[title].AddFlag(f)
	})
	var b strings.Builder
	for _, title := range titles {
		fmt.Fprintf(&b, "\n%s:\n%s", title, sections[title].FlagUsagesWrapped(Columns))
	}
	return b.String()
}
