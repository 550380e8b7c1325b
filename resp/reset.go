package resp

import "github.com/raftredis/raftredis/internal/reply"

// reset is RESET: the connection is as it was when it was made, but for what its library said of itself.
func reset(c *Conn, dst []byte, _ [][]byte) []byte {
	c.server.tracker.follow(c.session, tracking{})
	c.server.monitors.remove(c.session)
	authenticated := c.server.password() == ""
	c.session.set(func(f *facts) {
		*f = facts{
			protocol: reply.RESP2, authenticated: authenticated, library: f.library, libraryVersion: f.libraryVersion,
		}
	})
	c.reader.SetUnauthenticated(!authenticated)
	c.hush = talking
	c.session.drop() // messages of what has ended, which a client of RESP2 could not tell from replies
	return reply.Simple(dst, "RESET")
}
