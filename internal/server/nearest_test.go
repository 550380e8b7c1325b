package server

import "testing"

func TestEditDistance(t *testing.T) {
	for words, want := range map[[2]string]int{
		{"", ""}: 0, {"serve", "serve"}: 0, {"serv", "serve"}: 1, {"sevre", "serve"}: 2, {"", "abc"}: 3,
		{"kitten", "sitting"}: 3,
	} {
		if got := editDistance(words[0], words[1]); got != want {
			t.Errorf("%q and %q are %d apart, want %d", words[0], words[1], got, want)
		}
	}
}
