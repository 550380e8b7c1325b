// Package load sends requests to servers that speak Redis's protocol, at a rate or as fast as they answer, and measures
// how long each takes.
//
//	Run ──► plan: templates, keys, values, times
//	  └──► a few loops ──► links, one per connection: what to send now, what a reply means ──► recorder ──► Result
//
// A closed loop sends the next pipeline when the last one is answered. So it waits together with a server that stalls,
// and the requests that it did not send meanwhile are missing from its figures (coordinated omission). An open loop has
// a schedule that is fixed in advance: request n of a connection is due at its time, whatever the server does, and its
// latency is counted from that time on, also if the connection was not free to send it then.
//
// # What holds
//
//  1. Each request that was due in the time that counts is either in a histogram or in Result.Errors.
//  2. A request is sent once. A broken connection is dialled again, at the next address.
//  3. The same seed makes the same requests in the same order on each connection.
//  4. A request costs no allocation, and on Linux no goroutine: a loop is one thread that waits for all its
//     connections. Go's own timers and poller would be a millisecond late (Result.Lag tells how late a loop is).
//
// # Limits
//
// RESP2, no TLS. Redirections (MOVED) are errors. The package imports leaves of the project only.
package load
