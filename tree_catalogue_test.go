package raftredis_test

import (
	"flag"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
)

// rewrite brings docs/catalogue.md up to date with the names of the tests, instead of failing when it is not.
var rewrite = flag.Bool("rewrite", false, "rewrite docs/catalogue.md from the tests that carry an id in their name")

const cataloguePath = "docs/catalogue.md"

// catalogued is how many items each letter of the catalogue has. An item is never dropped: what cannot happen here says
// why in its row.
var catalogued = []struct {
	prefix string
	count  int
}{
	{"A", 16}, {"B", 18}, {"C", 11}, {"D", 18}, {"E", 16}, {"F", 27}, {"G", 18}, {"H", 12}, {"I-", 7}, {"S", 32},
}

// catalogueIDs lists every id in the order of the catalogue.
func catalogueIDs() (ids []string) {
	for _, group := range catalogued {
		for i := range group.count {
			ids = append(ids, group.prefix+strconv.Itoa(i+1))
		}
	}
	return ids
}

// row is a line of the catalogue: id, what happens, and the tests that would notice or the words "not yet".
type row struct {
	line            int
	id, what, tests string
}

var (
	rowPattern = regexp.MustCompile(`^\| ([A-IS]-?\d+) \| ([^|]+) \| ([^|]+) \|$`)
	// testToken is a test as the catalogue names it: `directory.TestName`.
	testToken = regexp.MustCompile("`([a-z0-9/]*)\\.((?:Test|Fuzz)\\w+)`")
)

const notYet = "not yet"

func catalogueRows(text []byte) (rows []row) {
	eachLine(text, func(number int, line string) {
		if match := rowPattern.FindStringSubmatch(line); match != nil {
			rows = append(rows, row{number, match[1], match[2], match[3]})
		}
	})
	return rows
}

// testNames lists the tests of the tree as the catalogue names them.
func testNames(t *tree) map[string]bool {
	names := map[string]bool{}
	for _, s := range t.sources {
		if !s.test() {
			continue
		}
		for _, declaration := range s.file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names[s.packageOf()+"."+f.Name.Name] = true
			}
		}
	}
	return names
}

var (
	carriedIDs = regexp.MustCompile(`^(?:[A-IS]\d+)+$`)
	oneID      = regexp.MustCompile(`([A-IS])(\d+)`)
)

// idsOf returns the catalogue ids that the name of a test carries, between underscores: TestB3_Delayed has B3,
// TestG12_G13_Slow has G12 and G13, TestMutation_S14_Vote has S14, TestI6_Poison has I-6. Beyond I-7 the letter I
// numbers invariants, which are no items of the catalogue.
func idsOf(test string) (ids []string) {
	_, name, _ := strings.Cut(test, ".")
	name = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(name, "Test"), "Fuzz"), "_")
	for part := range strings.SplitSeq(name, "_") {
		if !carriedIDs.MatchString(part) {
			continue
		}
		for _, match := range oneID.FindAllStringSubmatch(part, -1) {
			id := match[1] + match[2]
			if match[1] == "I" {
				id = "I-" + match[2]
			}
			if match[1] != "I" || slices.Contains(catalogueIDs(), id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// testsByID inverts idsOf, in order of name.
func testsByID(names map[string]bool) map[string][]string {
	tests := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		for _, id := range idsOf(name) {
			tests[id] = append(tests[id], name)
		}
	}
	return tests
}

func TestTree_CatalogueAndTestsAgree(t *testing.T) {
	here := loadHere(t)
	text, ok := here.document(cataloguePath)
	if !ok {
		t.Fatalf("%s is missing", cataloguePath)
	}
	if *rewrite {
		text = rewriteCatalogue(text, testNames(here))
		if err := os.WriteFile(cataloguePath, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report(t, checkCatalogue(text, testNames(here)))
}

func checkCatalogue(text []byte, names map[string]bool) (found []finding) {
	complain := func(line int, format string, args ...any) {
		found = append(found, finding{cataloguePath, line, fmt.Sprintf(format, args...)})
	}
	listed := map[string]row{}
	for _, r := range catalogueRows(text) {
		if _, twice := listed[r.id]; twice {
			complain(r.line, "%s is listed twice: one row per id", r.id)
		}
		listed[r.id] = r
		tokens := testToken.FindAllStringSubmatch(r.tests, -1)
		if len(tokens) == 0 && !strings.HasPrefix(r.tests, notYet) {
			complain(r.line, "%s names no test: write `package.TestName`, or %q and why", r.id, notYet)
		}
		if len(tokens) > 0 && strings.HasPrefix(r.tests, notYet) {
			complain(r.line, "%s is %q and has tests: drop one of the two", r.id, notYet)
		}
		for _, token := range tokens {
			if name := token[1] + "." + token[2]; !names[name] {
				complain(r.line, "%s names %s, which does not exist: run go test . -rewrite", r.id, name)
			}
		}
	}
	ids := catalogueIDs()
	for _, id := range ids {
		if _, ok := listed[id]; !ok {
			complain(0, "%s has no row", id)
		}
	}
	for id, tests := range testsByID(names) {
		for _, name := range tests {
			if !slices.Contains(ids, id) {
				complain(0, "%s carries %s, which is no id of the catalogue: rename it", name, id)
			} else if !strings.Contains(listed[id].tests, "`"+name+"`") {
				complain(listed[id].line, "%s does not list %s: run go test . -rewrite", id, name)
			}
		}
	}
	return found
}

// rewriteCatalogue gives each row the tests that carry its id, and keeps those that people added if they still exist.
func rewriteCatalogue(text []byte, names map[string]bool) []byte {
	carried := testsByID(names)
	var out strings.Builder
	eachLine(text, func(_ int, line string) {
		if match := rowPattern.FindStringSubmatch(line); match != nil {
			tests := slices.Clone(carried[match[1]])
			for _, token := range testToken.FindAllStringSubmatch(match[3], -1) {
				if name := token[1] + "." + token[2]; names[name] && !slices.Contains(tests, name) {
					tests = append(tests, name)
				}
			}
			line = fmt.Sprintf("| %s | %s | %s |", match[1], match[2], testsCell(match[3], tests))
		}
		out.WriteString(line + "\n")
	})
	return []byte(out.String())
}

func testsCell(old string, tests []string) string {
	switch {
	case len(tests) > 0:
		return "`" + strings.Join(tests, "`, `") + "`"
	case strings.HasPrefix(old, notYet):
		return old
	}
	return notYet
}

// guardRow is a line of the catalogue's table of mutations: guard, the ids it stands for, the tests that catch it.
var guardRow = regexp.MustCompile("^\\| `(\\w+)` \\| ([^|]+) \\| ([^|]+) \\|$")

func TestTree_CatalogueListsEveryGuard(t *testing.T) {
	here := loadHere(t)
	text, _ := here.document(cataloguePath)
	var guards []string
	for _, g := range guard.All() {
		guards = append(guards, g.String())
	}
	report(t, checkGuards(text, guards, testNames(here)))
}

func checkGuards(text []byte, guards []string, names map[string]bool) (found []finding) {
	listed := map[string]bool{}
	eachLine(text, func(number int, line string) {
		match := guardRow.FindStringSubmatch(line)
		if match == nil {
			return
		}
		if listed[match[1]] || !slices.Contains(guards, match[1]) {
			found = append(found, finding{cataloguePath, number, match[1] + " is listed twice or is no guard"})
		}
		listed[match[1]] = true
		tokens := testToken.FindAllStringSubmatch(match[3], -1)
		if len(tokens) == 0 {
			found = append(found, finding{cataloguePath, number, match[1] +
				" names no test that catches it: a rule whose removal nobody notices is not tested"})
		}
		for _, token := range tokens {
			if !names[token[1]+"."+token[2]] {
				found = append(found, finding{cataloguePath, number, token[0] + " does not exist"})
			}
		}
	})
	for _, g := range guards {
		if !listed[g] {
			found = append(found, finding{cataloguePath, 0, "guard " + g + " has no row in the table of mutations"})
		}
	}
	return found
}
