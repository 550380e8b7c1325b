package transport

import (
	"fmt"
	"math"

	"github.com/raftredis/raftredis/consensus/internal/engine"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// What members and their leader say of states.
//
//	note         index, hash, level
//	quarantine   differs, agreed, reinstalled
//	report       quarantine; floor; file of which a part is here; list of notes
//	verdict      list of agreed notes; odd node, and the agreed note at which it differs; nodes that differ; undecided;
//	             list of quarantined members, each node and quarantine; u32 count, 0 or 1, of a snapshot as in Install
const (
	noteBytes        = 3 * 8
	quarantinedBytes = 4 * 8
	fileBytes        = 3 * 8
)

// stateBytes is the size of what a message says of states.
func stateBytes(m *engine.Message) int {
	size := 0
	if r := m.Report; r != nil {
		size += quarantinedBytes + fileBytes + 4 + noteBytes*len(r.Notes)
	}
	if v := m.Verdict; v != nil {
		size += 4 + noteBytes*len(v.Agreed) + 8 + noteBytes + 4 + nodeBytes*len(v.Differing) + 8
		size += 4 + quarantinedBytes*len(v.Quarantined) + 4
		if v.Snapshot != nil {
			size += 4*8 + 4 + len(v.Snapshot.Configuration)
		}
	}
	return size
}

func (c *coder) report(v **engine.StateReport) {
	if c.out == nil {
		*v = &engine.StateReport{}
	}
	r := *v
	c.quarantine(&r.Quarantine)
	number(c, &r.Floor)
	c.file(&r.Part)
	c.notes(&r.Notes)
}

func (c *coder) verdict(v **engine.StateVerdict) {
	if c.out == nil {
		*v = &engine.StateVerdict{}
	}
	r := *v
	c.notes(&r.Agreed)
	number(c, &r.Odd)
	c.note(&r.OddAt)
	c.nodes(&r.Differing)
	number(c, &r.Undecided)
	n := c.length(len(r.Quarantined), quarantinedBytes)
	if c.out == nil && n > 0 {
		r.Quarantined = make([]engine.Quarantined, n)
	}
	for i := range r.Quarantined {
		number(c, &r.Quarantined[i].ID)
		c.quarantine(&r.Quarantined[i].Quarantine)
	}
	snapshots := 0
	if r.Snapshot != nil {
		snapshots = 1
	}
	switch c.length(snapshots, 4*8+4) {
	case 0:
	case 1:
		c.snapshot(&r.Snapshot)
	default:
		c.fail(fmt.Errorf("more than one snapshot"))
	}
}

func (c *coder) quarantine(q *raftlog.Quarantine) {
	number(c, &q.Differs)
	number(c, &q.Agreed)
	number(c, &q.Reinstalled)
	if q.Agreed >= q.Differs && *q != (raftlog.Quarantine{}) {
		c.fail(fmt.Errorf("no quarantine can be %+v", *q))
	}
}

func (c *coder) notes(v *[]engine.StateNote) {
	n := c.length(len(*v), noteBytes)
	if c.out == nil && n > 0 {
		*v = make([]engine.StateNote, n)
	}
	for i := range *v {
		c.note(&(*v)[i])
	}
}

func (c *coder) note(v *engine.StateNote) {
	level := uint64(v.Level)
	number(c, &v.Index)
	number(c, &v.Hash)
	number(c, &level)
	if level > math.MaxUint8 {
		c.fail(fmt.Errorf("feature level %d", level))
		return
	}
	if c.out == nil { // what is sent may be on its way to several members
		v.Level = uint8(level)
	}
}
