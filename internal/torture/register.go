package torture

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/raftredis/raftredis/internal/client"
)

// Bounds that keep a register's history short enough for the checker, which answers at once up to some thousands of
// commands with a handful of clients and some twenty unknown fates. Each client may add one of those after the bound is
// reached.
const (
	registerCommands = 100
	registerUnknowns = 2
	registerSlots    = 5
)

// registers are the string keys of a run. A few are in use at any time; one that is used up is replaced by the next.
type registers struct {
	mu    sync.Mutex
	slots [registerSlots]*register
	all   []*register
}

// register is a key under GET, SET and APPEND, and under conditional writes, and its history.
type register struct {
	key string

	mu sync.Mutex
	// seen is the value that it was last known to have: what a conditional write expects.
	seen    string
	begun   int
	unknown int
	history []operation
}

// operation is a command on a register as a client saw it.
type operation struct {
	client      int
	name, value string
	// condition is what stands behind the value of a conditional write.
	condition []string
	call, end int64
	// unknown says that nothing was told: it takes effect at any time after its call, or never.
	unknown bool
	null    bool
	text    string
	// pipeline, place and of are those of the outcome.
	pipeline  int64
	place, of int
}

// String is the operation as a line of a report.
func (o operation) String() string {
	outcome := o.text
	switch {
	case o.unknown:
		outcome = "(unknown)"
	case o.null:
		outcome = "(nil)"
	}
	text := fmt.Sprintf("%12d to %19d client %2d %s %s %v → %s", o.call, o.end, o.client,
		o.name, o.value, o.condition, outcome)
	if o.of > 1 {
		text += fmt.Sprintf(", %d of %d in pipeline %d", o.place+1, o.of, o.pipeline)
	}
	return text
}

// pick returns the register of a slot, and counts the commands that will be sent to it.
func (r *registers) pick(slot, commands int) *register {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.slots[slot]
	if now == nil || !now.use(commands) {
		now = &register{key: fmt.Sprintf("register%d", len(r.all)), begun: commands}
		r.slots[slot] = now
		r.all = append(r.all, now)
	}
	return now
}

// use reports whether the register takes so many more commands.
func (r *register) use(commands int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.begun+commands > registerCommands || r.unknown >= registerUnknowns {
		return false
	}
	r.begun += commands
	return true
}

// access is a command on a register.
type access struct {
	register    *register
	name, value string
	condition   []string
}

func (a *access) command() []string { return words(a.name, a.register.key, a.value, a.condition) }

// words are those of a command on a register. One without a value reads or deletes.
func words(name, key, value string, condition []string) []string {
	command := []string{name, key}
	if value != "" {
		command = append(command, value)
	}
	return append(command, condition...)
}

// expected is a value to compare the register with: often the one that it has.
func (r *register) expected() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// traces: what was certainly not done has no place in the history, so any trace of it has no explanation there; a read
// that was told nothing proves nothing.
func (a *access) traces(fate client.Fate) bool {
	return fate == client.Done || fate == client.Unknown && a.name != "GET"
}

// settle keeps what was told.
func (a *access) settle(o outcome) error {
	if !a.traces(o.fate) {
		return nil
	}
	did := operation{client: o.client, name: a.name, value: a.value, call: o.call, end: o.end}
	did.condition = a.condition
	did.pipeline, did.place, did.of = o.pipeline, o.place, o.of
	if o.fate == client.Unknown {
		did.unknown, did.end = true, math.MaxInt64
	} else {
		did.null, did.text = o.reply.Null, o.reply.Text
	}
	r := a.register
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, did)
	switch {
	case did.name == "GET" && !did.null:
		r.seen = did.text
	case did.text == "OK":
		r.seen = did.value
	}
	if did.unknown {
		r.unknown++
	}
	return nil
}

// describe is the history as a report shows it.
func (r *register) describe() string {
	var text strings.Builder
	for _, o := range r.history {
		fmt.Fprintln(&text, o)
	}
	return text.String()
}
