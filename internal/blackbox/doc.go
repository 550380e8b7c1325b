// Package blackbox is what tests need to treat the binary as users do: start processes, speak Redis's protocol to them,
// signal and kill them, and look at what the kernel says of them. Tests import it and nobody else does; of the project
// it knows internal/client, which says what became of a command.
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
package blackbox
