package raftlog

import "testing"

func TestEveryKindHasItsRow(t *testing.T) {
	names := map[string]bool{}
	for k := range EntryKind(255) {
		traits := k.Traits()
		if k.Known() != (traits.Name != "") || traits != (Traits{}) && (traits.Name == "" || traits.Title == "") {
			t.Errorf("kind %d has the row %+v", k, traits)
		}
		if names[k.String()] {
			t.Errorf("two kinds are called %v", k)
		}
		names[k.String()] = true
		if traits.ForMachine && (traits.Configures || traits.Piece) || traits.Configures && traits.WaitsForRoom {
			t.Errorf("%v has traits that exclude each other: %+v", k, traits)
		}
	}
	if EntryKind(0).Known() || EntryKind(200).String() != "kind-200" {
		t.Error("0 is a kind, or 200 has a name")
	}
}

// The numbers are on every disk.
func TestKindsKeepTheirNumbers(t *testing.T) {
	for number, name := range map[EntryKind]string{
		1: "no-op", 2: "command", 3: "configuration", 4: "tick", 5: "piece", 6: "session", 7: "session-piece",
	} {
		if number.String() != name {
			t.Errorf("kind %d is %v, not %s", number, number, name)
		}
	}
}
