// Package blackbox is what the packages below tests/ share: they build the binary, start clusters of processes, speak
// Redis's protocol to them, pause and kill them, and read what the kernel says of them. Only tests import it.
//
//	test ──► Cluster ──► Process ── stdout, stderr, signals ──► node
//	  ├────► Client ─────────────────── TCP ─────────────────────┘
//	  └────► Load, Writers: many clients that remember what they were told
//
// # What holds
//
//  1. Every process is dead when its test ends, killed by its id. If the test failed, its last words are in the log.
//  2. Nothing waits for a time to pass. A test polls something observable, with a deadline that fails the test.
//  3. A package builds the binary once, when a test first needs it. A result in Go's test cache holds only while the
//     sources of the binary are unchanged.
//  4. Packages that call Main run one at a time.
package blackbox
