package clients_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// What docs/clients.md says is tested is what is tested: the tasks, and the versions.
func TestClients_TheDocumentNamesTasksAndVersions(t *testing.T) {
	document := readText(t, "..", "..", "docs", "clients.md")
	for _, task := range clientTasks {
		blackbox.ExpectWords(t, document, "| "+task.name+" | "+task.what+" |")
	}
	_, table, _ := strings.Cut(document, "| task |")
	table, _, _ = strings.Cut(table, "\n\n")
	if rows := strings.Count(table, "\n| "); rows != len(clientTasks) {
		t.Errorf("the document has %d tasks, the catalogue %d", rows, len(clientTasks))
	}
	for _, module := range []string{"github.com/redis/go-redis/v9", "github.com/redis/rueidis"} {
		line := regexp.MustCompile(regexp.QuoteMeta(module) + ` (v\S+)`)
		version := line.FindStringSubmatch(readText(t, "..", "..", "go.mod"))
		if version == nil {
			t.Fatalf("go.mod has no %s", module)
		}
		blackbox.ExpectWords(t, document, "| "+version[1]+" |")
	}
	var modules struct{ Dependencies map[string]string }
	if err := json.Unmarshal([]byte(readText(t, "testdata", "package.json")), &modules); err != nil {
		t.Fatal(err)
	}
	for _, version := range modules.Dependencies {
		blackbox.ExpectWords(t, document, "| "+version[strings.LastIndex(version, "@")+1:]+" |")
	}
}

func readText(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
