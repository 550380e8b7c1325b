package cli

import "testing"

func TestNearest_SuggestsWhatWasProbablyMeant(t *testing.T) {
	names := []string{
		"serve", "playground", "inspect", "version", "completion", "help", "topics", "membership", "backup", "security",
	}
	for name, want := range map[string]string{
		"srve": "serve", "seve": "serve", "sevre": "serve", "serv": "serve", "membershp": "membership", "bakup": "backup",
		"playgroud": "playground", "SERVE": "serve", "member": "membership",
		"": "", "x": "", "s": "", "zz": "", "zzzzzzzz": "", "frobnicate": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: %q is suggested, want %q", name, got, want)
		}
	}
}
