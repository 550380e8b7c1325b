package raft

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each test here plays one transcript; the transcript says in its first lines what it shows.

// A10.
func TestANodeThatHearsItsLeaderDoesNotDeposeIt(t *testing.T) { transcript(t, "elect_prevote") }

// A3, A8.
func TestALeaderWithoutFollowersStepsDownAndKeepsItsVote(t *testing.T) {
	transcript(t, "elect_checkquorum")
}

// A7.
func TestANodeFarAheadOfTheTermIsNotLost(t *testing.T) { transcript(t, "elect_huge_term") }

// A5.
func TestNoVoteForALogThatLacksSomething(t *testing.T) { transcript(t, "elect_stale_log") }

// A6.
func TestTheSameCandidateAskingAgainGetsTheVote(t *testing.T) { transcript(t, "elect_vote_again") }

// A15.
func TestASplitVoteIsFollowedByNewTimeouts(t *testing.T) { transcript(t, "elect_split") }

// A13, A14.
func TestLeadershipIsHandedOverOrKept(t *testing.T) { transcript(t, "elect_transfer") }

// S12, A2.
func TestAVoteThatIsNotDurableIsNotCounted(t *testing.T) { transcript(t, "vote_s12") }

// B15.
func TestAnEntryLargerThanAMessageTravelsAlone(t *testing.T) { transcript(t, "replicate_window") }

// B10.
func TestAFollowerWithoutProgressIsProbed(t *testing.T) { transcript(t, "replicate_lost") }
func TestARenewedLinkIsProbedAtOnce(t *testing.T)       { transcript(t, "replicate_link") }

// B14.
func TestARestartedFollowerJoinsWithoutANewEntry(t *testing.T) {
	transcript(t, "replicate_idle_restart")
}

// B3, B11.
func TestADelayedAppendTakesNothingBack(t *testing.T)   { transcript(t, "replicate_delayed") }
func TestHintsSkipATermPerMessage(t *testing.T)         { transcript(t, "conflict_hints") }
func TestAShortLogIsFoundWithOneRejection(t *testing.T) { transcript(t, "conflict_short") }

// B7.
func TestAnOlderCompletionDoesNotCountForEntriesThatCameBack(t *testing.T) {
	transcript(t, "aba")
}
func TestAReadRunsAfterAMajorityEchoedItsEpoch(t *testing.T) { transcript(t, "read") }
func TestAReadAsksAsManyVotersAsItNeeds(t *testing.T)        { transcript(t, "read_asks") }
func TestAReadAsksTwoOfFiveVoters(t *testing.T)              { transcript(t, "read_asks_five") }
func TestAReadAsksBothHalves(t *testing.T)                   { transcript(t, "read_asks_both") }
func TestARequestConfirmsReadsOfTwoVoters(t *testing.T)      { transcript(t, "read_asked") }
func TestARequestConfirmsNoReadsOfFourVoters(t *testing.T)   { transcript(t, "read_asked_four") }

// S10, C2.
func TestAFreshLeadersReadWaitsForItsNoOp(t *testing.T) { transcript(t, "read_s10") }

// S11, C3.
func TestAnEarlierMessageConfirmsNoLaterRead(t *testing.T) { transcript(t, "read_s11") }

// C1.
func TestADeposedLeadersReadsAreNotConfirmed(t *testing.T)      { transcript(t, "read_deposed") }
func TestBothHalvesOfAJointConfigurationAreNeeded(t *testing.T) { transcript(t, "joint") }

// D6.
func TestATruncatedConfigurationIsRolledBack(t *testing.T) { transcript(t, "joint_rollback") }

// S24, D8.
func TestANodeLeftOutLeadsUntilItsRemovalIsCommitted(t *testing.T) {
	transcript(t, "joint_s24")
}
func TestALearnerIsPromotedWhenItHasCaughtUp(t *testing.T)   { transcript(t, "promote") }
func TestAVoterIsRemovedWhenTheOthersCanDecide(t *testing.T) { transcript(t, "step_deferred") }
func TestANewLeaderCarriesAPromotionOn(t *testing.T)         { transcript(t, "promote_new_leader") }
func TestAPromotionThatIsGivenUpDoesNotHappen(t *testing.T)  { transcript(t, "promote_given_up") }

// D8.
func TestAllVotersAreReplacedInOneStep(t *testing.T) { transcript(t, "replace") }

// D8.
func TestALeaderLeftOutUnderLoadBringsAVoterLevel(t *testing.T) { transcript(t, "step_down") }

// D9.
func TestANewLeaderTellsANodeOfItsRemoval(t *testing.T) { transcript(t, "final_message") }

// D4, D18.
func TestALearnerVotesWhenAskedAndIsNeverCounted(t *testing.T) { transcript(t, "learner") }

// B2, figure 8.
func TestAnOldEntryIsNotCommittedByCounting(t *testing.T) { transcript(t, "commit_figure8") }

// B1.
func TestAFollowerCommitsOnlyWhatIsProven(t *testing.T)           { transcript(t, "commit_proven") }
func TestACommitIsPushedToFollowersWhoseClientsWait(t *testing.T) { transcript(t, "commit_push") }
func TestEntriesBelowMemoryAreFetched(t *testing.T)               { transcript(t, "fetch") }

// B9.
func TestARestartAboveAFloorNeedsNoOldTerms(t *testing.T) { transcript(t, "restart_floor") }

// E1.
func TestAFollowerBehindTheLogGetsASnapshot(t *testing.T) { transcript(t, "install") }

// E2.
func TestAConflictingLogIsDroppedForASnapshot(t *testing.T) { transcript(t, "install_conflict") }

// E3.
func TestAnOwnSnapshotDoesNotReplaceANewerOne(t *testing.T) { transcript(t, "install_own") }

// E4.
func TestACrashLeavesTheOldLogOrTheNewOne(t *testing.T) { transcript(t, "install_crash") }

// E8.
func TestASnapshotIsAnnouncedUntilItIsThere(t *testing.T) { transcript(t, "install_again") }

// E8.
func TestALeaderChangesWhileASnapshotIsFetched(t *testing.T) { transcript(t, "install_new_leader") }

// E10, E12, E14.
func TestSnapshotsAreMadeWhileOneIsFetched(t *testing.T)           { transcript(t, "install_two") }
func TestASnapshotFromTheMidstOfAChangeIsJoint(t *testing.T)       { transcript(t, "install_members") }
func TestANodeWhoseMembersComeFromASnapshotIsElected(t *testing.T) { transcript(t, "install_election") }
func TestASnapshotTellsANodeThatItWasLeftOut(t *testing.T)         { transcript(t, "install_left_out") }
func TestASnapshotThatTheLogHasPassedReplacesNothing(t *testing.T) {
	transcript(t, "install_overtaken")
}

// S3.
func TestAnEntryTruncatedHereIsCommittedLater(t *testing.T) { transcript(t, "lost_s3") }

// F19.
func TestALeaderWhoseDiskHangsGivesItsPlaceUp(t *testing.T) { transcript(t, "disk_hangs") }

func TestEveryTranscriptIsPlayed(t *testing.T) {
	source, err := os.ReadFile("transcripts_test.go")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d transcripts, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		if !strings.Contains(string(source), `"`+name+`"`) {
			t.Errorf("%s is not played", path)
		}
	}
}
