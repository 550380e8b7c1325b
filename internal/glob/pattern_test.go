package glob

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// A pattern that was compiled matches what Match does.
func TestACompiledPatternMatchesTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9))
	matches := 0
	for range 200_000 {
		letters := []string{`*?[]^-\ab`, `*?[ab]ab`, `**ab`, `?*ab`}[random.IntN(4)]
		pattern, text := randomText(random, letters, 16), string(randomText(random, "aab", 24))
		want := Match(pattern, text)
		if got := Compile(pattern).Match(text); got != want {
			t.Fatalf("%q matches %q: compiled %v, else %v", pattern, text, got, want)
		}
		if want {
			matches++
		}
	}
	if matches < 10_000 {
		t.Errorf("%d patterns matched", matches)
	}
}

// So does one whose parts have more elements than a word has bits, wherever in the words they begin, and any byte.
func TestALongPatternMatchesTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	matches := 0
	for range 4000 {
		text := make([]byte, 1+random.IntN(700))
		for i := range text {
			text[i] = byte(random.IntN(256))
		}
		pattern := patternOf(random, text)
		if IsTooLong(pattern) {
			continue
		}
		if random.IntN(2) == 0 {
			text[random.IntN(len(text))]++
		}
		want := Match(pattern, text)
		if got := Compile(pattern).Match(string(text)); got != want {
			t.Fatalf("%q matches %q: compiled %v, else %v", pattern, text, got, want)
		}
		if want {
			matches++
		}
	}
	if matches < 500 {
		t.Errorf("%d patterns matched", matches)
	}
}

// patternOf makes a pattern that matches a text.
func patternOf(random *rand.Rand, text []byte) (pattern []byte) {
	stars := 1 + random.IntN(200)
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case random.IntN(stars) == 0:
			pattern = append(pattern, '*')
			i += random.IntN(4)
		case random.IntN(3) == 0:
			pattern = append(pattern, '?')
		case random.IntN(9) == 0:
			pattern = append(pattern, '[', '\\', b, ']')
		case random.IntN(9) == 0:
			pattern = append(pattern, '[', '^', '\\', b+1, ']')
		default:
			pattern = append(pattern, '\\', b)
		}
	}
	return pattern
}

// hostile are patterns, as long as they may be, that make a comparison long.
func hostile(length int) map[string]string {
	fill := func(before, part, behind string) string {
		return before + strings.Repeat(part, (length-len(before)-len(behind))/len(part)) + behind
	}
	return map[string]string{
		"a long part": fill("*", "a", "b*"), "a long part of any bytes": fill("*", "?", "b*"),
		"stars": fill("", "*", "b"), "many parts": fill("", "a*", "b*"), "many parts of two": fill("", "a?*", "b*"),
		"a long set": fill("*[", "b", "]*"), "many sets": fill("*", "[b-da]", "b*"), "half of it": fill("*", "aa?", "*b*"),
		"the beginning": fill("", "a", "b*"), "the end": fill("*b", "?", ""),
	}
}

// Whatever a pattern is, each byte of a text is looked at once, for each word of the part that is looked for. A part
// whose elements are at most 64 has two words at most.
func TestEachByteIsLookedAtOnce(t *testing.T) {
	const length = 64 << 10
	text := strings.Repeat("a", length)
	for name, pattern := range hostile(MaxBytes) {
		p := Compile([]byte(pattern))
		matches, steps := p.match(text)
		limit := length
		for _, one := range p.parts {
			if !one.plain {
				limit = max(limit, length*((one.len()+63)/64+1))
			}
		}
		if matches || steps > limit || limit > (MaxBytes/64+1)*length {
			t.Errorf("%s: matches is %v after %d steps, want at most %d", name, matches, steps, limit)
		}
		if Within([]byte(pattern), text, 4*limit) {
			t.Errorf("%s: matches without being compiled", name)
		}
	}
}

// A text that is shorter than what a pattern asks for is not looked at.
func TestAShortTextIsNotLookedAt(t *testing.T) {
	p := Compile([]byte("a*b?[cd]*e"))
	for text, want := range map[string]bool{"abcc": false, "abcce": true, "abccce": true} {
		matches, steps := p.match(text)
		if matches != want || (steps == 0) == want {
			t.Errorf("%q: matches is %v after %d steps", text, matches, steps)
		}
	}
}

func TestALongPatternThatIsNoTextIsTooLong(t *testing.T) {
	for _, special := range []string{"*", "?", "[", `\`} {
		for more, want := range map[int]bool{-1: false, 0: false, 1: true} {
			pattern := special + strings.Repeat("a", MaxBytes+more-1)
			if got := IsTooLong([]byte(pattern)); got != want {
				t.Errorf("%s and %d bytes in all: %v, want %v", special, len(pattern), got, want)
			}
		}
	}
	text := strings.Repeat("a", 2*MaxBytes)
	if IsTooLong([]byte(text)) || !Compile([]byte(text)).Match(text) || Compile([]byte(text)).Match(text+"a") {
		t.Error("a text does not match itself alone")
	}
	// What was asked for by a node of an earlier build is answered as it was.
	if p := Compile([]byte("*" + text)); !p.Match("b"+text) || p.Match(text[1:]) {
		t.Error("a pattern that is too long does not match as others do")
	}
}

func BenchmarkManyTexts(b *testing.B) {
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = strings.Repeat("a", i)
	}
	patterns := hostile(MaxBytes)
	patterns["an ordinary one"] = "user:*:[0-9]*:name"
	for name, pattern := range patterns {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p := Compile([]byte(pattern))
				for _, text := range texts {
					p.Match(text)
				}
			}
		})
	}
}
