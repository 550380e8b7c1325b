package raftredis_test

import (
	"path"
	"regexp"
	"strings"
)

// link finds Markdown links and images; the target is the first group.
var link = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// heading finds Markdown headings.
var heading = regexp.MustCompile(`^#+ +(.+?) *#*$`)

// links checks that what documents point to in this tree is there, headings included. Targets elsewhere are not looked
// up: the test must give the same answer without a network.
func links(t *tree) (found []finding) {
	anchors := map[string]map[string]bool{}
	for _, d := range t.documents {
		anchors[d.path] = headings(d.text)
	}
	for _, d := range t.documents {
		if path.Ext(d.path) != ".md" {
			continue
		}
		prose(d.text, func(number int, line string) {
			for _, match := range link.FindAllStringSubmatch(line, -1) {
				if text := broken(t, d.path, match[1], anchors); text != "" {
					found = append(found, finding{d.path, number, text})
				}
			}
		})
	}
	return found
}

// prose visits the lines of a Markdown text that are not inside a fence.
func prose(text []byte, visit func(number int, line string)) {
	fenced := false
	eachLine(text, func(number int, line string) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			return
		}
		if !fenced {
			visit(number, line)
		}
	})
}

// broken says why a link leads nowhere, or "".
func broken(t *tree, from, target string, anchors map[string]map[string]bool) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	name, anchor, _ := strings.Cut(target, "#")
	place := from
	if name != "" {
		place = path.Join(path.Dir(from), name)
	}
	if !t.names[place] {
		return "link to " + target + ": there is no " + place
	}
	if anchor != "" && !anchors[place][anchor] {
		return "link to " + target + ": " + place + " has no such heading"
	}
	return ""
}

// headings lists the anchors that forges make of a text's headings: lower case, spaces to hyphens, the rest dropped.
func headings(text []byte) map[string]bool {
	anchors := map[string]bool{}
	prose(text, func(_ int, line string) {
		match := heading.FindStringSubmatch(line)
		if match == nil {
			return
		}
		anchors[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(match[1]))] = true
	})
	return anchors
}

// orphans finds documents below docs that no other document links to: nobody would read them.
func orphans(t *tree) (found []finding) {
	linked := map[string]bool{}
	for _, d := range t.documents {
		prose(d.text, func(_ int, line string) {
			for _, match := range link.FindAllStringSubmatch(line, -1) {
				name, _, _ := strings.Cut(match[1], "#")
				if target := path.Join(path.Dir(d.path), name); name != "" && target != d.path {
					linked[target] = true
				}
			}
		})
	}
	for _, d := range t.documents {
		if strings.HasPrefix(d.path, "docs/") && !linked[d.path] {
			found = append(found, finding{d.path, 0, "no other document links here: link it from the index of its directory"})
		}
	}
	return found
}

// theTestCommand is what the README tells a newcomer to run, and what .ci/run must run too.
const theTestCommand = "go test -timeout 20m ./..."

func testCommand(t *tree) (found []finding) {
	for name, want := range map[string]*regexp.Regexp{
		"README.md": regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(theTestCommand) + `$`),
		".ci/run":   regexp.MustCompile(`(?m)^part .*\s` + regexp.QuoteMeta(theTestCommand) + `$`),
	} {
		if text, ok := t.document(name); !ok || !want.Match(text) {
			found = append(found, finding{name, 0, "must run the one test command on a line of its own: " + theTestCommand})
		}
	}
	return found
}
