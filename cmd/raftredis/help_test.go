package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/raftredis/raftredis/internal/cli"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
	"github.com/raftredis/raftredis/internal/exit"
)

// helpTexts is everything that help can say, by name.
func helpTexts(t *testing.T) map[string]string {
	t.Helper()
	root := rootCommand()
	texts := map[string]string{"overview": overview(root), topicsName: topicsHelp()}
	for _, name := range topicNames() {
		if texts[name] = topic(name); texts[name] == "" {
			t.Errorf("topic %s is empty", name)
		}
	}
	for _, c := range root.Commands() {
		texts["help "+c.Name()] = cli.Help(c)
	}
	return texts
}

func TestHelp_FitsATerminal(t *testing.T) {
	const topicLines = 48
	for name, text := range helpTexts(t) {
		for line := range strings.Lines(text) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > cli.Columns {
				t.Errorf("%s: a line of %d columns, more than %d: %s", name, n, cli.Columns, line)
			}
		}
		if n := strings.Count(text, "\n"); !strings.HasPrefix(name, "help ") && n > topicLines {
			t.Errorf("%s: %d lines are more than a screen", name, n)
		}
		if strings.Contains(text, "\t") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: a tab, or no end of the last line", name)
		}
	}
}

func TestHelp_EveryTopicFileIsListed(t *testing.T) {
	files, err := topicFiles.ReadDir("topics")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(topicNames())-2 { // all but those that are written from the table of settings
		t.Errorf("%d files and %d topics", len(files), len(topicNames()))
	}
}

// flagsOf are the names of all flags of a subcommand; nil if there is no such subcommand.
func flagsOf(name string) map[string]bool {
	for _, c := range rootCommand().Commands() {
		if c.Name() != name {
			continue
		}
		there := map[string]bool{"help": true}
		c.Flags().VisitAll(func(f *pflag.Flag) { there[f.Name] = !f.Hidden })
		return there
	}
	return nil
}

var (
	ownCommand   = regexp.MustCompile(`\braftredis ([a-z]+)\b(.*)`)
	longFlag     = regexp.MustCompile(`--[a-z][a-z-]+`)
	redisCommand = regexp.MustCompile(`redis-cli (?:-[a-z] \S+ )*([A-Z].*)`)
)

// What help tells people to type exists: subcommands, their flags, topics, and commands of the server with as many
// arguments as they take.
func TestHelp_CommandsThatAreNamedExist(t *testing.T) {
	own, redis := 0, 0
	for name, text := range helpTexts(t) {
		text = strings.ReplaceAll(text, "\\\n", "")
		for line := range strings.Lines(text) {
			for _, flag := range longFlag.FindAllString(line, -1) {
				if !anyFlag(strings.TrimPrefix(flag, "--")) {
					t.Errorf("%s: no subcommand has %s: %s", name, flag, line)
				}
			}
			if found := ownCommand.FindStringSubmatch(line); found != nil {
				own++
				checkOwn(t, name, found[1], found[2])
			}
			if found := redisCommand.FindStringSubmatch(line); found != nil {
				redis++
				checkRedis(t, name, strings.Fields(regexp.MustCompile(`\s{3,}.*`).ReplaceAllString(found[1], "")))
			}
		}
	}
	if own < 50 || redis < 25 {
		t.Errorf("%d own commands and %d of the server were found: the test looks past them", own, redis)
	}
}

func anyFlag(flag string) bool {
	for _, name := range subcommandNames(rootCommand()) {
		if flagsOf(name)[flag] {
			return true
		}
	}
	return false
}

// checkOwn checks a command line of this binary.
func checkOwn(t *testing.T, where, name, rest string) {
	t.Helper()
	flags := flagsOf(name)
	if flags == nil {
		t.Errorf("%s: there is no subcommand %q", where, name)
		return
	}
	for _, flag := range longFlag.FindAllString(rest, -1) {
		if !flags[strings.TrimPrefix(flag, "--")] {
			t.Errorf("%s: raftredis %s has no flag %s", where, name, flag)
		}
	}
	words := strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" ,.;:()", r) })
	if name != "help" || len(words) == 0 || words[0] != strings.ToLower(words[0]) {
		return
	}
	if _, err := explanation(rootCommand(), words[0]); err != nil {
		t.Errorf("%s: there is no help on %q", where, words[0])
	}
}

// checkRedis checks a command of the server.
func checkRedis(t *testing.T, where string, words []string) {
	t.Helper()
	var args [][]byte
	for _, word := range words {
		args = append(args, []byte(word))
	}
	if spec, fault := commands.Find(args); spec == nil || fault != command.NoFault {
		t.Errorf("%s: %v is no command, or not with %d words", where, words, len(words))
	}
}

// Messages that the topics quote are said somewhere in the program, but for their numbers.
func TestHelp_MessagesThatAreQuotedExist(t *testing.T) {
	said := sourceText(t, filepath.Join("..", ".."))
	quoted := 0
	for _, name := range []string{"troubleshooting", "not-ready", "upgrade", "backup"} {
		for _, found := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(topic(name), -1) {
			quoted++
			for part := range strings.SplitSeq(regexp.MustCompile(`\d+`).ReplaceAllString(found[1], "%d"), "...") {
				if part = strings.TrimSpace(part); !strings.Contains(said, part) {
					t.Errorf("%s: the program says nowhere %q", name, part)
				}
			}
		}
	}
	if quoted < 10 {
		t.Errorf("only %d messages are quoted", quoted)
	}
}

// sourceText is the program's source, with strings that are broken into lines put together.
func sourceText(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		b.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(b.String(), "")
}

// cobra adds its hidden command __complete while a shell completes; help does not explain it.
func TestHelp_CompletionOffersWhatHelpExplains(t *testing.T) {
	var out strings.Builder
	root := rootCommand()
	root.SetArgs([]string{cobra.ShellCompNoDescRequestCmd, "help", ""})
	root.SetOut(&out)
	root.SetErr(io.Discard)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	offered, _, _ := strings.Cut(out.String(), "\n:")
	if want := strings.Join(explained(rootCommand()), "\n"); offered != want || strings.Contains(offered, "__") {
		t.Errorf("a shell is offered:\n%s\nwant:\n%s", offered, want)
	}
}

func TestHelp_AnUnknownNameShowsSubcommandsAndTopics(t *testing.T) {
	_, err := explanation(rootCommand(), "foo")
	var usage *exit.UsageError
	if !errors.As(err, &usage) {
		t.Fatalf("help foo ends with %v", err)
	}
	for _, name := range explained(rootCommand()) {
		if !strings.Contains(usage.Hint, "\n  "+name+" ") && name != topicsName {
			t.Errorf("help foo does not list %s:\n%s", name, usage.Hint)
		}
	}
}
