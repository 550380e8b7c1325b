package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/raftredis/raftredis/internal/exit"
	"github.com/raftredis/raftredis/internal/setting"
)

// binary is a root command with one subcommand, which has flags of all kinds.
func binary(port *int, hosts *[]string) *cobra.Command {
	on := false
	word := "b"
	c := &cobra.Command{
		Use: "work [flags]", Long: "Works.\n", Args: NoArguments, RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.DisableFlagsInUseLine = true
	for _, row := range []*setting.Row{
		{
			Flag: "port", Section: "First", Unit: "port", Help: "where to listen", Default: 7,
			Value: &setting.Int{At: setting.At(port), Min: 1, Max: 9},
		},
		{Flag: "on", Section: "Second", Help: "a switch", Value: &setting.YesNo{At: setting.SwitchAt(&on)}},
		{
			Flag: "word", Section: "Second", Unit: "word", Help: "one of two",
			Value: &setting.Choice{At: setting.TextAt(&word), Words: []string{"a", "b"}},
		},
		{Flag: "host", Section: "First", Unit: "HOST", Help: "any number", Value: &setting.List{At: hosts}},
		{
			Flag: "secret-port", Section: "Second", Unit: "port", Hidden: true,
			Value: &setting.Int{At: setting.At(port), Max: 9},
		},
	} {
		row.Init()
		Define(c.Flags(), row)
	}
	CompleteFlags(c)
	root := &cobra.Command{Use: "binary"}
	root.SetHelpFunc(PrintHelp)
	root.AddCommand(c)
	return root
}

func TestRun_SaysWhatIsWrongAndWhatToDo(t *testing.T) {
	for args, want := range map[string]string{
		"":              "",
		"--port=8":      "",
		"--on --host a": "",
		"--on=false":    "",
		"--port 10":     "work: --port is 10; it must be 1 to 9",
		"--port x":      `work: --port is "x"; it must be a whole number, such as 7`,
		"--port":        "work: --port needs a value: --port PORT",
		"--on=perhaps":  `work: --on is "perhaps"; it must be yes or no`,
		"--word c":      `work: --word is "c"; it must be a or b`,
		"--prt 1":       "work: unknown flag: --prt; did you mean --port?",
		"--secret-prt":  "work: unknown flag: --secret-prt\n",
		"-p 1":          "work: unknown flag: -p; flags have two dashes",
		"7":             `work: "7" is no flag: values follow their flag`,
	} {
		var port int
		var hosts []string
		var out, log bytes.Buffer
		code := Run(binary(&port, &hosts), append([]string{"work"}, strings.Fields(args)...), &out, &log)
		switch {
		case want == "" && (code != exit.OK || log.Len() > 0):
			t.Errorf("%s: exit code %d, %s", args, code, log.String())
		case want != "" && code != exit.Usage:
			t.Errorf("%s: exit code %d, want %d", args, code, exit.Usage)
		case !strings.Contains(log.String(), want):
			t.Errorf("%s: %q does not say %q", args, log.String(), want)
		}
	}
}

func TestDefine_FlagsThatAreRepeatedAddUp(t *testing.T) {
	var port int
	var hosts []string
	var out, log bytes.Buffer
	args := []string{"work", "--host", "a", "--host=b,c", "--port", "3"}
	if code := Run(binary(&port, &hosts), args, &out, &log); code != exit.OK {
		t.Fatalf("exit code %d: %s", code, log.String())
	}
	if strings.Join(hosts, " ") != "a b c" || port != 3 {
		t.Errorf("hosts %q, port %d", hosts, port)
	}
}

func TestHelp_ListsFlagsInSections(t *testing.T) {
	var port int
	var hosts []string
	var out, log bytes.Buffer
	if code := Run(binary(&port, &hosts), []string{"work", "--help"}, &out, &log); code != exit.OK {
		t.Fatalf("exit code %d: %s", code, log.String())
	}
	want := `Usage: binary work [flags]

Works.

First:
      --port port   where to listen (default 7)
      --host HOST   any number

Second:
      --on          a switch
      --word word   one of two (default b)
`
	if out.String() != want {
		t.Errorf("help says\n%s\nwant\n%s", out.String(), want)
	}
}
