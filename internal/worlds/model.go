package worlds

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/raftredis/raftredis/consensus/sim/workload"
)

// operation is what one run did to the keys of one family: its calls there, in order, which take effect at one
// moment. replies is nil if the client does not have them.
type operation struct {
	calls           []call
	replies         []string
	asked, answered int64
	client          int
}

// step applies an operation and reports whether its replies fit.
func (o *operation) step(state family) (fits bool, after family) {
	for i, c := range o.calls {
		reply := c.apply(&state)
		if o.replies != nil && o.replies[i] != reply {
			return false, state
		}
	}
	return true, state
}

// porcupineModel is the model as porcupine wants it.
func porcupineModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return family{} },
		Step: func(state, input, _ any) (bool, any) {
			fits, after := input.(*operation).step(state.(family))
			return fits, after
		},
	}
}

// porcupineTimeout bounds the search for a linear order of one key's operations. Not to find one in time is a failure.
const porcupineTimeout = 20 * time.Second

// Check implements workload.Workload.
func (k KeySpace) Check(history []workload.Operation, log *workload.Log) error {
	if err := replay(k, history, log); err != nil {
		return err
	}
	if err := checkLocks(history, log); err != nil {
		return err
	}
	if emptied(history) {
		return nil
	}
	if err := checkReplies(history); err != nil {
		return err
	}
	if err := checkEnds(history); err != nil {
		return err
	}
	if k.Met != nil {
		k.Met.countMoves(history)
	}
	names, byName := split(history)
	for _, name := range names {
		var operations []porcupine.Operation
		for _, o := range byName[name] {
			operations = append(operations, porcupine.Operation{
				ClientId: o.client, Input: o, Call: o.asked, Output: nil, Return: o.answered,
			})
		}
		switch porcupine.CheckOperationsTimeout(porcupineModel(), operations, porcupineTimeout) {
		case porcupine.Illegal:
			return violation("linearizability", "no order of the %d operations on %s explains all answers", len(operations),
				name)
		case porcupine.Unknown:
			return violation("linearizability", "no answer in %v for %d operations on %s", porcupineTimeout, len(operations),
				name)
		}
	}
	return nil
}

// emptied reports whether some run emptied the key space, or may have: then the model knows nothing any more. The
// replay does.
func emptied(history []workload.Operation) bool {
	return slices.ContainsFunc(history, func(h workload.Operation) bool {
		r := h.Run.(*Run)
		return slices.ContainsFunc(r.calls, func(c call) bool { return empties(c, r.database) })
	})
}

func violation(rule, format string, args ...any) error {
	return &workload.Violation{Rule: rule, Text: fmt.Sprintf(format, args...)}
}

// split makes the operations of each family. Of the runs whose fate their client did not learn, only those are taken
// that are in the committed log; they may have taken effect at any time after they were asked. The others never did, or
// some other rule is broken.
//
// A run that lets databases change places is an operation on each family of movers by itself. That orders it less than
// it could be ordered, so it finds no fault where there is none; checkReplies has it at its one place.
func split(history []workload.Operation) (names []string, byName map[string][]*operation) {
	byName = map[string][]*operation{}
	var swaps []*operation
	for _, h := range history {
		r := h.Run.(*Run)
		if !h.Known && h.Index == 0 || !r.modelled() || r.head != nil && !r.executed {
			continue
		}
		parts := map[string]*operation{}
		r.each(func(i int, call call, name string) {
			name = familyOf(name)
			o := parts[name]
			if o == nil {
				o = &operation{asked: h.Asked, answered: math.MaxInt64, client: h.Number}
				parts[name] = o
				switch {
				case name == "": // alone in its run
					swaps = append(swaps, o)
				case byName[name] == nil:
					names = append(names, name)
				}
				byName[name] = append(byName[name], o)
			}
			o.calls = append(o.calls, call)
			if h.Known {
				o.answered = h.Answered
				o.replies = append(o.replies, r.replies[i])
			}
		})
	}
	for _, name := range names {
		if isMover(name) {
			byName[name] = append(byName[name], swaps...)
		}
	}
	return names, byName
}

// states are the families of the model by their names.
type states map[string]*family

// teller is told what a call did to a family.
type teller func(name string, before, after family, reply string)

// apply applies a call to its family, or to all of movers if it lets their databases change places, and tells of each.
func (s states) apply(c call, name string, tell teller) (reply string) {
	if name != "" {
		return s.applyTo(familyOf(name), c, tell)
	}
	for name := range s {
		if isMover(name) {
			s.applyTo(name, c, tell)
		}
	}
	return okReply
}

func (s states) applyTo(name string, c call, tell teller) (reply string) {
	if s[name] == nil {
		s[name] = &family{}
	}
	before := *s[name]
	reply = c.apply(s[name])
	tell(name, before, *s[name], reply)
	return reply
}

// checkReplies replays the committed log in the model: each run was answered with what it did at its place in the log,
// the reads that rode along included.
func checkReplies(history []workload.Operation) error {
	var written []workload.Operation
	for _, h := range history {
		if h.Index != 0 && h.Run.(*Run).modelled() {
			written = append(written, h)
		}
	}
	slices.SortFunc(written, func(a, b workload.Operation) int { return int(a.Index) - int(b.Index) })
	states, changes := states{}, lastChanges{}
	for _, h := range written {
		r := h.Run.(*Run)
		if r.head != nil {
			if err := changes.check(h, states); err != nil {
				return err
			}
			if !r.executed {
				continue
			}
		}
		var wrong error
		r.each(func(i int, call call, name string) {
			reply := states.apply(call, name, func(name string, before, after family, reply string) {
				changes.note(name, call, before, after, reply, uint64(h.Index))
			})
			if r.replies != nil && r.replies[i] != reply && wrong == nil {
				wrong = violation("reply", "call %d should have answered %q at entry %d: run %d%v", i, reply, h.Index, h.Number, r)
			}
		})
		if wrong != nil {
			return wrong
		}
	}
	return nil
}
