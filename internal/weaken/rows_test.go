package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

func TestRowsAreReadAndWritten(t *testing.T) {
	const text = "| A1 | no guard | `a.TestOne` |\n" +
		"| `PreVote` | A10 | `a/b.TestOne`, `c.TestMutation_Two` 12.5 s |\n"
	rows := parseRows(text)
	if len(rows) != 1 || rows[0].guard != "PreVote" || len(rows[0].tests) != 2 {
		t.Fatalf("%+v", rows)
	}
	one, two := &rows[0].tests[0], &rows[0].tests[1]
	if one.directory != "a/b" || one.name != "TestOne" || one.lowers() || !two.lowers() || two.seconds != "12.5" {
		t.Fatalf("%+v", rows[0].tests)
	}
	one.seconds = "0.10"
	want := strings.Replace(text, "`a/b.TestOne`", "`a/b.TestOne` 0.10 s", 1)
	if got := writeSeconds(text, rows); got != want {
		t.Fatalf("wrote %q, want %q", got, want)
	}
}

// Each guard has one row, each row is that of a guard, and its tests have been seen to notice.
func TestTheCatalogueHasARowForEachGuard(t *testing.T) {
	text, err := os.ReadFile("../../" + catalogue)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range parseRows(string(text)) {
		found = append(found, r.guard)
		if len(r.tests) == 0 {
			t.Errorf("no test is to notice that %s is missing", r.guard)
		}
		for _, c := range r.tests {
			if c.seconds == "" && !c.lowers() {
				t.Errorf("%s: it is not known how long %s takes to notice: go run ./internal/weaken -rules %s -write",
					r.guard, c, r.guard)
			}
		}
	}
	want := guardNames()
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("the catalogue has rows for %v, want %v", found, want)
	}
	if len(want) < 60 {
		t.Errorf("%d guards, want at least 60", len(want))
	}
}

// A test notices by failing. One that passes, does not run or hangs proves nothing.
func TestOnlyAFailureCountsAsNotice(t *testing.T) {
	const began = "=== RUN   TestOne\n"
	failed := &exec.ExitError{}
	for _, c := range []struct {
		output, why string
		err         error
	}{
		{began + "--- FAIL: TestOne (0.00s)\nFAIL\n", "", failed},
		{began + "panic: a rule is broken\n\ngoroutine 1 [running]:\n", "", failed},
		{began + "PASS\n", "passes", nil},
		{"testing: warning: no tests to run\n", "did not run", failed},
		{began + "panic: test timed out after 2m0s\n\trunning tests:\n\t\tTestOne (2m0s)\n", "hangs", failed},
		{"", "file does not exist", os.ErrNotExist},
	} {
		err := unnoticed("TestOne", []byte(c.output), c.err)
		if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("%q: %v; want %q", c.output, err, c.why)
		}
	}
}

// In the build that is shipped nothing lowers a guard.
func TestAnOrdinaryBuildHasAllGuardsUp(t *testing.T) {
	t.Setenv(guard.Variable, guard.PreVote.String())
	set := guard.Set{}
	for _, g := range guard.All() {
		if set = set.With(g); set.Down(g) != mutationBuild || guard.Down(g) {
			t.Errorf("%v is down: %v", g, set.Down(g))
		}
	}
}
