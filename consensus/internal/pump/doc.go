// Package pump runs an engine: it has all goroutines of a node between its transport and its clients, and it makes no
// decisions. Package engine decides, one turn at a time.
//
//	clients ──┐                  ┌──► LOG WRITER   one write, one sync, then the promises leave
//	peers   ──┼──► LOOP (Turn) ──┼──► APPLIER      the committed span, under the write lock; wakes clients
//	disk    ──┘        ▲         ├──► FILLER       committed entries into history
//	                   │         ├──► FETCHER      old entries for followers that are behind
//	                   │         ├──► SNAPSHOTTER  frozen states as files
//	                   │         ├──► RECEIVER     snapshots of other nodes
//	                   │         └──► REMOVER      files and history that no start needs
//	                   └──── what each of them completed
//
// Between two goroutines there is a mailbox: a bounded queue whose consumer takes everything at once. That makes the
// batches; no timer does. The loop waits for nothing but its next input, so no disk, peer or client delays a heartbeat.
//
// Each pump notes the time where work passes to the next, once for all that goes together. Runner.Phases turns these
// times into where the time of one batch went (phases.go).
package pump
