package membership

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// D11: B was promised id 4 by a leader whose log was lost; C is node 4. B is told so, and is not given another id.
func TestWhoLostItsIDToAnotherIsRefusedInWords(t *testing.T) {
	b, c := candidate(7), candidate(8)
	now := next(t, clusterOf(3), adding(c))
	b.ID = 4
	_, err := adding(b).Next(now)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "node 4") || !strings.Contains(err.Error(), "empty") {
		t.Fatalf("it is told: %v", err)
	}
}

// full is a cluster to which nothing can be added: its members' texts take what there is.
func full(t *testing.T) *Configuration {
	t.Helper()
	c := clusterOf(1)
	for pad := 240; pad >= 0; {
		m := Member{Incarnation: 1<<63 + uint64(c.NextID)}
		m.Address = fmt.Sprintf("%d.%s:16379", c.NextID, strings.Repeat("x", pad))
		m.Attributes = append(make([]byte, 41), m.Address...)
		grown, err := asLearner(m).Next(c)
		switch {
		case err == nil:
			c = grown
		case errors.Is(err, ErrTooManyMembers):
			pad--
		default:
			t.Fatal(err)
		}
	}
	return c
}

// D16:
// The joint configuration names the voters twice. No member of a cluster at its limit of bytes can be made to write one
// that the others cannot read, and the way out of it is open.
func TestWhatIsAcceptedFitsInAllThatItBecomes(t *testing.T) {
	c := full(t)
	if len(c.Members) >= MaxMembers {
		t.Fatalf("%d members are the limit: the test proves nothing", len(c.Members))
	}
	fits := func(c *Configuration) {
		t.Helper()
		if _, err := Decode(Encode(c)); err != nil {
			t.Fatal(err)
		}
	}
	c = next(t, c, adding(c.Members[1:]...))
	fits(c)
	fits(exchange(c))
	c = exchange(c).Final()
	c = next(t, c, Change{Remove: slices.Clone(c.Voters[1:])})
	fits(c)
	fits(exchange(c))
	if c = exchange(c).Final(); len(c.Members) != 1 {
		t.Fatalf("%d members are left", len(c.Members))
	}
}

// D10: A learner whose disk is lost is replaced by an empty one at its address.
func TestALearnerIsReplacedAtItsAddress(t *testing.T) {
	c := next(t, clusterOf(3), asLearner(candidate(7)))
	fresh := candidate(7)
	fresh.Incarnation = 77
	c = next(t, c, Change{Add: []Member{fresh}, Learner: true, Remove: []raftlog.NodeID{4}})
	if !slices.Equal(c.Learners, []raftlog.NodeID{5}) || len(c.Members) != 4 || len(c.Promote)+len(c.Retire) > 0 {
		t.Fatalf("got %+v", c)
	}
}
