//go:build mutation

package journal

import (
	"testing"

	"github.com/raftredis/raftredis/internal/guard"
	"github.com/raftredis/raftredis/internal/vfs"
)

// The test of S14 must notice when an opening forgets the vote.
func TestMutation_S14_AnOpeningWithoutTheVoteIsNoticed(t *testing.T) {
	m := vfs.NewMemory()
	o := testOptions(m)
	o.Weakened = o.Weakened.With(guard.VoteInOpening)
	if voteSurvivesRolls(t, o, m) {
		t.Fatal("the vote survived although openings leave it out: the test of S14 proves nothing")
	}
}
