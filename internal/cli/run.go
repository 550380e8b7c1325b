package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/exit"
)

// Run executes the command that args ask for, and returns the exit code. Results go to out, messages to log.
func Run(root *cobra.Command, args []string, out, log io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true // Completion says more
	root.SetFlagErrorFunc(flagError)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	err := root.Execute()
	if err == nil {
		return exit.OK
	}
	fmt.Fprintf(log, "%s: %v\n", root.Name(), err)
	var usage *exit.UsageError
	if errors.As(err, &usage) && usage.Hint != "" {
		fmt.Fprintln(log, usage.Hint)
	}
	return exit.Code(err)
}

// NoArguments is for a command that has flags only.
func NoArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return exit.WrongUsage(c.Name(), "%s: %q is no flag: values follow their flag, as in --port 6379", c.Name(), args[0])
}
