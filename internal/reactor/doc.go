// Package reactor runs what sockets and other goroutines bring on one goroutine at a time: the loop of a node.
//
//	         ┌──────────────── wait: sockets, wakes, the time of the next turn ────────────────┐
//	         ▼                                                                                  │
//	each watcher whose socket is ready ──► the turn ──► each task that was posted ──────────────┘
//
// So what comes in together is handled together, without a wake-up between two steps: a request is read, goes through
// the turn and is answered on the same thread, which the system runs on one core with one warm cache.
//
// Nothing that the loop calls may wait, for it holds up everything else. What may take long after all, such as a sync
// of a disk that is nearly always fast, stands between Enter and Leave. If it lasts longer than patience, the loop goes
// on without it, on another goroutine:
//
//  1. The goroutine that is the loop enters, and the disk hangs.
//  2. The guard sees at two looks the same entry. It takes the loop away, and starts a goroutine that goes on with it
//     where the first one stood.
//  3. The disk answers. The first goroutine leaves, and is told that the loop is no longer its own: it hands on what it
//     did, as any other goroutine would, and ends.
//
// A crowd of watchers and tasks, each of them quick, does not put off the turn either: the guard tells the loop when
// one is overdue, and the loop has it between two of them.
//
// The loop knows nothing of what it calls. On systems without the means for it there is no loop: see New.
package reactor
