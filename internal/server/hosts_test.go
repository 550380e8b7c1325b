package server

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestAHostsFileIsReadAtEachLookup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	lookup := hosts(path).lookup()
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# names\n127.0.0.2 a.test b.test # two\n127.0.0.3 c.test\n127.0.0.4 b.test\n")
	for host, want := range map[string]int{"a.test": 1, "b.test": 2, "c.test": 1, "d.test": 0, "two": 0} {
		if found, err := lookup(context.Background(), host); len(found) != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %v, %v", host, found, err)
		}
	}
	write("127.0.0.9 a.test\n")
	if found, err := lookup(context.Background(), "a.test"); err != nil || found[0].String() != "127.0.0.9" {
		t.Errorf("after it was renamed: %v, %v", found, err)
	}
	write("nothing a.test\n")
	if _, err := lookup(context.Background(), "a.test"); err == nil {
		t.Error("what is no address is taken")
	}
	if hosts("").lookup() != nil {
		t.Error("without a file the system's resolver is not used")
	}
}
