package command

import (
	"fmt"
	"testing"
)

// A search ends soon: a table that is too full for that, or has a name twice, is refused.
func TestATableHasRoom(t *testing.T) {
	for _, c := range []struct {
		name  string
		count int
		twice bool
		fails bool
	}{
		{"a quarter of the places", places / minShare, false, false},
		{"one more", places/minShare + 1, false, true},
		{"a name twice", 10, true, true},
	} {
		var all []*Spec
		for i := range c.count {
			all = append(all, &Spec{Name: fmt.Sprintf("command-%03d", i)})
		}
		if c.twice {
			all[1].Name = all[0].Name
		}
		func() {
			defer func() {
				if failed := recover(); (failed != nil) != c.fails {
					t.Errorf("%s: %v", c.name, failed)
				}
			}()
			table := NewTable(all)
			for _, s := range all {
				if found, ok := table.Lookup([]byte(s.Name)); !ok || found != s {
					t.Errorf("%s: %s is not found", c.name, s.Name)
				}
			}
		}()
	}
}
