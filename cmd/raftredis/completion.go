package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/server"
)

const completionIntro = `Prints what makes a shell complete the command lines of raftredis: subcommands,
flags, and values where there are few. SHELL is bash, zsh or fish.

For the shell that you type in now:

  source <(raftredis completion bash)
  source <(raftredis completion zsh)
  raftredis completion fish | source

For every shell from now on, write it where the shell looks:

  bash  ~/.local/share/bash-completion/completions/raftredis
  zsh   a file _raftredis in a directory of $fpath, before compinit runs
  fish  ~/.config/fish/completions/raftredis.fish
`

// shells are those for which there is completion.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// completion writes a script for a shell. All three are made from the table of subcommands and their flags, so they
// cannot fall behind it.
func completionCommand(*pflag.FlagSet) work {
	return func(args []string, to streams) error {
		if len(args) != 1 {
			return exit.WrongUsage("completion", "completion: name one shell: %s", strings.Join(shells(), ", "))
		}
		write := map[string]func(io.Writer, []completed) error{
			"bash": writeBash, "zsh": writeZsh, "fish": writeFish,
		}[args[0]]
		if write == nil {
			return exit.WrongUsage("completion", "completion: %q is none of the shells that there is completion for: %s",
				args[0], strings.Join(shells(), ", "))
		}
		return write(to.out, allCompleted())
	}
}

// completed is a subcommand as completion sees it.
type completed struct {
	*subcommand
	flags []completedFlag
	// arguments are what may follow the flags; files says that it is the name of one.
	arguments []string
	files     bool
}

// completedFlag is a flag as completion sees it.
type completedFlag struct {
	name, summary string
	// takes: a value follows. It is one of the choices, if there are any, or a valueDirectory or valueFile, if it says so.
	takes   bool
	kind    string
	choices []string
}

// allCompleted is the table.
func allCompleted() []completed {
	var all []completed
	for _, s := range subcommands() {
		c := completed{subcommand: &s, files: s.arguments == "[FILE]"}
		if s.choices != nil {
			c.arguments = s.choices()
		}
		flags, _ := s.prepare()
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				c.flags = append(c.flags, completedFlagOf(f))
			}
		})
		help := completedFlag{name: "help", summary: "explain " + s.name}
		all = append(all, completed{c.subcommand, append(c.flags, help), c.arguments, c.files})
	}
	return all
}

func completedFlagOf(f *pflag.Flag) completedFlag {
	_, usage := pflag.UnquoteUsage(f)
	c := completedFlag{
		name: f.Name, summary: gist(usage), takes: f.NoOptDefVal == "", kind: server.Annotation(f, server.ValueAnnotation),
	}
	if v, chooses := f.Value.(server.Chooser); chooses {
		c.choices = v.Choices()
	}
	return c
}

// gistColumns is how much of a flag's help a shell shows beside its name.
const gistColumns = 60

// gist is the beginning of a text, up to where it goes into details, without what means something to a shell.
func gist(usage string) string {
	for _, end := range []string{". ", "; ", ": ", " ("} {
		usage, _, _ = strings.Cut(usage, end)
	}
	for len(usage) > gistColumns {
		usage = usage[:strings.LastIndexByte(usage, ' ')]
	}
	return strings.NewReplacer("'", "", "`", "", `"`, "", "[", "", "]", "", ":", "", "$", "", `\`, "").Replace(usage)
}

// quoted is a text as one word of any of the shells; gist leaves nothing in it that would end the quotes.
func quoted(text string) string { return "'" + text + "'" }

// longNames are the flags as they are typed.
func (c *completed) longNames() string {
	var names []string
	for _, f := range c.flags {
		names = append(names, "--"+f.name)
	}
	return strings.Join(names, " ")
}

// writeAll writes a script at once.
func writeAll(out io.Writer, b *strings.Builder) error {
	_, err := fmt.Fprint(out, b.String())
	return err
}
