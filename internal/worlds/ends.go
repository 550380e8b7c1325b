package worlds

import "github.com/raftredis/raftredis/consensus/sim/workload"

// sighting is what clients found out of one value of a key that ends. Each value is set once.
type sighting struct {
	// written is when the value was acknowledged, gone when the first read was answered that was asked after that and
	// did not find it; 0 for never.
	written, gone int64
}

// checkEnds: a value that a read did not find any more is found by no later read, at whatever node and whatever the
// clocks do. Nothing sets a value twice, so it ended or was replaced, and both are for good.
func checkEnds(history []workload.Operation) error {
	values := map[string]*sighting{}
	var reads []*workload.Operation
	byKey := map[string][]string{}
	for i := range history {
		h := &history[i]
		r := h.Run.(*Run)
		if !h.Known || !r.timed || r.drawn || len(r.calls) != 1 {
			continue
		}
		switch c := r.calls[0]; c[0] {
		case "SET":
			values[c[2]] = &sighting{written: h.Answered}
			byKey[c[1]] = append(byKey[c[1]], c[2])
		case "GET":
			reads = append(reads, h)
		}
	}
	for _, h := range reads {
		r := h.Run.(*Run)
		for _, v := range byKey[r.calls[0][1]] {
			if s := values[v]; h.Asked > s.written && r.replies[0] != found(v) && (s.gone == 0 || h.Answered < s.gone) {
				s.gone = h.Answered
			}
		}
	}
	for _, h := range reads {
		r := h.Run.(*Run)
		for _, v := range byKey[r.calls[0][1]] {
			if s := values[v]; s.gone != 0 && h.Asked > s.gone && r.replies[0] == found(v) {
				return violation("existence", "%s was found with %s after it had not been: run %d%v", r.calls[0][1], v,
					h.Number, r)
			}
		}
	}
	return nil
}

// found is the reply of GET to a value.
func found(v string) string {
	return bulk(v)
}
