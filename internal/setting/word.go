package setting

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// YesNo is a switch.
type YesNo struct {
	At Switch
}

// Switch is where a truth lives. *atomic.Bool is one.
type Switch interface {
	Load() bool
	Store(truth bool)
}

// SwitchAt is the switch of a variable that one goroutine uses.
func SwitchAt(variable *bool) Switch { return plainSwitch{variable} }

type plainSwitch struct{ variable *bool }

func (p plainSwitch) Load() bool       { return *p.variable }
func (p plainSwitch) Store(truth bool) { *p.variable = truth }

// Parse reads yes or no.
func (y *YesNo) Parse(text string) (func(), *Refusal) {
	yes := strings.EqualFold(text, "yes")
	if !yes && !strings.EqualFold(text, "no") {
		return nil, &Refusal{strconv.Quote(text), "yes or no", "argument must be 'yes' or 'no'"}
	}
	return func() { y.At.Store(yes) }, nil
}

// Range is both words.
func (y *YesNo) Range() string { return "yes or no" }

// String is yes or no.
func (y *YesNo) String() string {
	if y.At.Load() {
		return "yes"
	}
	return "no"
}

// YesOrNo is a YesNo whose flag is given its value as a word: it says yes unless it is told no.
type YesOrNo struct{ YesNo }

// Text is any text.
type Text struct{ At TextCell }

// Parse takes the text as it is.
func (t *Text) Parse(text string) (func(), *Refusal) { return func() { t.At.Store(text) }, nil }

// String is the text.
func (t *Text) String() string { return t.At.Load() }

// List is any number of texts. In a configuration file, and as a flag that is repeated, each is a word of its own.
type List struct {
	At *[]string
	// Replace: a second line of a file takes the place of the first, as Redis has it for some settings.
	Replace bool
}

// Parse reads texts between blanks or commas.
func (l *List) Parse(text string) (func(), *Refusal) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	return func() { *l.At = words }, nil
}

// String is the texts with blanks between them.
func (l *List) String() string { return strings.Join(*l.At, " ") }

// Words are the texts.
func (l *List) Words() []string { return *l.At }

// Choice is one of a few words.
type Choice struct {
	At    TextCell
	Words []string
	// Synonyms are further words, and which one each of them means.
	Synonyms map[string]string
}

// Parse reads one of the words.
func (c *Choice) Parse(text string) (func(), *Refusal) {
	text = strings.ToLower(text)
	if meant, is := c.Synonyms[text]; is {
		text = meant
	}
	if !slices.Contains(c.Words, text) {
		redis := "argument(s) must be one of the following: " + strings.Join(c.Words, ", ")
		return nil, &Refusal{strconv.Quote(text), c.Range(), redis}
	}
	return func() { c.At.Store(text) }, nil
}

// String is the word in force.
func (c *Choice) String() string { return c.At.Load() }

// Range is the words, as a sentence has them.
func (c *Choice) Range() string {
	last := len(c.Words) - 1
	return strings.Join(c.Words[:last], ", ") + " or " + c.Words[last]
}

// Choices are the words.
func (c *Choice) Choices() []string { return c.Words }

// Only is a setting that Redis lets people change and that has one value here. Setting that value is no error.
type Only string

// Parse takes the one value.
func (o Only) Parse(text string) (func(), *Refusal) {
	if !strings.EqualFold(text, string(o)) {
		wanted := strconv.Quote(string(o)) + ": " + OnlyValue
		return nil, &Refusal{strconv.Quote(text), wanted, OnlyValue}
	}
	return func() {}, nil
}

// Range says that there is no other.
func (o Only) Range() string { return "nothing else" }

// String is the one value.
func (o Only) String() string { return string(o) }

// Shown is a value that follows from others. It can be given as it is, and not otherwise.
type Shown func() string

// Parse takes the value that there is.
func (s Shown) Parse(text string) (func(), *Refusal) {
	if text != s() {
		return nil, &Refusal{strconv.Quote(text), strconv.Quote(s()) + ": it follows from other settings", Immutable}
	}
	return func() {}, nil
}

// String is the value.
func (s Shown) String() string { return s() }

// Duration is a time as Go writes it.
type Duration struct{ At *time.Duration }

// Parse reads a time such as 300ms or -1h.
func (d *Duration) Parse(text string) (func(), *Refusal) {
	duration, err := time.ParseDuration(text)
	if err != nil {
		const wanted = "a duration, such as 300ms or -1h"
		return nil, &Refusal{strconv.Quote(text), wanted, "argument must be " + wanted}
	}
	return func() { *d.At = duration }, nil
}

// String is the time; empty for none.
func (d *Duration) String() string {
	if *d.At == 0 {
		return ""
	}
	return d.At.String()
}
