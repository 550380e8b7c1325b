package resp

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// skippedTest is a test of Redis's own suite that does not run against this server, and why.
type skippedTest struct{ unit, name, reason string }

// parseSkipped reads the list: reasons, each behind "= ", or behind "~ " where the tests run and only what they claim
// of encodings is not judged; and below each the unit and the name of tests, with a tab between them. It complains
// about every line that is neither.
func parseSkipped(text string, complain func(line int, what string)) (list []skippedTest) {
	reason, used := "", true
	for i, line := range strings.Split(text, "\n") {
		unit, name, isTest := strings.Cut(line, "\t")
		switch {
		case strings.HasPrefix(line, "= "), strings.HasPrefix(line, "~ "):
			if !used {
				complain(i+1, "nothing is skipped for the reason before")
			}
			reason, used = line[len("= "):], false
			if !strings.HasSuffix(reason, ".") {
				complain(i+1, "a reason is a sentence")
			}
		case isTest && reason != "" && unit != "" && strings.TrimSpace(name) == name && name != "":
			list, used = append(list, skippedTest{unit, name, reason}), true
		case line != "" && !strings.HasPrefix(line, "# "):
			complain(i+1, "neither a reason, nor a unit and a test below one")
		}
	}
	if !used {
		complain(0, "nothing is skipped for the last reason")
	}
	return list
}

// The script that runs the suite fails for a line that names no test; this is what can be seen without the suite.
func TestRedisSuite_EverySkippedTestHasAUnitANameAndAReason(t *testing.T) {
	text, err := os.ReadFile("redis-suite/skip.txt")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("redis-suite/run")
	if err != nil {
		t.Fatal(err)
	}
	units := regexp.MustCompile(`(?s)\nunits=\((.*?)\)`).FindSubmatch(script)
	if units == nil {
		t.Fatal("the script has no list of units")
	}
	known := strings.Fields(string(units[1]))
	list := parseSkipped(string(text), func(line int, what string) { t.Errorf("skip.txt:%d: %s", line, what) })
	if len(list) == 0 {
		t.Error("the list is empty")
	}
	seen, reasons := map[[2]string]bool{}, map[string]string{}
	last := ""
	for _, one := range list {
		key := [2]string{one.unit, one.name}
		if seen[key] {
			t.Errorf("%s: %s is there twice", one.unit, one.name)
		}
		seen[key] = true
		if !slices.Contains(known, one.unit) {
			t.Errorf("%s is no unit that the script runs", one.unit)
		}
		if strings.HasPrefix(one.name, "/") {
			t.Errorf("%s: %s would be taken for a pattern", one.unit, one.name)
		}
		if one.reason != last && reasons[one.reason] != "" {
			t.Errorf("the reason is there twice: %s", one.reason)
		}
		reasons[one.reason], last = one.unit, one.reason
	}
}

func TestRedisSuite_LinesThatSayNothingAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"= Because.\nunit\tname\n\n# note\n": 0, "unit\tname\n": 1, "= Because\nunit\tname\n": 1,
		"= A.\n= B.\nunit\tname\n": 1,
		"= A.\nunit\n":             2, "= A.\nunit\t\n": 2, "= A.\nunit\tname \n": 2, "= A.\n\tname\n": 2,
		"= A.\nunit\tname\n= B.\n": 1,
	} {
		complaints := 0
		parseSkipped(text, func(int, string) { complaints++ })
		if complaints != want {
			t.Errorf("%q: %d complaints, want %d", text, complaints, want)
		}
	}
}
