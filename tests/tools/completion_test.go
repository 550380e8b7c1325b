package tools_test

import (
	"os"
	"path/filepath"
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

// shellSays runs a script in a shell that finds the binary, with arguments.
func shellSays(t *testing.T, shell []string, script string, args ...string) string {
	t.Helper()
	shell = append(append(slices.Clone(shell), script, "test"), args...)
	command := blackbox.Tool(t, shell[0], shell[1:]...)
	command.Env = append(os.Environ(), "PATH="+filepath.Dir(blackbox.Binary(t))+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell[0], err, output)
	}
	return string(output)
}

// What bash offers for a command line; the word at its end is the one that is being typed. The machine need not have
// the package bash-completion. Files are left to bash itself.
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
		"raftredis ":                           "serve playground health inspect bench version completion help",
		"raftredis pl":                         "playground",
		"raftredis serve --boot":               "--bootstrap",
		"raftredis serve --snapshot-":          "--snapshot-bytes-per-second --snapshot-log-bytes",
		"raftredis serve --cluster-view ":      "spread leader off",
		"raftredis serve --cluster-view l":     "leader",
		"raftredis serve --cluster-view=l":     "leader",
		"raftredis serve --cluster-view=":      "spread leader off",
		"raftredis serve --port 1 --redirect ": "proxy moved",
		"raftredis serve --port ":              "",
		"raftredis serve --lifeline":           "", // hidden
		"raftredis serve --dir test":           "testdata",
		"raftredis inspect --dir topics/get":   "", // a file
		"raftredis serve topics/get":           "", // a file: bash offers it by itself
		"raftredis inspect --ver":              "--verify-snapshots",
		"raftredis inspect topics/get":         "",
		"raftredis bench --distribution ":      "uniform zipf",
		"raftredis completion ":                "bash zsh fish",
		"raftredis help mem":                   "membership",
		"raftredis help --h":                   "--help",
		"raftredis nonsense ":                  "",
	} {
		got := shellSays(t, []string{"bash", "-c"}, "compopt() { :; }\n"+script+`
COMP_LINE="$1"; COMP_POINT=${#1}; COMP_TYPE=9
__start_raftredis; echo "${COMPREPLY[*]}"`, line)
		if strings.TrimSpace(got) != want {
			t.Errorf("%q: bash offers %q, want %q", line, strings.TrimSpace(got), want)
		}
	}
	said := shellSays(t, []string{"bash", "-c"}, script+"\ncomplete -p raftredis")
	if !strings.Contains(said, "-o default") || !strings.Contains(said, "__start_raftredis") {
		t.Errorf("bash does not know what completes raftredis, or that it may offer files: %s", said)
	}
}

// The scripts ask the binary, which offers each flag that its help shows, and no hidden one.
func TestCompletion_TheBinaryOffersEveryFlag(t *testing.T) {
	_, help := blackbox.Run(t, "serve", "--help")
	var flags []string
	for line := range strings.Lines(help) {
		if name, found := strings.CutPrefix(line, "      --"); found {
			flags = append(flags, "--"+strings.Fields(name)[0])
		}
	}
	if len(flags) < 20 {
		t.Fatalf("only %d flags in the help of serve", len(flags))
	}
	_, offered := blackbox.Run(t, "__complete", "serve", "--")
	for _, flag := range flags {
		if !strings.Contains(offered, "\n"+flag+"\t") && !strings.HasPrefix(offered, flag+"\t") {
			t.Errorf("%s is not offered", flag)
		}
	}
	if strings.Contains(offered, "lifeline") {
		t.Error("a hidden flag is offered")
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		checkSyntax(t, shell, completionScript(t, shell))
	}
}

// checkSyntax has the shell read its script, without executing it.
func checkSyntax(t *testing.T, shell, script string) {
	t.Helper()
	check := blackbox.Tool(t, shell, "-n")
	check.Stdin = strings.NewReader(script)
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("%s does not understand its script: %v\n%s", shell, err, output)
	}
}

func TestCompletion_FishOffersWhatFits(t *testing.T) {
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
