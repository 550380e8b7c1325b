// Package transport carries messages between the nodes of a cluster: framed raw TCP, a handshake that lets in only
// members, and one connection for each direction of each pair.
//
//	node 1                                                             node 2
//	  Send ─► queue ─► link's writer ══ connection that 1 dialled ══► reader ─► Receive
//	        Receive ◄─ reader ◄══ connection that 2 dialled ══ link's writer ◄─ queue ◄─ Send
//
// A node's messages leave on the connection that it dialled, and nothing comes back on it. So each direction fails and
// recovers by itself, a broken one is never mistaken for the other, and it does not matter which node dialled first.
//
// The transport decides nothing about the protocol. It promises little, which is what Raft needs: messages of one link
// arrive in order, each at most once; what a broken link held is lost; damage is never delivered. Losing a message is
// always allowed. Forwarded batches are a stream, though, so a gap in them is never silent: it ends the link, and the
// next LinkUp tells the handler to send again what is unmet.
//
// # Goroutines
//
// One for each peer dials, shakes hands, writes, and dials again after a random wait; a second one watches the link for
// its end. One accepts; one for each incoming connection shakes hands and reads. A writer takes everything that queued
// while it was writing and hands it to the kernel in one call: nothing waits for a timer, and the busier the link, the
// larger the write.
//
// # Limits
//
//	frame             MaxFrameBytes: the largest entry, 1 MiB of others before it, 64 KiB     checked before allocation
//	handshake frame   64 KiB, nesting 8, before anyone is believed
//	queue             Options.QueueBytes for each peer, and once that in the writer's hands
//	connections       Options.MaxConnections, MaxHandshakes of them not welcome yet; one welcome one for each peer, and
//	                  one more for bulk, of which there are MaxBulk in all
//	bulk              Options.BulkBytesPerSecond; chunks of MaxChunkBytes, one in memory for each connection
//	time              Options.ResolveTimeout, DialTimeout, HandshakeTimeout, WriteTimeout, ReadTimeout; a silent dialler
//	                  shows every second that it lives
//	names             maxNames are remembered, maxAddressesOfName of each are tried
//
// # Invariants
//
//  1. Nothing of a frame is delivered unless both its CRCs match, its cluster, sender and receiver are those of the
//     handshake, and every byte of its body means something. Any error closes the connection.
//  2. At most one connection of a peer delivers messages at any time, and an older one has delivered its last before a
//     newer one delivers its first.
//  3. LinkUp comes before the first message of its link is written; LinkUp and LinkDown take turns.
//  4. Send never waits, whatever the network does. A peer that takes nothing fills its own queue and no other.
//  5. A buffer that decoded entries or batches point to is never used again.
//  6. A node without an identity tells it only after its handler has made it durable.
//
// # Identity
//
// A node is its cluster id, its node id, and its incarnation, which is drawn once for each data directory. Both sides
// of a handshake check all three against what they expect. The boot id is drawn once for each process: it tells a node
// that it dialled itself, and it tells a second process with a copy of a directory from the first. Addresses are
// resolved at each dial and prove nothing.
//
// So a peer may have several addresses, which are tried in turn. Where another member answers, both sides hear who the
// other one is and where (meet.go), and the connection ends. Members meet on purpose as well, to learn where others
// are.
//
// Both ends of a connection are checked the same way: this node does not speak to a node that it must not hear.
//
// With a cluster secret both sides prove that they know it before anything else is checked. Frames after the handshake
// are neither authenticated nor encrypted; where the network itself is hostile it needs a tunnel.
//
// # Questions
//
// Membership travels on connections of one question and one answer each (admission.go): a blank node asks to become a
// member, a member asks any node for its description, and a member hands the leader a change of the membership.
//
// # Bulk
//
// A node fetches a snapshot file on a connection of its own (bulk.go): one for each peer, MaxBulk in all, and together
// no faster than BulkBytesPerSecond, so that messages get through. A transfer that breaks goes on from where it was, on
// a new connection.
//
// # Rejected
//
// One connection for both directions: it needs a rule for who dials and one for two that dialled at once, and a node
// that restarts must wait for the other to notice.
//
// Messages in msgpack: measured at 0.55 µs and 281 bytes for each decoded entry, and quadratic in the size of large
// ones; here 100 entries of 100 bytes cost two allocations.
//
// Pooled buffers for frames with entries: the log keeps entries for as long as it likes, so each pooled buffer would
// need a count of users; the collector has one already.
//
// A deadline for a whole write: a large frame on a slow link would never get through. The deadline is for progress.
//
// Snapshots between the messages of a link: a file of a gigabyte would stand in the way of heartbeats, and a window of
// its own beside that of the entries would be one more protocol.
package transport
