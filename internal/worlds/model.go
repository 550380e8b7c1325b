package worlds

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/raftredis/raftredis/consensus/sim/workload"
)

// operation is what one run did to one key: its calls on the key, in order, which take effect at one moment. replies is
// nil if the client does not have them.
type operation struct {
	calls           []call
	replies         []string
	asked, answered int64
	client          int
}

// apply is the model of the state machine: what a call does to a key, and what it answers. The state is "" for a key
// that is absent, and the value behind a sign for one that is there.
func (c call) apply(state string) (after, reply string) {
	present := state != ""
	switch c.name {
	case "GET":
		if !present {
			return state, "$-1\r\n"
		}
		return state, fmt.Sprintf("$%d\r\n%s\r\n", len(state)-1, state[1:])
	case "SET":
		return "=" + c.value, "+OK\r\n"
	case "DEL":
		if !present {
			return "", ":0\r\n"
		}
		return "", ":1\r\n"
	case "APPEND":
		if !present {
			state = "="
		}
		state += c.value
		return state, fmt.Sprintf(":%d\r\n", len(state)-1)
	case "INCR":
		if !present {
			state = "=0"
		}
		n, err := strconv.ParseInt(state[1:], 10, 64)
		if err != nil {
			return state, "-ERR value is not an integer or out of range\r\n"
		}
		return "=" + strconv.FormatInt(n+1, 10), fmt.Sprintf(":%d\r\n", n+1)
	}
	panic("worlds: the model does not know " + c.name)
}

// step applies an operation and reports whether its replies fit.
func (o *operation) step(state string) (fits bool, after string) {
	for i, c := range o.calls {
		var reply string
		state, reply = c.apply(state)
		if o.replies != nil && o.replies[i] != reply {
			return false, state
		}
	}
	return true, state
}

// registers is the model as porcupine wants it.
func registers() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			fits, after := input.(*operation).step(state.(string))
			return fits, after
		},
	}
}

// porcupineTimeout bounds the search for a linear order of one key's operations. Not to find one in time is a failure.
const porcupineTimeout = 20 * time.Second

// Check implements workload.Workload.
func (KeySpace) Check(history []workload.Operation) error {
	if err := checkReplies(history); err != nil {
		return err
	}
	if err := checkEnds(history); err != nil {
		return err
	}
	keys, byKey := split(history)
	for _, key := range keys {
		var operations []porcupine.Operation
		for _, o := range byKey[key] {
			operations = append(operations, porcupine.Operation{
				ClientId: o.client, Input: o, Call: o.asked, Output: nil, Return: o.answered,
			})
		}
		switch porcupine.CheckOperationsTimeout(registers(), operations, porcupineTimeout) {
		case porcupine.Illegal:
			return violation("linearizability", "no order of the %d operations on %s explains all answers", len(operations), key)
		case porcupine.Unknown:
			return violation("linearizability", "no answer in %v for %d operations on %s", porcupineTimeout, len(operations),
				key)
		}
	}
	return nil
}

func violation(rule, format string, args ...any) error {
	return &workload.Violation{Rule: rule, Text: fmt.Sprintf(format, args...)}
}

// split makes the operations of each key. Of the runs whose fate their client did not learn, only those are taken that
// are in the committed log; they may have taken effect at any time after they were asked. The others never did, or some
// other rule is broken.
func split(history []workload.Operation) (keys []string, byKey map[string][]*operation) {
	byKey = map[string][]*operation{}
	for _, h := range history {
		r := h.Run.(*Run)
		if !h.Known && h.Index == 0 || r.timed {
			continue
		}
		parts := map[string]*operation{}
		for i, call := range r.calls {
			o := parts[call.key]
			if o == nil {
				o = &operation{asked: h.Asked, answered: math.MaxInt64, client: h.Number}
				parts[call.key] = o
				if byKey[call.key] == nil {
					keys = append(keys, call.key)
				}
				byKey[call.key] = append(byKey[call.key], o)
			}
			o.calls = append(o.calls, call)
			if h.Known {
				o.answered = h.Answered
				o.replies = append(o.replies, r.replies[i])
			}
		}
	}
	return keys, byKey
}

// checkReplies replays the committed log in the model: each run was answered with what it did at its place in the log,
// the reads that rode along included.
func checkReplies(history []workload.Operation) error {
	var written []workload.Operation
	for _, h := range history {
		if h.Index != 0 && !h.Run.(*Run).timed {
			written = append(written, h)
		}
	}
	slices.SortFunc(written, func(a, b workload.Operation) int { return int(a.Index) - int(b.Index) })
	states := map[string]string{}
	for _, h := range written {
		r := h.Run.(*Run)
		for i, call := range r.calls {
			after, reply := call.apply(states[call.key])
			states[call.key] = after
			if r.replies != nil && r.replies[i] != reply {
				return violation("reply", "call %d should have answered %q at entry %d: run %d%v", i, reply, h.Index, h.Number, r)
			}
		}
	}
	return nil
}
