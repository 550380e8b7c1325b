package journal

import (
	"errors"
	"fmt"
	"slices"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// content is what a journal says: the state that its parts fold into. Reader and writer share it, so that the writer
// refuses (by panic) whatever the reader would refuse (as corruption).
type content struct {
	Opening
	// entryBytes is the size of Entries, encoded.
	entryBytes int64
}

// last is the mark of the last entry.
func (c *content) last() raftlog.Mark {
	if n := len(c.Entries); n > 0 {
		return c.Entries[n-1].Mark()
	}
	return c.Checkpoint
}

func (c *content) setState(term raftlog.Term, vote raftlog.NodeID) error {
	switch {
	case term < c.Term:
		return fmt.Errorf("term goes back from %d to %d", c.Term, term)
	case term == c.Term && c.Vote != 0 && vote != c.Vote:
		return fmt.Errorf("vote of term %d changes from %d to %d", term, c.Vote, vote)
	}
	c.Term, c.Vote = term, vote
	return nil
}

func (c *content) setCommit(commit raftlog.Index) error {
	c.Commit = max(c.Commit, commit)
	return nil
}

func (c *content) truncate(from raftlog.Index) error {
	if from <= c.Checkpoint.Index || from <= c.Commit || from > c.last().Index {
		return fmt.Errorf("truncation from %d of a log with checkpoint %v, commit %d, last entry %v",
			from, c.Checkpoint, c.Commit, c.last())
	}
	keep := from - c.Checkpoint.Index - 1
	c.entryBytes -= entriesBytes(c.Entries[keep:])
	clear(c.Entries[keep:])
	c.Entries = c.Entries[:keep]
	return nil
}

func (c *content) add(e raftlog.Entry) error {
	if last := c.last(); e.Index != last.Index+1 || e.Term < last.Term || e.Term > c.Term {
		return fmt.Errorf("entry %v in term %d after entry %v", e.Mark(), c.Term, last)
	}
	c.Entries = append(c.Entries, e)
	c.entryBytes += int64(e.Size())
	return nil
}

// advance moves the checkpoint: the entries up to it are durable in history.
func (c *content) advance(through raftlog.Index) error {
	if through < c.Checkpoint.Index || through > c.last().Index {
		return fmt.Errorf("checkpoint moves from %v to %d, the last entry is %v", c.Checkpoint, through, c.last())
	}
	gone := int(through - c.Checkpoint.Index)
	for i := range c.Entries[:gone] {
		e := &c.Entries[i]
		c.Checkpoint = e.Mark()
		c.CheckpointTime = c.CheckpointTime.Then(e)
		if e.Kind.Traits().Configures {
			c.ConfigurationBody, c.ConfigurationIndex = e.Body, e.Index
		}
		c.entryBytes -= int64(e.Size())
	}
	c.Entries = slices.Delete(c.Entries, 0, gone)
	c.Commit = max(c.Commit, through) // history holds nothing that is not committed
	return nil
}

func (c *content) setFiles(snapshot, retained *raftlog.SnapshotMark, directory string, first raftlog.Index) error {
	if directory == "" || first == 0 {
		return fmt.Errorf("history directory %q from index %d", directory, first)
	}
	if c.Snapshot != nil && (snapshot == nil || snapshot.Index < c.Snapshot.Index) {
		return fmt.Errorf("the snapshot in force goes back from %v", c.Snapshot.Mark)
	}
	c.Snapshot, c.Retained = snapshot, retained
	c.HistoryDirectory, c.HistoryFirst = directory, first
	return nil
}

func (c *content) setBase(base raftlog.Mark, at raftlog.Time, index raftlog.Index, body []byte) error {
	if base.Index+1 < c.HistoryFirst || base.Index < c.Checkpoint.Index || index > base.Index {
		return fmt.Errorf("base %v with configuration %d, history from %d, checkpoint %v",
			base, index, c.HistoryFirst, c.Checkpoint)
	}
	c.Checkpoint, c.CheckpointTime = base, at
	c.ConfigurationIndex, c.ConfigurationBody = index, body
	c.Entries, c.entryBytes = nil, 0
	c.Commit = max(c.Commit, base.Index)
	return nil
}

// setQuarantine begins a quarantine, changes it, or ends it (zero).
func (c *content) setQuarantine(q raftlog.Quarantine) error {
	if !q.On() && q != (raftlog.Quarantine{}) || q.On() && q.Agreed >= q.Differs {
		return fmt.Errorf("the state differs at %d, agreed at %d, was reinstalled at %d", q.Differs, q.Agreed, q.Reinstalled)
	}
	c.Quarantine = q
	return nil
}

// fold applies the parts of a payload.
func (c *content) fold(payload []byte) error {
	for len(payload) > 0 {
		p, rest, err := nextPart(payload)
		if err != nil {
			return err
		}
		if err := p.group.Check(); err != nil {
			return fmt.Errorf("%s: %w: %w", partName(p.kind), err, ErrVersion)
		}
		if err := c.foldPart(p.kind, p.body); err != nil {
			return fmt.Errorf("%s: %w", partName(p.kind), err)
		}
		payload = rest
	}
	return nil
}

func (c *content) foldPart(kind partKind, body []byte) error {
	if kind == partEntries {
		return c.foldEntries(body)
	}
	var act func() error
	f := fields{body: body}
	switch kind {
	case partState:
		term, vote := raftlog.Term(f.number()), raftlog.NodeID(f.number())
		act = func() error { return c.setState(term, vote) }
	case partCommit:
		commit := raftlog.Index(f.number())
		act = func() error { return c.setCommit(commit) }
	case partTruncate:
		from := raftlog.Index(f.number())
		act = func() error { return c.truncate(from) }
	case partCheckpoint:
		m := f.mark()
		act = func() error { return c.foldCheckpoint(m) }
	case partQuarantine:
		q := f.quarantine()
		act = func() error { return c.setQuarantine(q) }
	case partFiles:
		snapshot, retained := f.snapshot(), f.snapshot()
		first, directory := raftlog.Index(f.number()), string(f.bytes())
		act = func() error { return c.setFiles(snapshot, retained, directory, first) }
	case partBase:
		base, at, index := f.mark(), f.time(), raftlog.Index(f.number())
		configuration := f.bytes()
		act = func() error { return c.setBase(base, at, index, configuration) }
	default:
		if kind.Skippable() {
			return nil
		}
		return fmt.Errorf("%w: %w", section.ErrUnknown, ErrVersion)
	}
	if err := f.done(); err != nil {
		return err
	}
	return act()
}

func (c *content) foldEntries(body []byte) error {
	for len(body) > 0 {
		e, n, err := raftlog.DecodeEntry(body)
		if errors.Is(err, raftlog.ErrUnknownKind) {
			return fmt.Errorf("%w: %w", err, ErrVersion)
		}
		if err != nil {
			return err
		}
		if err := c.add(e); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

func (c *content) foldCheckpoint(m raftlog.Mark) error {
	if err := c.advance(m.Index); err != nil {
		return err
	}
	if c.Checkpoint != m {
		return fmt.Errorf("the checkpoint is %v, the log has %v there", m, c.Checkpoint)
	}
	return nil
}

// appendOpening appends the payload of an opening that says all this.
func (c *content) appendOpening(dst []byte) []byte {
	dst = appendFiles(dst, c.Snapshot, c.Retained, c.HistoryDirectory, c.HistoryFirst)
	dst = appendBase(dst, &c.Opening)
	dst = appendState(dst, c.Term, c.Vote)
	dst = appendEntries(dst, c.Entries)
	dst = appendCommit(dst, c.Commit)
	if c.Quarantine.On() {
		dst = appendQuarantine(dst, c.Quarantine)
	}
	return dst
}

// openingBytes is the size of that opening in a file.
func (c *content) openingBytes() int64 {
	const fixed = headerBytes + 6*partHeaderBytes + // files, base, state, entries, commit, quarantine
		2*(4*8+4) + 8 + 4 + // two snapshots, first index, directory
		4*8 + 4 + // base
		3*8 + // state, commit
		3*8 // quarantine
	variable := len(c.HistoryDirectory) + len(c.ConfigurationBody)
	for _, s := range [...]*raftlog.SnapshotMark{c.Snapshot, c.Retained} {
		if s != nil {
			variable += len(s.Configuration)
		}
	}
	return paged(fixed + int64(variable) + c.entryBytes)
}
