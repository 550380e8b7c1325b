package commands

import (
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/command"
)

// TestSortTellsWhereItStores: behind the last STORE that is an option.
func TestSortTellsWhereItStores(t *testing.T) {
	for line, want := range map[string][]int{
		"sort a":                      {1},
		"sort a store b":              {1, 3},
		"sort a STORE b Store c":      {1, 5},
		"sort a store":                {1},
		"sort a by store x":           {1},
		"sort a by store store b":     {1, 5},
		"sort a get store get x":      {1},
		"sort a limit store 1 desc":   {1},
		"sort a limit 0 store b":      {1},
		"sort a limit 0 1 store b":    {1, 6},
		"sort a store limit store b":  {1, 3},
		"sort_ro a store b":           {1},
		"sort_ro a by w_* get # desc": {1},
	} {
		args := words(line)
		spec, _ := Find(args)
		got := spec.Keys(nil, args)
		if !slices.Equal(got, want) || spec.FirstKey(args) != 1 {
			t.Errorf("%q has keys at %v, want %v", line, got, want)
		}
		for i, at := range got {
			if flag := spec.KeyFlags(at, args)[0]; flag != []string{"RO", "OW"}[i] {
				t.Errorf("%q has a key %d with %s", line, i, flag)
			}
		}
		if !spec.LooksFurther() || spec.Flags&command.FlagMovableKeys == 0 {
			t.Errorf("%s tells all its keys", spec.Name)
		}
	}
}
