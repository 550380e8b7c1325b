package raft

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each test here plays one transcript; the transcript says in its first lines what it shows.

func TestA10_WhoHearsTheLeaderHelpsNobodyToDeposeIt(t *testing.T) { transcript(t, "elect_prevote") }
func TestA3_A8_ALeaderThatNobodyHearsStepsDownAndKeepsItsVote(t *testing.T) {
	transcript(t, "elect_checkquorum")
}
func TestA7_ANodeFarAheadOfTheTermLosesNobody(t *testing.T)      { transcript(t, "elect_huge_term") }
func TestA5_NoVoteForALogThatLacksSomething(t *testing.T)        { transcript(t, "elect_stale_log") }
func TestA6_TheSameCandidateAskingAgainGetsTheVote(t *testing.T) { transcript(t, "elect_vote_again") }
func TestA15_ASplitVoteIsFollowedByNewTimeouts(t *testing.T)     { transcript(t, "elect_split") }
func TestA13_A14_LeadershipIsHandedOverOrKept(t *testing.T)      { transcript(t, "elect_transfer") }
func TestS12_A2_AVoteThatIsNotDurableIsNotCounted(t *testing.T)  { transcript(t, "vote_s12") }
func TestB15_AnEntryLargerThanAMessageTravelsAlone(t *testing.T) { transcript(t, "replicate_window") }
func TestB10_AFollowerWithoutProgressIsProbed(t *testing.T)      { transcript(t, "replicate_lost") }
func TestARenewedLinkIsProbedAtOnce(t *testing.T)                { transcript(t, "replicate_link") }
func TestB14_ARestartedFollowerJoinsWithoutANewEntry(t *testing.T) {
	transcript(t, "replicate_idle_restart")
}
func TestB3_B11_ADelayedAppendTakesNothingBack(t *testing.T) { transcript(t, "replicate_delayed") }
func TestHintsSkipATermPerMessage(t *testing.T)              { transcript(t, "conflict_hints") }
func TestAShortLogIsFoundWithOneRejection(t *testing.T)      { transcript(t, "conflict_short") }
func TestB7_AnOlderCompletionDoesNotCountForEntriesThatCameBack(t *testing.T) {
	transcript(t, "aba")
}
func TestAReadRunsAfterAMajorityEchoedItsEpoch(t *testing.T)      { transcript(t, "read") }
func TestS10_C2_AFreshLeadersReadWaitsForItsNoOp(t *testing.T)    { transcript(t, "read_s10") }
func TestS11_C3_AnEarlierMessageConfirmsNoLaterRead(t *testing.T) { transcript(t, "read_s11") }
func TestC1_ADeposedLeadersReadsAreNotConfirmed(t *testing.T)     { transcript(t, "read_deposed") }
func TestBothHalvesOfAJointConfigurationAreNeeded(t *testing.T)   { transcript(t, "joint") }
func TestD6_ATruncatedConfigurationIsRolledBack(t *testing.T)     { transcript(t, "joint_rollback") }
func TestS24_D8_ANodeLeftOutLeadsUntilItsRemovalIsCommitted(t *testing.T) {
	transcript(t, "joint_s24")
}
func TestALearnerIsPromotedWhenItHasCaughtUp(t *testing.T)            { transcript(t, "promote") }
func TestAVoterIsRemovedWhenTheOthersCanDecide(t *testing.T)          { transcript(t, "step_deferred") }
func TestANewLeaderCarriesAPromotionOn(t *testing.T)                  { transcript(t, "promote_new_leader") }
func TestAPromotionThatIsGivenUpDoesNotHappen(t *testing.T)           { transcript(t, "promote_given_up") }
func TestD8_AllVotersAreReplacedInOneStep(t *testing.T)               { transcript(t, "replace") }
func TestD8_ALeaderLeftOutUnderLoadBringsAVoterLevel(t *testing.T)    { transcript(t, "resign") }
func TestD9_ANewLeaderTellsANodeOfItsRemoval(t *testing.T)            { transcript(t, "farewell") }
func TestD4_D18_ALearnerVotesWhenAskedAndIsNeverCounted(t *testing.T) { transcript(t, "learner") }
func TestB2_Figure8_AnOldEntryIsNotCommittedByCounting(t *testing.T)  { transcript(t, "commit_figure8") }
func TestB1_AFollowerCommitsOnlyWhatIsProven(t *testing.T)            { transcript(t, "commit_proven") }
func TestACommitIsPushedToFollowersWhoseClientsWait(t *testing.T)     { transcript(t, "commit_push") }
func TestEntriesBelowMemoryAreFetched(t *testing.T)                   { transcript(t, "fetch") }
func TestB9_ARestartAboveAFloorNeedsNoOldTerms(t *testing.T)          { transcript(t, "restart_floor") }

func TestE1_AFollowerBehindTheLogGetsASnapshot(t *testing.T)         { transcript(t, "install") }
func TestE2_AConflictingLogIsDroppedForASnapshot(t *testing.T)       { transcript(t, "install_conflict") }
func TestE3_AnOwnSnapshotDoesNotReplaceANewerOne(t *testing.T)       { transcript(t, "install_own") }
func TestE4_ACrashLeavesTheOldLogOrTheNewOne(t *testing.T)           { transcript(t, "install_crash") }
func TestE8_ASnapshotIsAnnouncedUntilItIsThere(t *testing.T)         { transcript(t, "install_again") }
func TestE8_ALeaderChangesWhileASnapshotIsFetched(t *testing.T)      { transcript(t, "install_new_leader") }
func TestE10_E12_E14_SnapshotsAreMadeWhileOneIsFetched(t *testing.T) { transcript(t, "install_two") }
func TestASnapshotFromTheMidstOfAChangeIsJoint(t *testing.T)         { transcript(t, "install_members") }
func TestANodeWhoseMembersComeFromASnapshotIsElected(t *testing.T)   { transcript(t, "install_election") }
func TestASnapshotTellsANodeThatItWasLeftOut(t *testing.T)           { transcript(t, "install_left_out") }
func TestASnapshotThatTheLogHasPassedReplacesNothing(t *testing.T) {
	transcript(t, "install_overtaken")
}

func TestS3_AnEntryTruncatedHereIsCommittedLater(t *testing.T) { transcript(t, "lost_s3") }

func TestF19_ALeaderWhoseDiskHangsGivesItsPlaceUp(t *testing.T) { transcript(t, "disk_hangs") }

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
