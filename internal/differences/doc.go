// Package differences is the list of what this server answers otherwise than Redis, each with its reason.
//
// There is one list, for people and for tests. docs/differences.md has it as two tables, and a test of this package
// proves that they are what the list says. Tests that send the same commands to this server and to a real Redis take
// their exceptions from here and nowhere else, so a difference that is not listed is a failure. Another test sends
// the probes of each difference to both servers, so a difference that is no longer one is a failure too.
//
//	list ──► docs/differences.md        what people read
//	     ├─► Excuse(call, …)            what comparisons of random commands let pass
//	     └─► Probes                     what both servers are asked, to prove the line
//
// Invariants:
//
//  1. Each difference has an id of its own, words for both sides, a reason, and a probe.
//  2. An excuse looks at both replies: it lets pass what the line describes, and not all that a command may answer.
//
// The package imports nothing of the project, and nothing but tests imports it.
package differences
