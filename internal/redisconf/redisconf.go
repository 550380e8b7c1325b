// Package redisconf reads and rewrites configuration files in the syntax of redis.conf: one directive a line, a name
// and its arguments, quoted as in inline requests; lines that begin with # are comments.
//
// The package knows no directive. Rewrite puts new values where the directive stood, and keeps everything else as its
// author wrote it: comments, blank lines, order.
//
// Invariants:
//
//  1. What Rewrite has written, Parse reads back as the same names and arguments.
//  2. Lines that are not rewritten are kept to the byte.
//
// The package imports nothing of the project.
package redisconf

import (
	"fmt"
	"slices"
	"strings"
)

// Directive is one line of a file.
type Directive struct {
	// Line is its number, from 1.
	Line int
	// Name is in lower case. Args are what follows it, unquoted; there may be none.
	Name string
	Args []string
	// Synonyms are further names that a line about it may have, for Rewrite.
	Synonyms []string
}

// Parse reads the text of a file. It reads on after a line that is none, and says of each one, with its number, what is
// wrong.
func Parse(text string) (all []Directive, wrong []string) {
	for i, line := range strings.Split(text, "\n") {
		d, ok := directive(line)
		switch {
		case !ok:
			// The rest of the line may be a password, and errors go into logs.
			wrong = append(wrong, fmt.Sprintf("line %d: unbalanced quotes: %s …", i+1, strings.Fields(line)[0]))
		case d.Name != "":
			d.Line = i + 1
			all = append(all, d)
		}
	}
	return all, wrong
}

// directive reads a line; it has no name if it is blank or a comment.
func directive(line string) (d Directive, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return d, true
	}
	parts, ok := Split([]byte(line), nil)
	if !ok || len(parts) == 0 {
		return d, ok
	}
	d.Name = strings.ToLower(string(parts[0]))
	for _, part := range parts[1:] {
		d.Args = append(d.Args, string(part))
	}
	return d, true
}

// Rewrite returns the text with new arguments for the directives given. Each stands where one of its names stood first,
// further lines with one of them go, and those that the text did not have are added at its end, in the order given.
func Rewrite(text string, changed []Directive) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" {
		lines = nil
	}
	written := make(map[string]bool)
	var out []string
	for _, line := range lines {
		d, ok := directive(line)
		now := find(changed, d.Name)
		switch {
		case !ok || now == nil:
			out = append(out, line)
		case !written[now.Name]:
			written[now.Name] = true
			out = append(out, format(now))
		}
	}
	for i := range changed {
		if !written[changed[i].Name] {
			out = append(out, format(&changed[i]))
		}
	}
	return strings.Join(out, "\n") + "\n"
}

func find(all []Directive, name string) *Directive {
	for i := range all {
		if name != "" && (all[i].Name == name || slices.Contains(all[i].Synonyms, name)) {
			return &all[i]
		}
	}
	return nil
}

// format writes a directive as a line.
func format(d *Directive) string {
	line := d.Name
	for _, arg := range d.Args {
		line += " " + quote(arg)
	}
	return line
}

// quote writes an argument so that it is read back as it is.
func quote(arg string) string {
	plain := arg != ""
	for i := range len(arg) {
		c := arg[i]
		plain = plain && c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && (c != '#' || i > 0)
	}
	if plain {
		return arg
	}
	quoted := []byte{'"'}
	for i := range len(arg) {
		switch c := arg[i]; {
		case c == '"' || c == '\\':
			quoted = append(quoted, '\\', c)
		case c < ' ' || c >= 0x7f:
			quoted = fmt.Appendf(quoted, `\x%02x`, c)
		default:
			quoted = append(quoted, c)
		}
	}
	return string(append(quoted, '"'))
}
