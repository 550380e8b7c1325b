package membership

import (
	"errors"
	"slices"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// formed is a cluster of three of which a leader knows the log of the one that formed it.
func formed() *Configuration {
	c := clusterOf(3)
	c.Fresh = []raftlog.NodeID{2, 3}
	return c
}

// logged are the nodes of which a configuration says that they have a log.
func logged(c *Configuration) (ids []raftlog.NodeID) {
	for id := raftlog.NodeID(0); id <= c.NextID; id++ {
		if c.HasLog(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestWhoseLogIsKnown(t *testing.T) {
	var none *Configuration
	if none.HasLog(1) {
		t.Error("without a configuration")
	}
	step := func(c *Configuration, change Change, want ...raftlog.NodeID) *Configuration {
		t.Helper()
		c = next(t, c, change)
		if got := logged(c); !slices.Equal(got, want) {
			t.Errorf("after %+v: %d have a log, want %d", change, got, want)
		}
		if back, err := Decode(Encode(c)); err != nil || !slices.Equal(back.Fresh, c.Fresh) {
			t.Errorf("%d come back as %d, %v", c.Fresh, back.Fresh, err)
		}
		return c
	}
	c := step(formed(), Change{}, 1)
	c = step(c, Change{Logged: []raftlog.NodeID{3}}, 1, 3)
	c = step(c, Change{Logged: []raftlog.NodeID{1, 3, 9}}, 1, 3) // known already, or no member
	c = step(c, asLearner(candidate(7)), 1, 3)
	c = step(c, adding(candidate(7)), 1, 3)
	if c = exchange(c).Final(); !slices.Equal(logged(c), []raftlog.NodeID{1, 3, 4}) {
		t.Errorf("the learner was caught up when it became a voter: %d", logged(c))
	}
	c = next(t, c, Change{Remove: []raftlog.NodeID{2}})
	if c = exchange(c).Final(); len(c.Fresh) > 0 || !slices.Equal(logged(c), []raftlog.NodeID{1, 3, 4}) {
		t.Errorf("node 2 is gone, and %d have no log", c.Fresh)
	}
}

// No leader takes the knowledge back, and no change is made twice.
func TestALogIsNotForgotten(t *testing.T) {
	all, some := clusterOf(3), formed()
	if err := some.MayFollow(all); !errors.Is(err, ErrInvalidConfiguration) {
		t.Errorf("nodes that had a log have none: %v", err)
	}
	if err := all.MayFollow(some); err != nil {
		t.Error(err)
	}
	if again := next(t, all, Change{Logged: []raftlog.NodeID{2}}); again != all {
		t.Error("what is known is a change")
	}
	joint := exchange(next(t, formed(), Change{Remove: []raftlog.NodeID{3}}))
	if _, err := (Change{Logged: []raftlog.NodeID{2}}).Next(joint); !errors.Is(err, ErrChangeInProgress) {
		t.Errorf("within an exchange of voters: %v", err)
	}
}

func TestIdsOfFreshVotersAreWhole(t *testing.T) {
	for _, body := range [][]byte{nil, make([]byte, 7), make([]byte, 9), make([]byte, 8*MaxMembers+8)} {
		c := clusterOf(1)
		c.Sections = section.Append(nil, sectionFresh, body)
		if _, err := Decode(Encode(c)); !errors.Is(err, section.ErrMalformed) {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
}
