package command

import "testing"

// The search for a name that is no command's ends at a free place, and one for a command near its own.
func TestPlacesOfNamesAreSeveralTimesTheCommands(t *testing.T) {
	if 4*len(table) > places {
		t.Errorf("%d commands in %d places", len(table), places)
	}
	for _, s := range table {
		name := []byte(s.Name)
		for steps, at := 0, hash(name); byName[at%places] != s; at++ {
			if steps++; steps > 4 {
				t.Fatalf("%s is more than %d places from its own", name, steps-1)
			}
		}
	}
}

func TestNamesThatAreNoCommandsAreNotFound(t *testing.T) {
	tooLong := string(make([]byte, maxNameBytes+1))
	for _, name := range []string{"", "ge", "gett", "get ", "\x00get", "client|list", tooLong} {
		if spec, ok := Lookup([]byte(name)); ok || spec != nil {
			t.Errorf("%q is found as %s", name, spec.Name)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	names := [][]byte{[]byte("GET"), []byte("set"), []byte("INCRBY"), []byte("nosuch")}
	b.ReportAllocs()
	for i := range b.N {
		Lookup(names[i%len(names)])
	}
}
