package resp

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/commands"
)

func TestCommandShowsTheWholeTable(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	all := commands.All()
	count := ":" + itoa(len(all)) + "\r\n"
	if got := c.send("COMMAND COUNT\r\n"); got != count {
		t.Errorf("COMMAND COUNT says %q, want %q", got, count)
	}
	listed := c.send("COMMAND LIST\r\n")
	for spec := range commands.Each() {
		if times := strings.Count(listed, bulkText(spec.Name)); times != 1 {
			t.Errorf("COMMAND LIST has %s %d times", spec.Name, times)
		}
	}
	plain := c.send("COMMAND\r\n")
	if got := c.send("COMMAND INFO\r\n"); got != plain {
		t.Error("COMMAND INFO without names differs from COMMAND")
	}
	docs := c.send("COMMAND DOCS\r\n")
	for _, spec := range all {
		if !strings.Contains(plain, "*10\r\n"+bulkText(spec.Name)+":"+itoa(spec.Arity)+"\r\n") {
			t.Errorf("COMMAND lacks %s", spec.Name)
		}
		fields := 4
		if len(spec.Arguments()) > 0 {
			fields++
		}
		if len(spec.Subcommands) > 0 {
			fields++
		}
		entry := bulkText(spec.Name) + "*" + itoa(2*fields) + "\r\n" + bulkText("summary") + bulkText(spec.Summary)
		if !strings.Contains(docs, entry) {
			t.Errorf("COMMAND DOCS lacks %s", spec.Name)
		}
	}
}
