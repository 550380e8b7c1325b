package tools_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// completionScript is what the binary prints for a shell.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	code, script := blackbox.Run(t, "completion", shell)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, script)
	}
	return script
}

// shellSays runs a script in a shell, with arguments.
func shellSays(t *testing.T, shell []string, script string, args ...string) string {
	t.Helper()
	shell = append(append(slices.Clone(shell), script, "test"), args...)
	output, err := exec.Command(shell[0], shell[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell[0], err, output)
	}
	return string(output)
}

// What bash offers for a command line; the last word is the one that is being typed. A = is a word of its own there.
func TestCompletion_BashOffersWhatFits(t *testing.T) {
	script := completionScript(t, "bash")
	t.Chdir(t.TempDir())
	for _, path := range []string{"testdata", "topics"} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("topics/getting-started.txt", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"raftredis ":                           "serve playground inspect version completion help",
		"raftredis pl":                         "playground",
		"raftredis serve --boot":               "--bootstrap",
		"raftredis serve --snapshot-":          "--snapshot-log-bytes --snapshot-bytes-per-second",
		"raftredis serve --cluster-view ":      "spread leader off",
		"raftredis serve --cluster-view l":     "leader",
		"raftredis serve --cluster-view = l":   "leader",
		"raftredis serve --cluster-view =":     "spread leader off",
		"raftredis serve --port 1 --redirect ": "proxy moved",
		"raftredis serve --port ":              "",
		"raftredis serve --lifeline":           "", // hidden
		"raftredis serve --dir test":           "testdata",
		"raftredis inspect --dir topics/get":   "", // a file
		"raftredis serve topics/get":           "topics/getting-started.txt",
		"raftredis inspect --ver":              "--verify-snapshots",
		"raftredis completion ":                "bash zsh fish",
		"raftredis help mem":                   "membership",
		"raftredis help --h":                   "--help",
		"raftredis nonsense ":                  "",
	} {
		words := strings.Split(line, " ")
		got := shellSays(t, []string{"bash", "-c"}, script+`
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _raftredis; echo "${COMPREPLY[*]}"`, words...)
		if strings.TrimSpace(got) != want {
			t.Errorf("%q: bash offers %q, want %q", line, strings.TrimSpace(got), want)
		}
	}
	said := shellSays(t, []string{"bash", "-c"}, script+"\ncomplete -p raftredis")
	if !strings.Contains(said, "_raftredis") {
		t.Errorf("bash does not know that there is something to complete: %s", said)
	}
}

// The other shells are asked where they are installed; that the scripts hold all flags is seen everywhere.
func TestCompletion_EveryShellKnowsEveryFlag(t *testing.T) {
	_, help := blackbox.Run(t, "serve", "--help")
	var flags []string
	for line := range strings.Lines(help) {
		if name, found := strings.CutPrefix(line, "  --"); found {
			flags = append(flags, strings.Fields(name)[0])
		}
	}
	if len(flags) < 20 {
		t.Fatalf("only %d flags in the help of serve", len(flags))
	}
	for shell, form := range map[string]string{"bash": "--%", "zsh": "'--%", "fish": "-l % "} {
		script := completionScript(t, shell)
		for _, flag := range flags {
			if !strings.Contains(script, strings.ReplaceAll(form, "%", flag)) {
				t.Errorf("%s: nothing about %s", shell, flag)
			}
		}
		if strings.Contains(script, "lifeline") {
			t.Errorf("%s: a hidden flag is offered", shell)
		}
		checkSyntax(t, shell, script)
	}
}

// checkSyntax has the shell read its script, if it is installed, without executing it.
func checkSyntax(t *testing.T, shell, script string) {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Logf("%s is not installed: its script is not read by it", shell)
		return
	}
	check := exec.Command(shell, "-n")
	check.Stdin = strings.NewReader(script)
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("%s does not understand its script: %v\n%s", shell, err, output)
	}
}

func TestCompletion_FishOffersWhatFits(t *testing.T) {
	if _, err := exec.LookPath("fish"); err != nil {
		t.Log("fish is not installed: what it makes of its script is not seen")
		return
	}
	script := completionScript(t, "fish")
	for line, want := range map[string][]string{
		"raftredis pl":                    {"playground"},
		"raftredis serve --cluster-view ": {"leader", "off", "spread"},
		"raftredis serve --snapshot-":     {"--snapshot-bytes-per-second", "--snapshot-log-bytes"},
		"raftredis help mem":              {"membership"},
	} {
		said := shellSays(t, []string{"fish", "-c"}, script+"\ncomplete -C '"+line+"'")
		var got []string
		for offered := range strings.Lines(said) {
			got = append(got, strings.TrimSpace(strings.Split(offered, "\t")[0]))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: fish offers %q, want %q", line, got, want)
		}
	}
}
