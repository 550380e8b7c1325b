package command

// Argument is one argument of a command, or several that belong together, in the terms of COMMAND DOCS.
type Argument struct {
	Name string
	// Type is string, integer, double, key, pattern or unix-time for a value; pure-token for a word on its own; oneof for
	// one of Arguments, block for all of them.
	Type string
	// Display is the text that people see for the value: the name, or a text that says more. Empty for oneof and block.
	Display string
	// Token is the word before the value, or the word on its own; empty without one.
	Token string
	// KeySpec is the place of a key's specification in KeySpecs; -1 for other types.
	KeySpec int
	// An Optional argument may be absent. A Multiple one may come several times, each time with its token if
	// MultipleToken.
	Optional, Multiple, MultipleToken bool
	Arguments                         []Argument
}

// The types that need a special treatment.
const (
	pureToken = "pure-token"
	oneOf     = "oneof"
	block     = "block"
	keyType   = "key"
	// patternType is a pattern of names.
	patternType = "pattern"
)

// Flags are the words of COMMAND DOCS for how often an argument comes.
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
