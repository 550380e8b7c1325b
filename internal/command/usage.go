package command

import "strings"

// usageParser reads the notation of ParseUsage. A text outside it is a programmer's error, and panics.
type usageParser struct {
	usage string
	// rest is the text still to read, keys the number of keys read so far.
	rest string
	keys int
	// keySpecs is the number of specifications of keys. Keys have one each, in order; the last one holds for all others.
	keySpecs int
}

// ParseUsage reads the Usage of a command that has keySpecs specifications of keys. The notation is:
//
//	<name>            a string; <name:type> is of another type, <name=text> shows people the text
//	WORD              a word on its own, with its lower case as its name; name=WORD has another name, name=word is in
//	                  lower case
//	WORD value        a word and the value behind it
//	name=(a | b)      one of several
//	name={a b}        several that belong together
//	[a]               optional
//	a...              once or several times; [WORD a]... repeats the word too
//
// Names, words and types are Redis's, because programs read them: redis-cli makes hints from them.
func ParseUsage(usage string, keySpecs int) []Argument {
	p := &usageParser{usage: usage, rest: usage, keySpecs: keySpecs}
	all := p.sequence()
	if p.rest != "" {
		p.fail("the end")
	}
	return all
}

func (p *usageParser) fail(want string) {
	panic("command: usage " + p.usage + ": " + want + " expected before " + p.rest)
}

// take reads a text if it comes next, and reports whether it did.
func (p *usageParser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return ok
}

func (p *usageParser) must(text string) {
	if !p.take(text) {
		p.fail(text)
	}
}

// word reads one or more characters that belong to a word.
func (p *usageParser) word(belongs func(c byte) bool, want string) string {
	n := 0
	for n < len(p.rest) && belongs(p.rest[n]) {
		n++
	}
	if n == 0 {
		p.fail(want)
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

func isNameByte(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }
func isTokenByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || strings.IndexByte("-*$=~", c) >= 0
}
func isWordByte(c byte) bool  { return isTokenByte(c) || isNameByte(c) || c == '"' }
func isTokenRest(c byte) bool { return isTokenByte(c) || '0' <= c && c <= '9' }
func isTextByte(c byte) bool  { return c != '>' }

// sequence reads arguments that follow each other.
func (p *usageParser) sequence() []Argument {
	all := []Argument{p.item()}
	for p.take(" ") {
		all = append(all, p.item())
	}
	return all
}

// item reads an argument with its brackets and dots.
func (p *usageParser) item() Argument {
	if !p.take("[") {
		return p.repeated(p.single())
	}
	a := p.repeated(p.single())
	p.must("]")
	a.Optional = true
	if p.take("...") {
		a.Multiple, a.MultipleToken = true, true
	}
	return a
}

func (p *usageParser) repeated(a Argument) Argument {
	a.Multiple = p.take("...")
	return a
}

// single reads an argument with its token, if it has one.
func (p *usageParser) single() Argument {
	if p.rest == "" || !isTokenByte(p.rest[0]) {
		return p.value()
	}
	token := p.word(isTokenRest, "a token")
	if !p.valueFollows() {
		name := strings.ToLower(token)
		return Argument{Name: name, Type: pureToken, Token: token, Display: name, KeySpec: -1}
	}
	p.must(" ")
	a := p.value()
	a.Token = token
	return a
}

// valueFollows reports whether the value of a token comes next, and not the end or an alternative.
func (p *usageParser) valueFollows() bool {
	return len(p.rest) > 1 && p.rest[0] == ' ' && (p.rest[1] == '<' || isNameByte(p.rest[1]))
}

// value reads <name>, or a name and its meaning.
func (p *usageParser) value() Argument {
	if p.take("<") {
		return p.plain()
	}
	a := Argument{Name: p.word(isNameByte, "a name"), KeySpec: -1}
	p.must("=")
	switch {
	case p.take("("):
		a.Type, a.Arguments = oneOf, []Argument{p.item()}
		for p.take(" | ") {
			a.Arguments = append(a.Arguments, p.item())
		}
		p.must(")")
	case p.take("{"):
		a.Type, a.Arguments = block, p.sequence()
		p.must("}")
	default:
		a.Type, a.Token, a.Display = pureToken, p.word(isWordByte, "a token"), a.Name
	}
	return a
}

// plain reads a value behind its first bracket.
func (p *usageParser) plain() Argument {
	a := Argument{Name: p.word(isNameByte, "a name"), Type: "string", KeySpec: -1}
	a.Display = a.Name
	if p.take(":") {
		a.Type = p.word(isNameByte, "a type")
	}
	if p.take("=") {
		a.Display = p.word(isTextByte, "a text")
	}
	p.must(">")
	if a.Type == keyType {
		a.KeySpec = min(p.keys, p.keySpecs-1)
		p.keys++
	}
	return a
}
