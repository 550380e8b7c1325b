package guard_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

// A rule whose removal no test notices is not tested: the catalogue names the tests that catch each guard's absence.
func TestEveryGuardIsInTheCatalogue(t *testing.T) {
	text, err := os.ReadFile("../../docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guard.All() {
		if !regexp.MustCompile("(?m)^\\| `" + g.String() + "` \\| .* \\| `[a-z/]+\\.Test").Match(text) {
			t.Errorf("docs/catalogue.md has no row for %v with tests that catch its absence", g)
		}
	}
}
