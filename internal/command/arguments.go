package command

import "math"

// Argument is one argument of a command, or several that belong together, in the terms of COMMAND DOCS.
type Argument struct {
	Name string
	// Type is what stands at the place: string, integer, double, key, pattern or unix-time; pure-token for a word that
	// says all itself; oneof and block for Arguments, of which one or all are given.
	Type string
	// Display is what people are shown for the place; the name, unless that says too little. Empty for oneof and block.
	Display string
	// Token is the word that comes first, or is all there is; empty if there is none.
	Token string
	// KeySpec is which of KeySpecs a key belongs to; -1 for what is no key.
	KeySpec int
	// Optional: it may be left out. Multiple: it may be given several times, each with its token if MultipleToken.
	Optional, Multiple, MultipleToken bool
	Arguments                         []Argument
}

// The types that are no plain values.
const (
	pureToken = "pure-token"
	oneOf     = "oneof"
	block     = "block"
	keyType   = "key"
)

// arguments are those of all commands that have any, by name.
var arguments = func() map[string][]Argument {
	all := make(map[string][]Argument, len(usages))
	add := func(s *Spec) {
		if usage, ok := usages[s.Name]; ok {
			all[s.Name] = parseUsage(usage, len(s.KeySpecs()))
		}
	}
	for i := range table {
		add(&table[i])
		for j := range table[i].Subcommands {
			add(&table[i].Subcommands[j])
		}
	}
	return all
}()

// Arguments are the command's, behind its name; they are not to be changed.
func (s *Spec) Arguments() []Argument { return arguments[s.Name] }

// Flags are the words for how often an argument is given.
func (a *Argument) Flags() []string {
	var names []string
	for _, flag := range []struct {
		set  bool
		name string
	}{{a.Optional, "optional"}, {a.Multiple, "multiple"}, {a.MultipleToken, "multiple_token"}} {
		if flag.set {
			names = append(names, flag.name)
		}
	}
	return names
}

// count is the least and the most words that an argument takes; the most may be endless.
func (a *Argument) count() (least, most int) {
	switch a.Type {
	case pureToken:
		least, most = 0, 0
	case block:
		least, most = countAll(a.Arguments)
	case oneOf:
		least = math.MaxInt
		for i := range a.Arguments {
			fewest, highest := a.Arguments[i].count()
			least, most = min(least, fewest), max(most, highest)
		}
	default:
		least, most = 1, 1
	}
	if a.Token != "" {
		least, most = least+1, plus(most, 1)
	}
	if a.Multiple {
		most = endless
	}
	if a.Optional {
		least = 0
	}
	return least, most
}

// endless is more words than anybody sends.
const endless = math.MaxInt32

func plus(a, b int) int { return min(a+b, endless) }

// countAll is count for arguments that follow each other.
func countAll(all []Argument) (least, most int) {
	for i := range all {
		fewest, highest := all[i].count()
		least, most = least+fewest, plus(most, highest)
	}
	return least, most
}
