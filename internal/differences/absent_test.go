package differences

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/commands"
)

// Every command of Redis 7.2 exists here, or is listed with a reason, and not both. The file has the names, each behind
// the name of its group.
func TestEachCommandOfRedisIsHereOrListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "commands-7.2.txt"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, absent := range AbsentCommands {
		for _, name := range absent.Names {
			if listed[name] {
				t.Errorf("%s is listed twice", name)
			}
			listed[name] = false
		}
	}
	here := map[string]bool{}
	for spec := range commands.Each() {
		here[spec.Name] = true
	}
	for line := range strings.Lines(string(text)) {
		group, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		group = "@" + group
		_, byGroup := listed[group]
		_, byName := listed[name]
		listed[group], listed[name] = true, true
		switch {
		case here[name] && byName:
			t.Errorf("%s is listed as absent, and exists", name)
		case !here[name] && !byName && !byGroup:
			t.Errorf("%s of %s neither exists nor is listed in AbsentCommands", name, group)
		}
	}
	for _, absent := range AbsentCommands {
		for _, name := range absent.Names {
			if !listed[name] {
				t.Errorf("%s is listed, and Redis does not have it", name)
			}
		}
		if absent.Why == "" {
			t.Errorf("%q are absent for no reason", absent.Names)
		}
	}
}

// absentTable is a table of the document.
func absentTable(kind string, list []Absent) string {
	var b strings.Builder
	b.WriteString("\n| " + kind + " | why not |\n|---|---|\n")
	for _, absent := range list {
		names := slices.Clone(absent.Names)
		for i, name := range names {
			group, isGroup := strings.CutPrefix(name, "@")
			switch {
			case isGroup:
				names[i] = "all of the group " + strings.ReplaceAll(group, "_", " ")
			case kind == "commands":
				names[i] = "`" + strings.ToUpper(strings.ReplaceAll(name, "|", " ")) + "`"
			default:
				names[i] = "`" + name + "`"
			}
		}
		b.WriteString("| " + strings.Join(names, ", ") + " | " + absent.Why + " |\n")
	}
	b.WriteString("\n")
	return b.String()
}
