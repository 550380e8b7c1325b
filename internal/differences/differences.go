package differences

import "strings"

// Difference is one way in which this server answers otherwise than Redis.
type Difference struct {
	// ID names the difference, in words that stay.
	ID string
	// Redis and Here say what each of the two does, and Why why; all are Markdown of one line.
	Redis, Here, Why string
	// Newer says that Redis 7.2 does as this server does: it is only the Redis of the tests, 7.0, that does not.
	Newer bool
	// Probes show the difference, Proof is the name of a test that does; there is one of the two.
	Probes []Probe
	Proof  string
	// Excuses reports whether replies to a call differ in this way; nil where no comparison of random calls meets it.
	Excuses func(call []string, redis, here string) bool
	// Avoids reports whether a call would leave other contents behind, so that what follows could not be compared; nil
	// where none does.
	Avoids func(call []string) bool
}

// Probe is a conversation that shows a difference.
type Probe struct {
	// Lines are sent one after the other, each a command whose words are separated by spaces.
	Lines []string
	// Redis and Here are regular expressions that match the bytes of the last reply as a whole, and that of the other
	// server not.
	Redis, Here string
}

// Excuse finds the difference that explains two replies to a call; false if none does.
func Excuse(call []string, redis, here string) (id string, ok bool) {
	for i := range List {
		if d := &List[i]; d.Excuses != nil && d.Excuses(call, redis, here) {
			return d.ID, true
		}
	}
	return "", false
}

// Avoid reports whether a comparison of random calls has to leave a call out.
func Avoid(call []string) bool {
	for i := range List {
		if d := &List[i]; d.Avoids != nil && d.Avoids(call) {
			return true
		}
	}
	return false
}

// calls reports whether a call begins with these words, in any mixture of case.
func calls(call []string, words ...string) bool {
	if len(call) < len(words) {
		return false
	}
	for i, word := range words {
		if !strings.EqualFold(call[i], word) {
			return false
		}
	}
	return true
}

// hasPrefix reports whether a text begins with another, in any mixture of case.
func hasPrefix(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// isUnknown reports whether a reply says that there is no such command or subcommand.
func isUnknown(reply string) bool { return hasPrefix(reply, "-ERR unknown ") }

// isError reports whether a reply is an error.
func isError(reply string) bool { return strings.HasPrefix(reply, "-") }
