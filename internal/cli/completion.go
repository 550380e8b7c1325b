package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
)

// Chooser is the value of a flag that takes one of a few words.
type Chooser interface{ Choices() []string }

// fileAnnotation leaves the completion of a flag to the shell, which offers files.
const fileAnnotation = "file"

// annotate panics for a flag that does not exist: its name stands a few lines above.
func annotate(flags *pflag.FlagSet, name, key string) {
	if err := flags.SetAnnotation(name, key, []string{}); err != nil {
		panic(err)
	}
}

// CompleteFlags tells shells which words the flags of a command take. Without that they would offer files.
func CompleteFlags(c *cobra.Command) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		complete := cobra.NoFileCompletions
		if v, chooses := f.Value.(Chooser); chooses && v.Choices() != nil {
			complete = cobra.FixedCompletions(v.Choices(), cobra.ShellCompDirectiveNoFileComp)
		}
		named := f.Annotations[fileAnnotation] != nil || f.Annotations[cobra.BashCompSubdirsInDir] != nil
		if named {
			return
		}
		if err := c.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
			panic(err) // a flag has two completions
		}
	})
}

// Shells are those for which WriteCompletion writes.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// WriteCompletion writes the script that makes a shell complete command lines. The script asks the binary at each TAB,
// so it does not fall behind its flags.
func WriteCompletion(root *cobra.Command, shell string, out io.Writer) error {
	switch shell {
	case "bash":
		if _, err := fmt.Fprint(out, bashWords); err != nil {
			return err
		}
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	}
	return exit.WrongUsage("completion", "completion: %q is none of the shells that there is completion for: %s",
		shell, strings.Join(Shells(), ", "))
}

// bashWords does what cobra's script needs of the package bash-completion, on machines without it: it splits the line
// at blanks, so that --flag=value stays one word.
const bashWords = `if ! declare -F _init_completion >/dev/null && ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    local line="${COMP_LINE:0:COMP_POINT}"
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    cword=$((${#words[@]} - 1))
    cur="${words[cword]}"
    prev="${words[cword - 1]}"
  }
  _filedir() { # the only use of it is with -d: directories
    local word
    while IFS= read -r word; do
      COMPREPLY+=("$word")
    done < <(compgen "$1" -- "$cur")
  }
fi
`
