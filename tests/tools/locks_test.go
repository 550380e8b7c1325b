package tools_test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// TestLocks_TheLinesOfTheTopicRun as they are printed, one after the other, and answer as the topic says.
func TestLocks_TheLinesOfTheTopicRun(t *testing.T) {
	node := blackbox.StartCluster(t, 1).Nodes[0]
	_, topic := blackbox.Run(t, "help", "locks")
	explained := regexp.MustCompile(`\s{3,}.*`)
	var script strings.Builder
	for line := range strings.Lines(topic) {
		typed := strings.TrimPrefix(line, "  ")
		if strings.HasPrefix(typed, "token=") || strings.HasPrefix(typed, "redis-cli ") {
			typed = strings.ReplaceAll(typed, "redis-cli ", fmt.Sprintf("redis-cli -p %d ", node.Port))
			script.WriteString(explained.ReplaceAllString(strings.TrimSuffix(typed, "\n"), "") + "\n")
		}
	}
	out, err := exec.Command("sh", "-ec", script.String()).CombinedOutput()
	said := regexp.MustCompile(`^worker-7f3a\n(\d+)\n\d+\n1\n1\nOK\n0 old text\nOK\n$`).FindSubmatch(out)
	if err != nil || said == nil {
		t.Fatalf("%v\n%s\nanswers\n%s", err, script.String(), out)
	}
	blackbox.Expect(t, node.Connect(t).Must(t, "GET", "report"), fmt.Sprintf("%q", string(said[1])+" new text"))
}
