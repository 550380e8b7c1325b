// Package collector decides how much garbage the heap of this process may hold, and when a collection is worth it that
// nothing else would begin soon.
//
// By default Go's runtime lets as much garbage gather as is alive, so a process holds twice what its data take. The
// time that collections take per byte allocated is inverse to that share: with a quarter of the garbage there are four
// times as many collections, each of which looks at all that is alive. So the share is a price, which buys memory:
//
//   - A small heap may hold much garbage beside what is alive: that is little memory, and saves collections.
//   - Of a large one, garbage is a smaller share: see Percent.
//   - A process that allocates little for a while collects early, once, and gives back what is free: see Quiet. That
//     costs processor time at a moment at which there is some left, and then the process holds what is alive.
//
// docs/decisions/0068 has the figures.
package collector
