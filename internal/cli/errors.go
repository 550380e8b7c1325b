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
	var refused refusal
	switch name := c.Name(); {
	case errors.As(err, &missing):
		return unknownFlag(c, missing)
	case errors.As(err, &bare):
		f := bare.GetFlag()
		kind, _ := pflag.UnquoteUsage(f)
		return exit.WrongUsage(name, "%s: --%s needs a value: --%s %s", name, f.Name, f.Name, strings.ToUpper(kind))
	case errors.As(err, &refused) && errors.As(err, &invalid):
		return exit.WrongUsage(name, "%s: %s", name, refused.Of("--"+invalid.GetFlag().Name))
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
