package redisconf

import (
	"fmt"
	"testing"
)

func TestLinesAreTakenApartAsInRedis(t *testing.T) {
	for line, want := range map[string]string{
		"":                          `[] true`,
		"  \t ":                     `[] true`,
		"a b  c":                    `["a" "b" "c"] true`,
		`"a b" 'c d'`:               `["a b" "c d"] true`,
		`"\x41\n\t\q" '\n\''`:       `["A\n\tq" "\\n'"] true`,
		`"a"b`:                      `[] false`,
		`"a`:                        `[] false`,
		`'a`:                        `[] false`,
		`a"b c"`:                    `["ab c"] true`,
		`""`:                        `[""] true`,
		"a\x00 b":                   `["a"] true`,
		"save 900 1 ":               `["save" "900" "1"] true`,
		`requirepass "with \" and"`: `["requirepass" "with \" and"] true`,
		`x "\xZZ"`:                  `["x" "xZZ"] true`,
	} {
		words, ok := Split([]byte(line), nil)
		if got := fmt.Sprintf("%q %v", words, ok); got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
}

func FuzzNoLineIsTooMuch(f *testing.F) {
	f.Add([]byte(`a "b\x4" 'c`))
	f.Fuzz(func(t *testing.T, line []byte) {
		length := len(line)
		words, ok := Split(line, nil)
		total := 0
		for _, word := range words {
			total += len(word)
		}
		if total > length || (!ok && len(words) > 0) {
			t.Fatalf("%d bytes of words from %d", total, length)
		}
	})
}
