package compare

import (
	"slices"

	"github.com/raftredis/raftredis/bench/figures"
	"github.com/raftredis/raftredis/bench/system"
)

// aim is something that raftredis is to reach: a ratio of requests per second, or of a cost, on a machine on which all
// nodes and the generator share two processors.
type aim struct {
	what    string
	system  string
	against []string // the best of these
	shapes  map[string]float64
	// cost, if any, is a figure that may be as high as the number for its shape, and is compared with nothing.
	cost func(Sample) float64
	// alone has the shape of the same system that a shape is compared with.
	alone string
}

func aims() []aim {
	peers := []string{"etcdraft", "hashicorp", "dragonboat"}
	return []aim{
		{
			what: "SET", system: system.Raftredis, against: []string{system.RedisReplicas},
			shapes: map[string]float64{"set-1": 0.9, "set-50": 0.9, "set-200": 0.9, "set-50x16": 1.0},
		},
		{
			what: "SET", system: system.Raftredis, against: []string{system.Floor},
			shapes: map[string]float64{"set-1": 0.85, "set-50": 0.85, "set-200": 0.85, "set-50x16": 0.85},
		},
		{
			what: "SET", system: system.Raftredis, against: peers,
			shapes: map[string]float64{"set-1": 1.5, "set-50": 1.7, "set-200": 1.7, "set-50x16": 2},
		},
		{
			what: "linearizable GET", system: system.Raftredis, against: []string{system.Redis},
			shapes: map[string]float64{"get-50": 0.7, "get-50x16": 0.75},
		},
		{
			what: "linearizable GET", system: system.Raftredis, against: peers,
			shapes: map[string]float64{"get-1": 1.3, "get-50": 1.3, "get-200": 1.3, "get-50x16": 1.2},
		},
		{
			what: "GET beside writers, of GET alone", system: system.Raftredis, alone: "get-50",
			shapes: map[string]float64{"get-50-beside-writers": 0.8},
		},
		{
			what: "switches of the leader", system: system.Raftredis, shapes: map[string]float64{"set-1": 4},
			cost: func(s Sample) float64 { return s.Leader.Switches },
		},
		{
			what: "switches of a follower", system: system.Raftredis, shapes: map[string]float64{"set-1": 3},
			cost: func(s Sample) float64 { return s.Follower.Switches },
		},
		{
			what: "SET of one node", system: system.One, against: []string{system.Redis},
			shapes: map[string]float64{"set-1": 1, "set-50": 1},
		},
	}
}

// aimed is the table of what is aimed at and what was measured: the rows for which there is a measurement. If the
// further system was measured, it has rows as well.
func (r *Result) aimed() figures.Table {
	t := figures.Table{Title: "What is aimed at", Head: figures.AimHead("what", "of", "shape", "against")}
	for _, a := range aims() {
		t.Rows = append(t.Rows, r.rows(a)...)
		if a.system == system.Raftredis {
			a.system = system.Other
			t.Rows = append(t.Rows, r.rows(a)...)
		}
	}
	return t
}

func (r *Result) rows(a aim) (rows [][]string) {
	for _, shape := range r.Shapes {
		bound, wanted := a.shapes[shape.Name()]
		if !wanted {
			continue
		}
		var measured figures.Spread
		var found bool
		against := r.best(shape, a.against...)
		switch {
		case a.cost != nil:
			measured, found = r.of(a.system, shape, a.cost)
		case a.alone != "":
			i := slices.IndexFunc(r.Shapes, func(s Shape) bool { return s.Name() == a.alone })
			if i >= 0 {
				measured, found = r.ratio(a.system, a.system, shape, r.Shapes[i])
			}
		case against != "":
			measured, found = r.ratio(a.system, against, shape, shape)
		}
		if !found {
			continue
		}
		if len(a.against) > 1 {
			against = "best peer: " + against
		}
		rows = append(rows, figures.Aim{Bound: bound, AtMost: a.cost != nil}.Row(measured, 2,
			a.what, a.system, shape.String(), against))
	}
	return rows
}
