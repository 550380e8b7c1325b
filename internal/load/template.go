package load

import (
	"fmt"
	"strconv"
	"strings"
)

// placeholders are what a template may have.
var placeholders = []struct {
	name string
	kind piece
}{
	{"{key}", pieceKey}, {"{random}", pieceRandom}, {"{seq}", pieceSequence}, {"{value}", pieceValue},
}

// numberDigits is how many digits a number in a template has, so that its length is known in advance.
const numberDigits = 12

// piece is a kind of part of a request.
type piece uint8

const (
	// pieceText is bytes that are the same each time.
	pieceText piece = iota
	pieceKey
	pieceRandom
	pieceSequence
	pieceValue
	// pieceLength draws the length of the value that follows, and is the header of its argument.
	pieceLength
)

// part is a part of a request.
type part struct {
	kind piece
	text []byte // of pieceText
	// around is, of pieceLength, how many bytes the argument has besides its value.
	around int
}

// request is a command, ready to be encoded again and again.
type request struct {
	name   string
	weight uint64
	parts  []part
}

// compile makes a request of a command. A value has at least minValue bytes and at most maxValue.
func compile(c Command, minValue, maxValue int) (request, error) {
	words := strings.Fields(c.Template)
	if len(words) == 0 {
		return request{}, fmt.Errorf("a command has no words")
	}
	if c.Weight < 0 {
		return request{}, fmt.Errorf("%q: its weight is %d, which must be positive", c.Template, c.Weight)
	}
	r := request{name: c.Name, weight: uint64(max(c.Weight, 1))}
	if r.name == "" {
		r.name = strings.ToUpper(words[0])
	}
	r.addText("*" + strconv.Itoa(len(words)) + "\r\n")
	for _, word := range words {
		if err := r.addArgument(word, minValue, maxValue); err != nil {
			return r, fmt.Errorf("%q: %w", c.Template, err)
		}
	}
	return r, nil
}

// addArgument adds one argument: its header, its parts, its end.
func (r *request) addArgument(word string, minValue, maxValue int) error {
	parts, err := split(word)
	if err != nil {
		return err
	}
	around, values := 0, 0
	for _, p := range parts {
		switch p.kind {
		case pieceText:
			around += len(p.text)
		case pieceValue:
			values++
		default:
			around += numberDigits
		}
	}
	switch {
	case values > 1:
		return fmt.Errorf("%s has more than one {value}: one is enough in a word", word)
	case values == 1:
		r.parts = append(r.parts, part{kind: pieceLength, around: around})
	default:
		r.addText("$" + strconv.Itoa(around) + "\r\n")
	}
	for _, p := range parts {
		if p.kind == pieceText {
			r.addText(string(p.text))
		} else {
			r.parts = append(r.parts, p)
		}
	}
	r.addText("\r\n")
	return nil
}

// addText adds bytes, to the part before if that is bytes too.
func (r *request) addText(text string) {
	if last := len(r.parts) - 1; last >= 0 && r.parts[last].kind == pieceText {
		r.parts[last].text = append(r.parts[last].text, text...)
		return
	}
	r.parts = append(r.parts, part{kind: pieceText, text: []byte(text)})
}

// split cuts a word at its placeholders.
func split(word string) (parts []part, err error) {
	for word != "" {
		text, rest, found := strings.Cut(word, "{")
		if text != "" {
			parts = append(parts, part{kind: pieceText, text: []byte(text)})
		}
		if !found {
			return parts, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		kind := placeholder("{" + name + "}")
		if !closed || kind == pieceText {
			return nil, fmt.Errorf("%q is no placeholder; there are %s", "{"+rest, placeholderNames())
		}
		parts = append(parts, part{kind: kind})
		word = after
	}
	return parts, nil
}

func placeholder(name string) piece {
	for _, p := range placeholders {
		if p.name == name {
			return p.kind
		}
	}
	return pieceText
}

func placeholderNames() string {
	var names []string
	for _, p := range placeholders {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// ParseCommand reads a template that may have a weight before it: "3 GET key:{key}".
func ParseCommand(text string) (Command, error) {
	c := Command{Template: strings.TrimSpace(text)}
	word, rest, _ := strings.Cut(c.Template, " ")
	if weight, err := strconv.Atoi(word); err == nil {
		if weight < 1 {
			return c, fmt.Errorf("%q: its weight is %d, which must be positive", text, weight)
		}
		c.Weight, c.Template = weight, strings.TrimSpace(rest)
	}
	_, err := compile(c, 0, 0)
	return c, err
}
