package commands

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/differences"
)

var rewrite = flag.Bool("rewrite", false, "write docs/commands.md anew")

// documentHead is the beginning of docs/commands.md.
const documentHead = `# Commands

Every command that works today, by Redis's groups. ` + "`COMMAND DOCS`" + ` tells the same to a client.

The last column names the lines of [differences.md](differences.md) that mention the command. Differences that concern
all commands, such as the limits of arguments, stand there only.

<!-- written from internal/commands by go test ./internal/commands -rewrite -->
`

// documentGroups are the groups in the order of the document, with their headings.
var documentGroups = []struct{ group, heading string }{
	{"string", "Strings"},
	{"bitmap", "Bitmaps"},
	{"list", "Lists"},
	{"hash", "Hashes"},
	{"set", "Sets"},
	{"hyperloglog", "HyperLogLogs"},
	{"sorted_set", "Sorted sets"},
	{"geo", "Geo"},
	{"generic", "Keys"},
	{"stream", "Topics"},
	{"lock", "Locks"},
	{"transactions", "Transactions"},
	{"pubsub", "Messages"},
	{"connection", "Connection"},
	{"server", "Node"},
	{"cluster", "Cluster"},
	{"raft", "Beyond Redis"},
}

func TestTheDocumentSaysWhatTheTableSays(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "commands.md")
	fresh := document()
	if *rewrite {
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(old) != fresh {
		t.Error("docs/commands.md is not what the table says: go test ./internal/commands -rewrite")
	}
	for s := range Each() {
		if isCalled(s) && strings.Count(fresh, "\n| `"+peopleName(s)+"` |") != 1 {
			t.Errorf("%s must stand in the document once", s.Name)
		}
	}
}

// document is the text of docs/commands.md.
func document() string {
	var b strings.Builder
	b.WriteString(documentHead)
	for _, g := range documentGroups {
		fmt.Fprintf(&b, "\n## %s\n\n| command | arguments | what it does | differences |\n|---|---|---|---|\n", g.heading)
		for s := range Each() {
			if s.Group == g.group && isCalled(s) {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", peopleName(s), argumentsCell(s), s.Summary, differencesCell(s))
			}
		}
	}
	return b.String()
}

// isCalled reports whether clients call the command itself: a mere container they do not.
func isCalled(s *command.Spec) bool { return len(s.Subcommands) == 0 || s.AcceptsArgc(1) }

// peopleName is a command as people write it: CONFIG GET.
func peopleName(s *command.Spec) string { return strings.ToUpper(strings.ReplaceAll(s.Name, "|", " ")) }

func argumentsCell(s *command.Spec) string {
	if len(s.Arguments()) == 0 {
		return ""
	}
	return "`" + strings.ReplaceAll(written(s.Arguments(), " "), "|", `\|`) + "`"
}

// written are arguments as people write them: [NX | XX] for what may be left out, <A | B> for one of several.
func written(all []command.Argument, between string) string {
	words := make([]string, 0, len(all))
	for i := range all {
		words = append(words, writtenOne(&all[i]))
	}
	return strings.Join(words, between)
}

func writtenOne(a *command.Argument) string {
	text := a.Display
	switch a.Type {
	case "pure-token":
		text = ""
	case "oneof":
		text = written(a.Arguments, " | ")
		if !a.Optional || a.Token != "" {
			text = "<" + text + ">"
		}
	case "block":
		text = written(a.Arguments, " ")
	}
	if a.Multiple && !a.MultipleToken {
		text += repeatedText(a, text)
	}
	text = strings.TrimSpace(a.Token + " " + text)
	if a.MultipleToken {
		text += " [" + text + " ...]"
	}
	if a.Optional {
		text = "[" + text + "]"
	}
	return text
}

func repeatedText(a *command.Argument, text string) string {
	if a.Type == "oneof" {
		return " ..."
	}
	return " [" + text + " ...]"
}

// codeSpan finds what stands between backquotes.
var codeSpan = regexp.MustCompile("`([^`]+)`")

// differencesCell names the differences from Redis 7.2 that mention a command.
func differencesCell(s *command.Spec) string {
	if s.Since == command.OwnSince {
		return "Redis does not have it"
	}
	var links []string
	for i := range differences.List {
		if d := &differences.List[i]; !d.Newer && mentions(d, s) {
			links = append(links, "["+d.ID+"](differences.md#from-redis-72)")
		}
	}
	return strings.Join(links, ", ")
}

// mentions reports whether a difference names a command, or HELP for the subcommands of that name.
func mentions(d *differences.Difference, s *command.Spec) bool {
	for _, match := range codeSpan.FindAllStringSubmatch(d.Redis+" "+d.Here, -1) {
		text, name := match[1], peopleName(s)
		isHelp := text == "HELP" && strings.HasSuffix(name, " HELP")
		if text == name || strings.HasPrefix(text, name+" ") && !containsSubcommand(s, text) || isHelp {
			return true
		}
	}
	return false
}

// containsSubcommand reports whether a text begins with a subcommand of a container.
func containsSubcommand(s *command.Spec, text string) bool {
	begins := func(sub *command.Spec) bool { return strings.HasPrefix(text, peopleName(sub)) }
	return slices.ContainsFunc(s.Subcommands, begins)
}

func TestArgumentsAreWrittenAsPeopleReadThem(t *testing.T) {
	for usage, want := range map[string]string{
		"<key:key> <value>":                      "key value",
		"[condition=(NX | XX)] [GET]":            "[NX | XX] [GET]",
		"mode=(YES | NO)":                        "<YES | NO>",
		"<key:key>...":                           "key [key ...]",
		"data={<key:key> <value>}...":            "key value [key value ...]",
		"[PREFIX <prefix>]...":                   "[PREFIX prefix [PREFIX prefix ...]]",
		"[<section>...]":                         "[section [section ...]]",
		"[TYPE client-type=(NORMAL | REPLICA)]":  "[TYPE <NORMAL | REPLICA>]",
		"filter=(ID <id> | ADDR <addr=ip:port>)": "<ID id | ADDR ip:port>",
	} {
		if got := written(command.ParseUsage(usage, 1), " "); got != want {
			t.Errorf("%s is written %q, want %q", usage, got, want)
		}
	}
}
