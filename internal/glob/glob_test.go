package glob

import (
	"math/rand/v2"
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

// Each step is counted: at one less than a comparison takes it is given up, at as many and more its answer is that of
// Match. The product of the lengths is always enough.
func TestAComparisonEndsAfterItsSteps(t *testing.T) {
	set := "[" + strings.Repeat("b", 98) + "]"
	for _, c := range []struct {
		pattern, text string
		steps         int
	}{
		{"abc", "abc", 3}, {"a*", strings.Repeat("a", 1000), 1}, {"*b", "aaab", 4},
		{"a*b*c", "aaabaac", 1 + 3 + 3}, {`\a?`, "ab", 3}, {"*" + set, "aab", 300}, {"[ab", "a", 3},
		{"*" + strings.Repeat("a", 5) + "b", strings.Repeat("a", 9) + "b", 4*6 + 6},
	} {
		for steps, want := range map[int]bool{c.steps - 1: false, c.steps: true, c.steps + 1: true} {
			if got := Within([]byte(c.pattern), []byte(c.text), steps); got != want {
				t.Errorf("%q matches %q in %d steps: %v, want %v", c.pattern, c.text, steps, got, want)
			}
		}
	}
	random := rand.New(rand.NewPCG(7, 5))
	for range 20_000 {
		pattern, text := randomText(random, `**?[]^-\aab`, 12), randomText(random, "aab", 24)
		want := Match(pattern, text)
		if got := Within(pattern, text, len(pattern)*len(text)); got != want {
			t.Fatalf("%q matches %q: %v in as many steps as the product of the lengths, else %v", pattern, text, got, want)
		}
		if got := Within(pattern, text, len(pattern)+Spread(pattern)*len(text)); got != want {
			t.Fatalf("%q matches %q: %v in as many steps as its spread says, else %v", pattern, text, got, want)
		}
	}
}

func TestTheSpreadOfAGlobIsItsLongestPartBehindAStar(t *testing.T) {
	for pattern, want := range map[string]int{
		"": 0, "abc": 0, "*": 0, "news.*": 0, "**": 0, "*a": 1, "*a*bcd*ef": 3, "abcdef*gh*i": 2, "*[*ab]": 5, `*\**`: 2,
		"*[a": 2,
	} {
		if got := Spread([]byte(pattern)); got != want {
			t.Errorf("the spread of %q is %d, want %d", pattern, got, want)
		}
	}
}

// randomText is made of letters, and shorter than a length.
func randomText(random *rand.Rand, letters string, length int) []byte {
	text := make([]byte, random.IntN(length))
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return text
}
