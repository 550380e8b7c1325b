package migration

import (
	"fmt"
	"strconv"
	"strings"
)

// Result is the reply to an order.
type Result struct {
	// Text is OK or NOKEY, or that of an error.
	Text    string
	IsError bool
}

// report is what has become of the keys of an order so far. Of keys that were moved, or that are here as they were,
// nothing is said.
type report struct {
	// found says that there was a key, touched that something was sent to the target.
	found, touched bool
	// failure is the first error.
	failure string
	// stale are keys that are here and not what the target has. gone are not here, and were not removed by the order. both
	// are here and at the target alike. unknown are at the target, and perhaps here.
	stale, gone, both, unknown names
}

// names are some keys, of which the first are known by their names.
type names struct {
	shown []string
	count int
}

const (
	// shownKeys is how many keys an error names, shownKeyBytes how much of each.
	shownKeys     = 8
	shownKeyBytes = 64
)

// add notes keys.
func (r *report) add(to *names, items []Item) {
	for i := range items {
		if to.count++; len(to.shown) < shownKeys {
			key := items[i].Seen.Key
			name := strconv.Quote(string(key[:min(len(key), shownKeyBytes)]))
			if len(key) > shownKeyBytes {
				name += "…"
			}
			to.shown = append(to.shown, name)
		}
	}
}

func (n *names) String() string {
	text := strings.Join(n.shown, ", ")
	if more := n.count - len(n.shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// fail notes an error.
func (r *report) fail(failure string) {
	if r.failure == "" {
		r.failure = failure
	}
}

// result is the reply.
func (r *report) result() Result {
	if r.failure == "" && r.stale.count+r.gone.count+r.both.count+r.unknown.count == 0 {
		if !r.found {
			return Result{Text: "NOKEY"}
		}
		return Result{Text: "OK"}
	}
	var sentences []string
	if r.failure != "" {
		sentences = append(sentences, r.failure)
	}
	for _, of := range []struct {
		keys *names
		text string
	}{
		{&r.stale, "changed while they were on their way and stay here; the target has an older copy, which " +
			"MIGRATE … REPLACE overwrites: "},
		{&r.gone, "were deleted here by another client while they were on their way, and the target has a copy: "},
		{&r.both, "were copied to the target and could not be deleted here: "},
		{&r.unknown, "were copied to the target, and it is not known whether they were deleted here: "},
	} {
		if of.keys.count > 0 {
			sentences = append(sentences, "keys "+of.text+of.keys.String())
		}
	}
	text := strings.Join(sentences, "; ")
	switch {
	case r.unknown.count > 0:
		text = "UNCERTAIN " + text
	case r.failure == "":
		text = "ERR " + text
	}
	return Result{Text: text, IsError: true}
}
