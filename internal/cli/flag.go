package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/setting"
)

// Define defines the flag of a setting, whose default must be in place.
func Define(flags *pflag.FlagSet, row *setting.Row) {
	value := &flagValue{row: row}
	f := flags.VarPF(value, row.Flag, "", row.Help)
	if value.isSwitch() {
		f.NoOptDefVal = "true"
	}
	f.Hidden = row.Hidden
	if row.Section != "" {
		f.Annotations = map[string][]string{sectionAnnotation: {row.Section}}
	}
	switch row.Names {
	case setting.Directory:
		annotate(flags, row.Flag, cobra.BashCompSubdirsInDir)
	case setting.File:
		annotate(flags, row.Flag, fileAnnotation)
	}
}

// flagValue is a setting as pflag sees it.
type flagValue struct {
	row *setting.Row
	// given are the values so far of a flag that is repeated.
	given []string
}

// Set is for pflag.
func (v *flagValue) Set(text string) error {
	if word, is := map[string]string{"true": "yes", "false": "no"}[text]; is && v.isSwitch() {
		text = word
	}
	if _, repeats := v.row.Value.(*setting.List); repeats {
		v.given = append(v.given, text)
		text = strings.Join(v.given, " ")
	}
	apply, refused := v.row.Value.Parse(text)
	if refused != nil {
		return refusal{refused}
	}
	apply()
	return nil
}

// String is the value as people write it; pflag shows it as the default.
func (v *flagValue) String() string {
	if v.isSwitch() && v.row.String() == "no" {
		return ""
	}
	return v.row.Short()
}

// Type is what help calls the value.
func (v *flagValue) Type() string {
	if v.isSwitch() {
		return "bool"
	}
	return v.row.Unit
}

// Choices are the words that the flag takes, if they are few.
func (v *flagValue) Choices() []string {
	if chooser, is := v.row.Value.(Chooser); is {
		return chooser.Choices()
	}
	return nil
}

func (v *flagValue) isSwitch() bool {
	_, is := v.row.Value.(*setting.YesNo)
	return is
}

// refusal is a Refusal on its way through pflag.
type refusal struct{ *setting.Refusal }

func (r refusal) Error() string { return r.Of("the value") }
