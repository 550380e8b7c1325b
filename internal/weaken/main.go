// Weaken proves that the tests notice when a safety rule is missing. For each guard of internal/guard it runs the tests
// that docs/catalogue.md names for it, once with all rules in place, where they must pass, and once without that rule,
// where they must fail. It says which test noticed, and after how many seconds.
//
//	go run ./internal/weaken                            every rule, every test
//	go run ./internal/weaken -ordinary                  without the tests that lower guards themselves (TestMutation_…)
//	go run ./internal/weaken -rules 'Vote|Commit'       the rules whose names match
//	go run ./internal/weaken -rules PreVote -find ./consensus/raft    which tests of these packages notice?
//
// With -write it puts the seconds that it measured into the catalogue.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

const catalogue = "docs/catalogue.md"

func main() {
	rules := flag.String("rules", "", "only the rules whose names match this expression")
	ordinary := flag.Bool("ordinary", false, "skip the tests that lower guards themselves")
	find := flag.Bool("find", false, "find tests of the packages named behind the flags that notice")
	write := flag.Bool("write", false, "write the seconds into "+catalogue)
	flag.Parse()
	if err := run(*rules, *ordinary, *find, *write, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "weaken:", err)
		os.Exit(1)
	}
}

func run(pattern string, ordinary, find, write bool, packages []string) error {
	wanted, err := regexp.Compile("^(" + pattern + ")$")
	if err != nil {
		return err
	}
	if pattern == "" {
		wanted = regexp.MustCompile("")
	}
	text, err := os.ReadFile(catalogue)
	if err != nil {
		return fmt.Errorf("start it at the root of the tree: %w", err)
	}
	binaries, err := newBinaries()
	if err != nil {
		return err
	}
	defer binaries.remove()
	if find {
		return findTests(binaries, wanted, packages)
	}
	began, unnoticed := time.Now(), 0
	rows := parseRows(string(text))
	count := 0
	for _, r := range rows {
		if !wanted.MatchString(r.guard) {
			continue
		}
		noticed, tried := r.prove(binaries, ordinary)
		if tried == 0 {
			continue
		}
		if count++; noticed < tried {
			unnoticed++
		}
	}
	fmt.Printf("%d rules, %d not noticed by every test that the catalogue names, %.0f s\n", count, unnoticed,
		time.Since(began).Seconds())
	if write {
		if err := os.WriteFile(catalogue, []byte(writeSeconds(string(text), rows)), 0o644); err != nil {
			return err
		}
	}
	if count == 0 {
		return errors.New("no rule was weakened")
	}
	if unnoticed > 0 {
		return errors.New("a rule is not guarded: see UNNOTICED above")
	}
	return nil
}

// prove weakens the rule for each test that is to notice it.
func (r *row) prove(binaries *binaries, ordinary bool) (noticed, tried int) {
	for i := range r.tests {
		t := &r.tests[i]
		if ordinary && t.lowers() {
			continue
		}
		tried++
		seconds, err := binaries.notice(r.guard, t)
		verdict := "noticed"
		if err != nil {
			verdict = "UNNOTICED: " + err.Error()
		} else {
			t.seconds = fmt.Sprintf("%.2f", max(seconds, 0.01))
			noticed++
		}
		fmt.Printf("%-24s %7.2f s  %s  %s\n", r.guard, seconds, t, verdict)
	}
	return noticed, tried
}

// findTests says for each rule which tests of the packages notice that it is missing.
func findTests(binaries *binaries, wanted *regexp.Regexp, packages []string) error {
	for _, name := range guardNames() {
		if !wanted.MatchString(name) {
			continue
		}
		for _, p := range packages {
			failed, err := binaries.failing(name, strings.TrimPrefix(p, "./"))
			if err != nil {
				return err
			}
			fmt.Printf("%-24s %s\n", name, strings.Join(failed, " "))
		}
	}
	return nil
}
