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
	// KeySpec is the place in KeySpecs of a key's specification; -1 for what is no key.
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

// count is the smallest and the largest number of words that an argument takes; the largest may be endless.
func (a *Argument) count() (minWords, maxWords int) {
	switch a.Type {
	case pureToken:
		minWords, maxWords = 0, 0
	case block:
		minWords, maxWords = countAll(a.Arguments)
	case oneOf:
		minWords = math.MaxInt
		for i := range a.Arguments {
			low, high := a.Arguments[i].count()
			minWords, maxWords = min(minWords, low), max(maxWords, high)
		}
	default:
		minWords, maxWords = 1, 1
	}
	if a.Token != "" {
		minWords, maxWords = minWords+1, plus(maxWords, 1)
	}
	if a.Multiple {
		maxWords = endless
	}
	if a.Optional {
		minWords = 0
	}
	return minWords, maxWords
}

// endless is more words than any client sends.
const endless = math.MaxInt32

func plus(a, b int) int { return min(a+b, endless) }

// countAll is count for arguments that follow each other.
func countAll(all []Argument) (minWords, maxWords int) {
	for i := range all {
		low, high := all[i].count()
		minWords, maxWords = minWords+low, plus(maxWords, high)
	}
	return minWords, maxWords
}
