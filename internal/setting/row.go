package setting

import (
	"fmt"
	"slices"
	"strings"
)

// Row is one setting.
type Row struct {
	// Name is what CONFIG and configuration files call it, in lower case: Redis's name, or raft.NAME for what Redis does
	// not have. Aliases are further names for files.
	Name    string
	Aliases []string
	// Synonyms are further names for files and for CONFIG: what Redis called the setting before.
	Synonyms []string
	// Flag is the name of its flag; empty: it has none.
	Flag string
	// Section is the title under which help lists the flag, Unit what follows the flag, Help what it means.
	Section, Unit, Help string
	// Hidden keeps the flag out of help and completion: it is for tests.
	Hidden bool
	// Names says that the value names a directory or a file, for completion.
	Names Named
	// Private keeps the setting out of CONFIG.
	Private bool
	// Live: CONFIG SET may change it. Otherwise it is decided when the node starts.
	Live bool
	// Default is the value without a flag or a line; nil: what the cell holds when the table is made.
	Default any
	// Value is the setting itself.
	Value Value
	// Allowed is a further check of CONFIG SET: what the machine would refuse, or other settings. Nil: there is none.
	Allowed func(text string, beside Beside) *Refusal
}

// Named is what the value of a setting names.
type Named int

// What a value may name.
const (
	Nothing Named = iota
	Directory
	File
)

// Value is where a setting lives.
type Value interface {
	// Parse reads a new value; apply puts it in force.
	Parse(text string) (apply func(), refusal *Refusal)
	// String is the value in force, as CONFIG GET shows it.
	String() string
}

// Refusal is why a text is no value of a setting. It is no error by itself: the view that asked chooses the words.
type Refusal struct {
	// Found and Wanted are our words: what the value is, and what would do.
	Found, Wanted string
	// Redis is Redis's text, which CONFIG SET answers.
	Redis string
}

// Of says what is wrong with the setting that a view calls name.
func (r *Refusal) Of(name string) string {
	return fmt.Sprintf("%s is %s; it must be %s", name, r.Found, r.Wanted)
}

// Refusals that belong to no kind of value.
const (
	// Immutable is Redis's text for a setting that is decided when the node starts.
	Immutable = "can't set immutable config"
	// OnlyValue is ours, for what Redis lets people change and has one value here.
	OnlyValue = "this node has no other value for it"
)

// AllNames are those by which clients may call the setting, its own first.
func (r *Row) AllNames() []string { return append([]string{r.Name}, r.Synonyms...) }

// String is the value in force, as CONFIG GET shows it.
func (r *Row) String() string { return r.Value.String() }

// Short is the value in force, for people: sizes have their units.
func (r *Row) Short() string {
	if short, is := r.Value.(interface{ Short() string }); is {
		return short.Short()
	}
	return r.Value.String()
}

// Range is what the value may be, in words; empty: any text.
func (r *Row) Range() string {
	if ranged, is := r.Value.(interface{ Range() string }); is {
		return ranged.Range()
	}
	return ""
}

// Differs reports whether the setting can have more than one value.
func (r *Row) Differs() bool {
	switch r.Value.(type) {
	case Only, Shown:
		return false
	}
	return true
}

// Beside tells the value that a call of CONFIG SET gives another setting, by its name. ok is false if it gives none.
type Beside = func(name string) (text string, ok bool)

// Alone is Beside for a call that gives no other setting a value.
func Alone(string) (text string, ok bool) { return "", false }

// Check reads a new value from a client; apply puts it in force. Refusal is Redis's text, if it cannot be. A setting
// that the start decides may be set to what it is, as tools do that know the values that they want. One that has a
// single value for good may not where Redis has it so, too.
func (r *Row) Check(text string, beside Beside) (apply func(), refusal string) {
	switch {
	case !r.Live && r.Differs() && text == r.String():
		return func() {}, ""
	case !r.Live:
		return nil, Immutable
	}
	set, refused := r.Value.Parse(text)
	if refused == nil && r.Allowed != nil {
		refused = r.Allowed(text, beside)
	}
	if refused != nil {
		return nil, refused.Redis
	}
	return set, ""
}

// Words are the value in force as the arguments of a line in a configuration file.
func (r *Row) Words() []string {
	if many, is := r.Value.(interface{ Words() []string }); is {
		return many.Words()
	}
	return []string{r.Value.String()}
}

// Init gives the setting its default. A default that is out of bounds is a mistake in the table: Init panics.
func (r *Row) Init() {
	if r.Default == nil {
		return
	}
	apply, refused := r.Value.Parse(fmt.Sprint(r.Default))
	if refused != nil {
		panic("the default of a setting is wrong: " + refused.Of(r.Name))
	}
	apply()
}

// Answers reports whether a line of a configuration file that begins with name, in lower case, is about this setting.
func (r *Row) Answers(name string) bool {
	if name == r.Name || slices.Contains(r.Aliases, name) || slices.Contains(r.Synonyms, name) {
		return true
	}
	return r.Flag != "" && strings.TrimPrefix(name, "raft.") == r.Flag
}
