package explore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a space of a few thousand states.
const small = "voters=3 terms=2"

// explored explores a space with a file.
func explored(t *testing.T, bounds, file string, statesMax int) Result {
	t.Helper()
	b, err := Parse(bounds)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Explore(b, Options{Workers: 2, StatesMax: statesMax, File: file})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A search that was ended at any place goes on from there and finds what is left, and no more.
func TestASearchGoesOnFromItsFile(t *testing.T) {
	whole := explored(t, small, "", 1<<20)
	file := filepath.Join(t.TempDir(), "states")
	for states, fresh := 500, 0; ; states += 700 {
		r := explored(t, small, file, states)
		if fresh += r.Fresh; r.States != fresh+1 {
			t.Fatalf("%d states, of which %d were found in all runs", r.States, fresh)
		}
		if r.Complete {
			if r.States != whole.States || r.Depth != whole.Depth {
				t.Fatalf("in parts: %v; in one: %v", r, whole)
			}
			break
		}
		if states > 2*whole.States {
			t.Fatalf("it does not end: %v", r)
		}
	}
	if again := explored(t, small, file, 1<<20); again.Fresh != 0 || !again.Complete {
		t.Fatalf("what was complete goes on: %v", again)
	}
}

// The process may end in the middle of a write, and a disk may damage what it holds.
func TestADamagedEndIsFoundAgain(t *testing.T) {
	whole := explored(t, small, "", 1<<20)
	file := filepath.Join(t.TempDir(), "states")
	explored(t, small, file, 1<<20)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, damage := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)-1] }, // the last chunk may have no new states
		func(b []byte) []byte { return b[:len(b)/2] },
		func(b []byte) []byte { return b[:strings.IndexByte(string(b), '\n')+5] },
		func(b []byte) []byte { b[len(b)/3] ^= 1; return b },
	} {
		if err := os.WriteFile(file, damage([]byte(string(content))), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := explored(t, small, file, 1<<20); r.States != whole.States || !r.Complete || i > 0 && r.Fresh == 0 {
			t.Fatalf("%v; want %v", r, whole)
		}
	}
}

// States of another space, or of a core that goes other ways, are refused.
func TestAFileOfAnotherSpaceIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "states")
	explored(t, small, file, 1<<20)
	refused(t, small+" beats=1", 1<<20, file, "remove it")
	refused(t, small, 1000, file, "StatesMax")
	forge(t, file)
	refused(t, small, 1<<20, file, "remove it")
}

func refused(t *testing.T, bounds string, statesMax int, file, why string) {
	t.Helper()
	b, err := Parse(bounds)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Explore(b, Options{StatesMax: statesMax, File: file})
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Fatalf("%s: %v; want %q", bounds, err, why)
	}
}

// forge changes fingerprints, as a core that goes other ways would, and keeps the file whole.
func forge(t *testing.T, name string) {
	t.Helper()
	b, _ := Parse(small)
	s := newSearch(b, Options{Workers: 1, StatesMax: 1 << 20})
	heading := s.heading(newMachine(b, &s.options).fingerprintOfStart())
	file, err := openStateFile(name, heading)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []chunk
	if err := file.read(1<<20, func(c chunk) { chunks = append(chunks, c) }); err != nil {
		t.Fatal(err)
	}
	if err := file.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if file, err = openStateFile(name, heading); err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		for i := range c.fingerprints {
			c.fingerprints[i]++
		}
		if err := file.write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.close(); err != nil {
		t.Fatal(err)
	}
}

func TestBoundsAreReadAndChecked(t *testing.T) {
	b, err := Parse("voters=3 terms=3 entries=1 leader=1")
	if err != nil || b.String() != "voters=3 terms=3 leader=1 entries=1 copies=1" {
		t.Fatalf("%v, %v", b, err)
	}
	if again, err := Parse(b.String()); err != nil || again != b {
		t.Fatalf("%v, %v", again, err)
	}
	for text, want := range map[string]string{
		"voters=3 terms=2 noses=1":                 "noses",
		"voters=3 terms":                           "give a number",
		"voters=0 terms=2":                         "between 1 and 5",
		"voters=6 terms=2":                         "between 1 and 5",
		"voters=3 learners=3 terms=2":              "at most 5",
		"voters=3 terms=201":                       "between 1 and 200",
		"voters=3 terms=2 promptreplies=1":         "promptdisks",
		"voters=3 terms=2 promptdisks=1 losses=1":  "promptreplies",
		"voters=3 terms=2 entries=101":             "between 0 and 100",
		"voters=3 terms=2 copies=0 promptdisks=1":  "between 1 and 100",
		"voters=3 terms=2 entries=-1 promptdisks=": "give a number",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, statesMax := range []int{0, -1, statesMax + 1} {
		if _, err := Explore(b, Options{StatesMax: statesMax}); err == nil {
			t.Errorf("%d states are accepted", statesMax)
		}
	}
}
