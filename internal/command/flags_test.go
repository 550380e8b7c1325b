package command

import (
	"slices"
	"testing"
)

func TestNamesCoverEveryFlagAndCategory(t *testing.T) {
	if got := (flagsEnd - 1).Names(); len(got) != len(flagNames) || Flags(1<<len(flagNames)) != flagsEnd {
		t.Fatalf("flags %b have the names %v", flagsEnd-1, got)
	}
	all := categoriesEnd - 1
	if got := all.Names(); len(got) != len(categoryNames) || Categories(1<<len(categoryNames)) != categoriesEnd {
		t.Fatalf("categories %b have the names %v", all, got)
	}
	if got := (FlagFast | FlagWrite).Names(); !slices.Equal(got, []string{"write", "fast"}) {
		t.Fatalf("write and fast are %v", got)
	}
}
