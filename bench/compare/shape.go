package compare

import (
	"fmt"
	"slices"
	"strings"
)

// Shape is a kind of work: what clients send, how many of them, and how many commands each has under way.
type Shape struct {
	// Command is set or get, as both generators call it.
	Command           string
	Clients, Pipeline int
	// Writers is how many clients besides send SETs, one at a time, which are not counted.
	Writers int
}

// Name is what flags call a shape, such as set-50 or get-50x16.
func (s Shape) Name() string {
	name := fmt.Sprintf("%s-%d", s.Command, s.Clients)
	if s.Pipeline > 1 {
		name += fmt.Sprintf("x%d", s.Pipeline)
	}
	if s.Writers > 0 {
		name += "-beside-writers"
	}
	return name
}

// String is for tables.
func (s Shape) String() string {
	text := fmt.Sprintf("%s c=%d", strings.ToUpper(s.Command), s.Clients)
	if s.Pipeline > 1 {
		text += fmt.Sprintf(" P=%d", s.Pipeline)
	}
	if s.Writers > 0 {
		text += fmt.Sprintf(" beside SET c=%d", s.Writers)
	}
	return text
}

// besideWriters is how many clients write while GETs are measured beside them.
const besideWriters = 8

// Shapes are those that there are.
func Shapes() (all []Shape) {
	for _, command := range []string{"set", "get"} {
		for _, s := range []Shape{{Clients: 1}, {Clients: 50}, {Clients: 200}, {Clients: 50, Pipeline: 16}} {
			s.Command, s.Pipeline = command, max(s.Pipeline, 1)
			all = append(all, s)
		}
	}
	return append(all, Shape{Command: "get", Clients: 50, Pipeline: 1, Writers: besideWriters})
}

// named finds things by their names, in the order of all; no names means all of them.
func named[T any](all []T, names []string, name func(T) string) (found []T, err error) {
	var known []string
	for _, each := range all {
		known = append(known, name(each))
		if len(names) == 0 || slices.Contains(names, name(each)) {
			found = append(found, each)
		}
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no %q: there are %s", n, strings.Join(known, ", "))
		}
	}
	return found, nil
}
