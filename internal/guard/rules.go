package guard

// Guard is one rule that a mutation build can switch off. The names are those of docs/catalogue.md.
type Guard uint8

// The guards. Each constant says what happens while the guard is down.
const (
	// CommitProven (B1): a follower takes the leader's commit index as its own, not bounded by what it has proven to
	// match.
	CommitProven Guard = iota
	// VoteDurable (A2): a vote leaves before it is durable.
	VoteDurable
	// CommitOwnTerm (B2): entries of earlier terms are committed by counting replicas.
	CommitOwnTerm
	// AppendDurable (B6): an append is acknowledged before it is durable.
	AppendDurable
	// ReadQuorum (C1): a leader answers reads without asking a majority.
	ReadQuorum
	// AskersQuorum (C1): a leader answers a follower's request at once, however many voters there are.
	AskersQuorum
	// OwnVoteDurable (S12): a candidate counts its own vote before it is durable.
	OwnVoteDurable
	// VoteInOpening (S14): a journal file is begun without the vote of the file before it.
	VoteInOpening
	// ForwardTerm (S2): a leader appends forwarded batches that were meant for another term.
	ForwardTerm
	// LaterTermProof (S3): a batch counts as not done as soon as its leader changed, without proof from the log.
	LaterTermProof
	// ReadNoOp (S10): a new leader's read index ignores its term's no-op.
	ReadNoOp
	// EpochBeforeMessages (S11): the epoch of new reads is one that messages already carry.
	EpochBeforeMessages
	// BothHalves (D3): the new half of a joint configuration decides alone.
	BothHalves
	// InForceWhenAppended (D5): a configuration counts only once it is committed.
	InForceWhenAppended
	// OneChange (D2): a step of a change is taken while the one before is not committed.
	OneChange
	// LearnersUncounted (D18): learners count like voters.
	LearnersUncounted
	// VoteByLogAlone (D4): a node that does not know that it is a voter refuses its vote.
	VoteByLogAlone
	// FinalMessage (D9): a removed node is not told of its removal.
	FinalMessage
	// InstallDurable (E1): a follower says that it installed a snapshot before that is durable.
	InstallDurable
	// SnapshotVoidsLog (E2): a log that holds another entry at the mark of a snapshot is kept.
	SnapshotVoidsLog
	// NewestSnapshot (E3): a node's own snapshot replaces a newer one that was installed meanwhile.
	NewestSnapshot
	// WholeBodies (S33): the last piece of a body that is not whole takes effect as if it were all of it.
	WholeBodies
	// LastPieceRegistered (S34): a batch whose last piece was sent still counts as never sent.
	LastPieceRegistered
	// PiecesInSnapshot (S35): a snapshot leaves out the bodies that the log has in part.
	PiecesInSnapshot
	// CarriedLogTime (S37): a new leader takes log time from the wall clocks, although voters carry it on.
	CarriedLogTime
	// LevelOfAll (S39): a leader writes its own feature level at once, whatever the other members know.
	LevelOfAll
	// LevelNeverFalls (S40): a configuration of a lower feature level may follow.
	LevelNeverFalls
	// SilentHoldLevel (S40): the level is raised without members that are not heard.
	SilentHoldLevel
	// LevelAtDoor (S40): a node whose build is below the level in force is let in.
	LevelAtDoor
	// SetBackIsFedNothing (S40): a node that was set back is sent what its build does not know.
	SetBackIsFedNothing
	// LatestProcessSpeaks (S40): a hello of an earlier process replaces that of the present one.
	LatestProcessSpeaks
	// NewCommandsWait (S39): a command takes effect before its feature level is in force.
	NewCommandsWait
	// OneVotePerTerm (A1): a voter gives its vote to everyone who asks in a term.
	OneVotePerTerm
	// VoteUpToDate (A5): a vote goes to a candidate whose log lacks something that the voter has.
	VoteUpToDate
	// VoteKept (A3): a node that steps down forgets its vote of the term.
	VoteKept
	// PreVote (A10): a candidate raises the term without asking first whether it could win.
	PreVote
	// FollowerSticks (A8, A10): a follower that hears its leader helps to depose it.
	FollowerSticks
	// LeaderSticks (A8, A10): a leader that hears its followers lets itself be deposed by a node that does not hear
	// it.
	LeaderSticks
	// CheckQuorum (A8): a leader that hears no majority leads on.
	CheckQuorum
	// LeaderDurable (B5): a leader counts its own copy of an entry before its disk has it.
	LeaderDurable
	// PreviousHeld (B1): a follower takes entries although it lacks the one before them, or has another one there.
	PreviousHeld
	// TruncateAtConflict (B3): a message that was overtaken takes back entries that came behind it.
	TruncateAtConflict
	// TruncateAboveCommit (B13): committed entries are cut off without a word.
	TruncateAboveCommit
	// CommitInLog (B12): a commit index beyond the log is taken for its end.
	CommitInLog
	// LateRejection (B8): a rejection that was overtaken moves a follower back.
	LateRejection
	// OldTermDropped (A16, C3): messages of earlier terms are taken like those of the present one.
	OldTermDropped
	// StaleAnswered (A7): a sender of an earlier term is not told of the present one.
	StaleAnswered
	// NewTimeouts (A15): a node draws its election timeout once.
	NewTimeouts
	// OneLeaderPerTerm (A4): a second leader in a term is followed like the first.
	OneLeaderPerTerm
	// LateWord (A13): a word to campaign counts although leader or log have moved on.
	LateWord
	// LevelBeforeHandOver (A14): leadership is handed to a voter whose log is behind.
	LevelBeforeHandOver
	// ProposalsStop (A14): a leader takes proposals while it hands over, so that the log of the next one is never
	// level.
	ProposalsStop
	// HandOverEnds (A14): a hand-over to a voter that does not take over goes on for ever.
	HandOverEnds
	// HungDiskYields (F19): a leader whose disk hangs keeps its place.
	HungDiskYields
	// FlyingTruncated (B7): what completes an old operation proves entries that replaced its own.
	FlyingTruncated
	// OwnTermBeforeChange (D1): a leader changes the members before it has committed an entry of its term.
	OwnTermBeforeChange
	// ConfigurationRolledBack (D6): a configuration stays in force when its entry is cut off.
	ConfigurationRolledBack
	// LearnersNeverCampaign (D18): a learner stands for election.
	LearnersNeverCampaign
	// LevelBeforeVoting (thesis section 4.2.1): a new node votes before it has the log.
	LevelBeforeVoting
	// NextHalfDecides (thesis section 4.3): voters are exchanged although the new ones could not decide.
	NextHalfDecides
	// RemovedLeaderGoes (D8): a leader that its committed configuration leaves out leads on.
	RemovedLeaderGoes
	// OldLogProvesNothing (B7): operations of a log that a snapshot replaced prove entries of the new one.
	OldLogProvesNothing
	// SnapshotBeyondCommit (E2): a snapshot at the commit index replaces the log.
	SnapshotBeyondCommit
	// StampsRise (S25): stamps go back along the log.
	StampsRise
	// JointWhenVotersChange (D3): voters are exchanged without a joint configuration.
	JointWhenVotersChange
	// NumbersNotReused (D11): the number of a member that was removed is given to another node.
	NumbersNotReused
	// BlankMovesNoMember (D12): a blank node with the incarnation of a member takes its place at another address.
	BlankMovesNoMember
	// LastVoterStays (D16): the last voter is removed.
	LastVoterStays
	// PayloadsMasked (S42, S43): what a client chose lies in the journal as it was chosen.
	PayloadsMasked
	// OwnRecords (S17): old records of a reused file count.
	OwnRecords
	// ChainedRecords (F17): a record that does not follow the one before it counts.
	ChainedRecords
	// RecordsBehindEnd (S19): a damaged record passes for a torn one although others follow it.
	RecordsBehindEnd
	// EndBeforeRoll (S19): the last record of a file passes for a torn one although the next file was begun behind it.
	EndBeforeRoll
	// OpeningInForce (S16): a damaged opening passes for a torn one although records follow it.
	OpeningInForce
	// FileSizeStated (F1): a file that was cut or has grown counts.
	FileSizeStated
	// ReadIsWrittenAgain (S13): a start does not write again what it read before it overwrites the other file.
	ReadIsWrittenAgain
	// NamesMadeDurable (F7): the name of a journal file that replaced another is not made durable.
	NamesMadeDurable
	// HistoryBeforeRoll (S15): a file is begun with a checkpoint that history has not made durable.
	HistoryBeforeRoll
	// SealProves (S19): an idle journal does not prove its last record.
	SealProves
	// RoomForAnOpening (S18): entries are taken until no opening could hold them.
	RoomForAnOpening
	// FirstErrorFinal (F5): a journal goes on after a write or a sync has failed.
	FirstErrorFinal
	// SegmentNamesDurable (F7): history is durable although the name of its last segment may be lost.
	SegmentNamesDurable
	// EntryAtItsIndex (F16): history takes any whole entry for the one that was asked for.
	EntryAtItsIndex
	// HistoryCut (F2): history behind the checkpoint stays when a node starts.
	HistoryCut
	// HistoryReachesCheckpoint (F17): history may end before the checkpoint that the journal names.
	HistoryReachesCheckpoint
	// FailedSyncFinal (F5, F18): no space in a sync counts as a state, like no space in a write.
	FailedSyncFinal
	// TrimKeepsTheOneBefore (E1): a trim takes away the entry before the first that is kept.
	TrimKeepsTheOneBefore
	// TrimStopsAtCheckpoint (F2): a trim takes segments away that the next start looks for.
	TrimStopsAtCheckpoint
	// LogWithoutIdentity (F8): a directory with a log and without an identity is made anew.
	LogWithoutIdentity
	// IdentityStays (D10, D11): a member takes on another identity.
	IdentityStays
	// IdentityReplaced (F7): an identity is written over the old one.
	IdentityReplaced
	// StreamWithoutGaps (S7): a leader takes a forward although the one before it was lost.
	StreamWithoutGaps
	// CopiesDropped (S2, S6): a leader takes a forward again that it has taken.
	CopiesDropped
	// ResendsStartSlowly (S7): an origin sends its whole stream again at once.
	ResendsStartSlowly
	// MembersForward (S8): a leader appends batches of a node that is no member.
	MembersForward
	// HeldOfRemoved (S8): a leader appends what it held of a node that was removed meanwhile.
	HeldOfRemoved
	// GapIsUnknown (S4): a batch in the gap of an installed snapshot counts as not done.
	GapIsUnknown
	// OwnBoot (S6): a batch of an earlier boot is met as one of this boot.
	OwnBoot
	// SentIsUnknown (P3, S31): a batch that was sent ends at its deadline as not done.
	SentIsUnknown
	// PiecesEndWithTerm (S33): bodies of an earlier term go on in a later one.
	PiecesEndWithTerm
	// PiecesFollow (S33): a body takes pieces that do not follow each other.
	PiecesFollow
	// FreshRequests (C3): the requests of a boot for a read index begin with the numbers of the boot before.
	FreshRequests
	// ReadAfterApply (C2, C5): a read runs before its index is applied.
	ReadAfterApply
	// RefusalHasNoIndex (C4): a refused request for a read index is taken for an answer.
	RefusalHasNoIndex
	// FrozenWhenDurable (E1): a state is frozen behind an entry that is not durable here.
	FrozenWhenDurable
	// TakenFileStays (E7): the file of a snapshot is removed before the journal names it.
	TakenFileStays
	// PumpsRest (E1, E5): the log begins anew while entries of the old one are still written or applied.
	PumpsRest
	// JumpWhenDurable (E4): the state jumps to a snapshot that the journal does not name yet.
	JumpWhenDurable
	// MedianClock (I-1, S25): the clock that is furthest ahead decides what time it is.
	MedianClock
	// ClocksAgree (S36): wall time follows clocks on which no majority agrees.
	ClocksAgree
	// DurableArrival (F22): a node that lost what it had confirmed is let in again.
	DurableArrival
	// ConfirmedArrival (F22): a node that lost what it had confirmed to an earlier leader is let in again.
	ConfirmedArrival
	// JournalHasRoom (F18): a follower takes entries for which its journal has no room.
	JournalHasRoom
	// RideAlongsUncounted (H1): reads that ride along with a run make its origin sweep more keys than the other nodes.
	RideAlongsUncounted
	// BodyIsTheRuns (H1, B18): the origin executes its own run although the log holds another body.
	BodyIsTheRuns
	// SweepBounded (S27): one entry removes all keys that are overdue.
	SweepBounded
	// WholeFileHashed (E9): a snapshot counts although the hash of the whole is another one.
	WholeFileHashed
	// BlocksNumbered (E7): a block of a snapshot counts in the place of another.
	BlocksNumbered
	// BlocksChained (E9): a block counts that belongs to another snapshot, or is damaged.
	BlocksChained
	// SyncedBeforeNamed (E7): a snapshot gets its name before it is on the disk.
	SyncedBeforeNamed
	// SnapshotNameDurable (F7): the name of a snapshot is not made durable before the journal has it.
	SnapshotNameDurable
	// CompletedSpared (E3, E7): a list that is older than a file removes it.
	CompletedSpared
	// PartsGivenUp (E14): what transfers that ended have left is never removed.
	PartsGivenUp
	// SameCluster (D13): a node of another cluster is believed.
	SameCluster
	// SameDirectory (D10): a node with another data directory takes the place of the one that was dialled.
	SameDirectory
	// SameNode (D14): another node answers for the one that was dialled.
	SameNode
	// NotItself (D14): a node talks to itself.
	NotItself
	// QuarantineDurable (S30): the quarantine of a state is not written to the journal.
	QuarantineDurable
	// AgreedByQuorum (S30): a leader takes the hash of its own state for the one that the members agree on.
	AgreedByQuorum
	// ProbesAreRepeatedEmpty (F19): a probe is repeated with all that it carried, to a follower whose disk hangs.
	ProbesAreRepeatedEmpty
	// FlyingBounded (F19): the operations that wait for a disk that hangs have no limit.
	FlyingBounded
	// PromisesCoalesce (F19): each heartbeat makes a follower whose disk hangs queue the same promise again.
	PromisesCoalesce
	// SummonsWaitForTheDisk (F19): a voter whose disk hangs raises the term when it is told to campaign.
	SummonsWaitForTheDisk
	// SnapshotsOnTheirWayStay (E12, E14): a leader forgets which snapshot a follower is fetching.
	SnapshotsOnTheirWayStay
	// PartsAreGoneOnWith (E14): a follower takes another file than the one of which it has a part.
	PartsAreGoneOnWith
	// StatesOnTheirWayStay (S30): a leader forgets which file a quarantined member is fetching.
	StatesOnTheirWayStay
	// SlowSourcesAreLeft (E14): a node stays with a source whose link crawls.
	SlowSourcesAreLeft
	// NothingSentWithoutState (S4): a node that lacks its state sends what its clients ask for.
	NothingSentWithoutState
	// StrangersBootsNoted (F22): the boot of a node is not noted before the configuration names it.
	StrangersBootsNoted
	// ConfirmedReadsEnd (B17): a read that waits for the applier never ends when the node closes.
	ConfirmedReadsEnd
	// TakenWorkEnds (B17): work that the applier took and did not begin never ends when the node closes.
	TakenWorkEnds
	// HalfAStateIsHidden (E5, H6): readers see what a restore has done so far.
	HalfAStateIsHidden
	// DurableBeforePromises (F22): a node introduces itself with less than it has acknowledged.
	DurableBeforePromises
	// SeedDurable (F7, S21): the log begins anew in a history whose first segment may be lost.
	SeedDurable
	// RoomIsShared (S44): a leader appends what one node sends before anything of the others.
	RoomIsShared
	// LongValuesStay (G12): a long value that a reply lacks is changed before the connection has copied it.
	LongValuesStay
	// ExecutedOnce (S45): a command in a session is executed each time that it comes.
	ExecutedOnce
	// SessionsInSnapshot (S45): a snapshot leaves the sessions out.
	SessionsInSnapshot
	// WatchIsJudged (H18): a transaction is executed whatever has become of the keys that it depends on.
	WatchIsJudged
	// ReadsKnowTheirDatabase (H19): reads are answered from database 0, wherever their client is.
	ReadsKnowTheirDatabase
	// SwapIsAChange (H19): a key that came by a swap of databases counts as unchanged.
	SwapIsAChange
	// PromisesKept (S46): a voter helps another node to lead although it has promised a leader not to.
	PromisesKept
	// PromisesOutliveRestarts (S46): a process knows nothing of what the one before it has promised.
	PromisesOutliveRestarts
	// ShortPromises (S46): a voter that promises less than a leader rests on counts like the others.
	ShortPromises
	// LeaseIsShorter (S46): a lease lasts as long as the promises that it rests on, by another clock.
	LeaseIsShorter
	// LeaseFromSending (S46): a lease begins when the promises arrive.
	LeaseFromSending
	// LeaseOfConfiguration (S46): what voters of an earlier configuration have promised counts in a later one.
	LeaseOfConfiguration
	// HandOverEndsLease (S46): a leader that has told another node to campaign keeps its lease.
	HandOverEndsLease
	// PromisesOutliveSuspicion (S46): a voter that is told that its leader is gone forgets what it has promised.
	PromisesOutliveSuspicion
	// SuspicionEnds (A17): a leader that is heard again stays suspected.
	SuspicionEnds
	// SuspicionRests (A17): a node campaigns each time that it is told that its leader is gone.
	SuspicionRests
	// PresentProcessMeant (A17): a leader is suspected for the end of an earlier process on its node.
	PresentProcessMeant
	// HeardIsAlive (A17): a leader is suspected although something of it came at the same moment.
	HeardIsAlive
	count
)

var names = [count]string{
	"CommitProven", "VoteDurable", "CommitOwnTerm", "AppendDurable", "ReadQuorum", "AskersQuorum", "OwnVoteDurable",
	"VoteInOpening", "ForwardTerm", "LaterTermProof", "ReadNoOp", "EpochBeforeMessages", "BothHalves",
	"InForceWhenAppended", "OneChange", "LearnersUncounted", "VoteByLogAlone", "FinalMessage", "InstallDurable",
	"SnapshotVoidsLog", "NewestSnapshot", "WholeBodies", "LastPieceRegistered", "PiecesInSnapshot",
	"CarriedLogTime", "LevelOfAll", "LevelNeverFalls", "SilentHoldLevel", "LevelAtDoor", "SetBackIsFedNothing",
	"LatestProcessSpeaks", "NewCommandsWait", "OneVotePerTerm", "VoteUpToDate", "VoteKept", "PreVote",
	"FollowerSticks", "LeaderSticks", "CheckQuorum", "LeaderDurable", "PreviousHeld", "TruncateAtConflict",
	"TruncateAboveCommit", "CommitInLog", "LateRejection", "OldTermDropped", "StaleAnswered", "NewTimeouts",
	"OneLeaderPerTerm", "LateWord", "LevelBeforeHandOver", "ProposalsStop", "HandOverEnds", "HungDiskYields",
	"FlyingTruncated", "OwnTermBeforeChange", "ConfigurationRolledBack", "LearnersNeverCampaign",
	"LevelBeforeVoting", "NextHalfDecides", "RemovedLeaderGoes", "OldLogProvesNothing", "SnapshotBeyondCommit",
	"StampsRise", "JointWhenVotersChange", "NumbersNotReused", "BlankMovesNoMember", "LastVoterStays",
	"PayloadsMasked", "OwnRecords", "ChainedRecords", "RecordsBehindEnd", "EndBeforeRoll", "OpeningInForce",
	"FileSizeStated", "ReadIsWrittenAgain", "NamesMadeDurable", "HistoryBeforeRoll", "SealProves",
	"RoomForAnOpening", "FirstErrorFinal", "SegmentNamesDurable", "EntryAtItsIndex", "HistoryCut",
	"HistoryReachesCheckpoint", "FailedSyncFinal", "TrimKeepsTheOneBefore", "TrimStopsAtCheckpoint",
	"LogWithoutIdentity", "IdentityStays", "IdentityReplaced", "StreamWithoutGaps", "CopiesDropped",
	"ResendsStartSlowly", "MembersForward", "HeldOfRemoved", "GapIsUnknown", "OwnBoot", "SentIsUnknown",
	"PiecesEndWithTerm",
	"PiecesFollow", "FreshRequests", "ReadAfterApply", "RefusalHasNoIndex", "FrozenWhenDurable", "TakenFileStays",
	"PumpsRest", "JumpWhenDurable", "MedianClock", "ClocksAgree", "DurableArrival", "ConfirmedArrival",
	"JournalHasRoom",
	"RideAlongsUncounted", "BodyIsTheRuns", "SweepBounded", "WholeFileHashed", "BlocksNumbered", "BlocksChained",
	"SyncedBeforeNamed", "SnapshotNameDurable", "CompletedSpared", "PartsGivenUp", "SameCluster", "SameDirectory",
	"SameNode", "NotItself", "QuarantineDurable", "AgreedByQuorum", "ProbesAreRepeatedEmpty", "FlyingBounded",
	"PromisesCoalesce", "SummonsWaitForTheDisk", "SnapshotsOnTheirWayStay", "PartsAreGoneOnWith",
	"StatesOnTheirWayStay", "SlowSourcesAreLeft",
	"NothingSentWithoutState", "StrangersBootsNoted", "ConfirmedReadsEnd", "TakenWorkEnds", "HalfAStateIsHidden",
	"DurableBeforePromises", "SeedDurable", "RoomIsShared", "LongValuesStay", "ExecutedOnce",
	"SessionsInSnapshot", "WatchIsJudged", "ReadsKnowTheirDatabase", "SwapIsAChange",
	"PromisesKept", "PromisesOutliveRestarts", "ShortPromises", "LeaseIsShorter", "LeaseFromSending",
	"LeaseOfConfiguration", "HandOverEndsLease",
	"PromisesOutliveSuspicion", "SuspicionEnds", "SuspicionRests", "PresentProcessMeant", "HeardIsAlive",
}
