package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/exit"
)

// flagError says what is wrong with a flag, and what to do.
func flagError(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch name := c.Name(); {
	case errors.As(err, &missing):
		return unknownFlag(c, missing)
	case errors.As(err, &bare):
		f := bare.GetFlag()
		kind, _ := pflag.UnquoteUsage(f)
		return exit.WrongUsage(name, "%s: --%s needs a value: --%s %s", name, f.Name, f.Name, strings.ToUpper(kind))
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return exit.WrongUsage(name, "%s: --%s: %v", name, f.Name, ValueError(f, invalid.GetValue(), invalid.Unwrap()))
	default:
		return exit.WrongUsage(name, "%s: %v", name, err)
	}
}

// unknownFlag suggests the nearest flag.
func unknownFlag(c *cobra.Command, missing *pflag.NotExistError) error {
	name := missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		return exit.WrongUsage(c.Name(), "%s: unknown flag: -%s; flags have two dashes, as in --port", c.Name(), letters)
	}
	text := fmt.Sprintf("%s: unknown flag: --%s", c.Name(), name)
	if best := Nearest(name, ShownFlags(c.Flags())); best != "" {
		return exit.WrongUsage(c.Name(), "%s; did you mean --%s?", text, best)
	}
	return exit.WrongUsage(c.Name(), "%s", text)
}

// ValueError says why a flag refuses a value. pflag's own kinds get words here; other values know what they expect.
func ValueError(f *pflag.Flag, value string, cause error) error {
	switch f.Value.Type() {
	case "int":
		return fmt.Errorf("%q is no whole number, such as %s", value, f.DefValue)
	case "bool":
		return fmt.Errorf("%q is neither true nor false; without a value it is true", value)
	}
	return cause
}
