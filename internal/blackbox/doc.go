// Package blackbox is what tests need to treat the binary as users do: start processes, speak Redis's protocol to them,
// signal and kill them, and look at what the kernel says of them. Tests import it and nobody else does; it knows
// nothing of the project.
//
//	test ──► Process ── stdout, stderr, signals ──► node
//	  └────► Client ────────── TCP ───────────────────┘
//
// # What holds
//
//  1. Every process that was started is dead when its test ends, killed by its id, and its last words are in the test's
//     log if the test failed.
//  2. Nothing waits for a time to pass. Waiting is for something observable, polled, with a deadline that fails the
//     test.
//  3. A client sends each command once. What became of it is said in one of three ways (Fate), and a broken connection
//     is never taken for a failure of the command.
//
// # Rejected
//
// A ready-made client library: most send commands again by themselves when a connection breaks, which is what these
// tests have to see.
package blackbox
