package torture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/raftredis/raftredis/internal/conditional"
)

// checkLimit is how long the checker may search for an order of one register's history. One that it does not find in
// this time counts as a failure: nothing was shown.
const checkLimit = 30 * time.Second

// content is the state of a register.
type content struct {
	exists bool
	value  string
	// begun are the pipelines of which some commands took effect and others, which must follow, did not yet; by number.
	begun []progress
}

// progress is how many commands of a pipeline took effect.
type progress struct {
	pipeline int64
	done     int
}

func (c content) equal(other content) bool {
	return c.exists == other.exists && c.value == other.value && slices.Equal(c.begun, other.begun)
}

// model returns what a register does under SET, GET and APPEND, and under conditional writes.
func model() porcupine.Model {
	return porcupine.Model{
		Init:  func() any { return content{} },
		Equal: func(a, b any) bool { return a.(content).equal(b.(content)) },
		Step: func(state, input, _ any) (bool, any) {
			now, o := state.(content), input.(operation)
			begun, inTurn := o.advance(now.begun)
			if !inTurn {
				return false, now
			}
			fits, after := o.step(now)
			after.begun = begun
			return fits, after
		},
	}
}

// advance notes that the operation takes effect, if it is its turn in its pipeline.
func (o operation) advance(begun []progress) (after []progress, inTurn bool) {
	if o.of < 2 {
		return begun, true
	}
	at, found := slices.BinarySearchFunc(begun, o.pipeline, func(p progress, pipeline int64) int {
		return cmp.Compare(p.pipeline, pipeline)
	})
	after = slices.Clone(begun)
	if !found {
		after = slices.Insert(after, at, progress{pipeline: o.pipeline})
	}
	if after[at].done != o.place {
		return nil, false
	}
	if after[at].done++; after[at].done == o.of {
		after = slices.Delete(after, at, at+1)
	}
	return after, true
}

// step is what the operation does to the content, and whether what was told fits. One of unknown fate fits everywhere;
// that it never happened is the same as that it happened behind everything else.
func (o operation) step(now content) (fits bool, after content) {
	switch {
	case o.condition != nil:
		return o.compare(now)
	case o.name == "GET":
		return o.null == !now.exists && o.text == now.value, now
	case o.name == "SET":
		return o.unknown || o.text == "OK", content{exists: true, value: o.value}
	}
	after = content{exists: true, value: now.value + o.value}
	return o.unknown || o.text == strconv.Itoa(len(after.value)), after
}

// compare is what a conditional write does to the content.
func (o operation) compare(now content) (fits bool, after content) {
	before := conditional.State{Present: now.exists, Value: now.value}
	state, reply := before.Apply(words(o.name, "", o.value, o.condition)...)
	fits = o.unknown || reply == conditional.Reply{Null: o.null, Text: o.text}
	return fits, content{exists: state.Present, value: state.Value}
}

// checkHistory reports whether some order of the register's operations explains all replies.
func (r *register) checkHistory() error {
	history := make([]porcupine.Operation, len(r.history))
	for i, o := range r.history {
		history[i] = porcupine.Operation{ClientId: o.client, Input: o, Call: o.call, Return: o.end}
	}
	switch porcupine.CheckOperationsTimeout(model(), history, checkLimit) {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("%s: no order of its history explains it:\n%s", r.key, r.describe())
	}
	return fmt.Errorf("%s: in %v no verdict was reached on its history:\n%s", r.key, checkLimit, r.describe())
}
