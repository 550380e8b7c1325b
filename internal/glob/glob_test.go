package glob

import (
	"strings"
	"testing"
)

func TestGlobsMatchAsInRedis(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c*", "abcb", true},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {"[ab]x", "bx", true}, {"[^ab]x", "bx", false}, {"[^ab]x", "cx", true},
		{"[a-c]", "b", true}, {"[c-a]", "b", true}, {"[a-c]", "d", false}, {`\*`, "*", true}, {`\*`, "a", false},
		{`[\]]`, "]", true}, {"[a", "a", true}, {"[", "a", false}, {"a\\", "a\\", true}, {"**b", "aab", true},
		{"**", "", false}, {"a*", "a", true}, {"a**", "a", true}, {"a*b*", "ab", true},
		{"max*policy", "maxmemory-policy", true}, {"max*policy", "maxmemory", false},
	} {
		if got := Match([]byte(c.pattern), []byte(c.text)); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

func TestAGlobOfManyStarsTakesNoExponentialTime(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 500) + "b")
	if Match(pattern, []byte(strings.Repeat("a", 5000))) {
		t.Fatal("matched")
	}
}
