package resp

import "sync/atomic"

// elsewhere makes the connection wait for work that takes long, or that waits for a disk: it is done on a goroutine of
// its own, so that nothing but this client waits for it. work returns what appends the reply. It may go on when the
// client has left, and must not touch the connection. Commands that call this are slow: replies before theirs are sent
// first.
func (c *Conn) elsewhere(work func() (answer func(dst []byte) []byte)) {
	var done atomic.Pointer[func([]byte) []byte]
	wake := c.request.wake
	c.server.spawn(func() {
		answer := work()
		done.Store(&answer)
		wake()
	})
	c.await(0, func(dst []byte, _ bool) ([]byte, bool) {
		answer := done.Load()
		if answer == nil {
			return dst, false
		}
		return (*answer)(dst), true
	})
}
