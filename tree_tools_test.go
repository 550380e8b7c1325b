package raftredis_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// tidyTools are the checks of others, each in an ordinary build and in the one that mutation tests use.
var tidyTools = []struct{ name, command string }{
	{"vet", "go vet ./..."},
	{"vet of the mutation build", "go vet -tags mutation ./..."},
	{"staticcheck", "go tool staticcheck ./..."},
	{"staticcheck of the mutation build", "go tool staticcheck -tags mutation ./..."},
}

func TestTree_ToolsFindNothing(t *testing.T) {
	for _, tool := range tidyTools {
		t.Run(tool.name, func(t *testing.T) {
			words := strings.Fields(tool.command)
			output, err := exec.Command(words[0], words[1:]...).CombinedOutput()
			if err != nil || len(bytes.TrimSpace(output)) > 0 {
				t.Errorf("%s must find nothing (%v):\n%s", tool.command, err, output)
			}
		})
	}
}
