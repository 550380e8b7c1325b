package engine

import (
	"fmt"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// checkConfigurations refuses entries whose configurations no node wrote. The core decodes them without asking.
func checkConfigurations(entries []raftlog.Entry) error {
	for i := range entries {
		e := &entries[i]
		if !e.Kind.Traits().Configures {
			continue
		}
		if _, err := membership.Decode(e.Body); err != nil {
			return fmt.Errorf("entry %d: %w", e.Index, err)
		}
	}
	return nil
}

// FirstEntry is the entry that makes a cluster: its first configuration, at index 1 in term 1.
func FirstEntry(c *membership.Configuration, now raftlog.Stamp) raftlog.Entry {
	e := raftlog.Entry{
		Index: 1, Term: 1, Kind: raftlog.EntryConfiguration, Level: c.FeatureLevel(), Stamp: now,
		Body: membership.Encode(c),
	}
	e.Seal()
	return e
}
