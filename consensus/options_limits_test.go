package consensus

import "testing"

// A host with little memory bounds what is under way between nodes by the option by which it bounds what waits for
// clients; without that, and from 256 MiB on, everything has its ordinary size. A queue between two nodes always holds
// a whole stream that is sent again: if it did not, the stream would begin again for ever.
func TestLimitsFollowMaxWaitingBytes(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct{ waiting, unmet, reads int }{
		{1, 4 * mib, 1},
		{4 * mib, 4 * mib, 16 << 10},
		{64*mib - 1, 4 * mib, 256<<10 - 1},
		{64 * mib, 4 * mib, 256 << 10},
		{128 * mib, 8 * mib, 512 << 10},
		{256 * mib, 16 * mib, 1 << 20},
		{1 << 30, 16 * mib, 4 << 20},
	} {
		o := DefaultOptions()
		o.MaxWaitingBytes = c.waiting
		e := o.engineOptions()
		if e.MaxUnmetBytes != c.unmet || e.MaxWaitingReads != c.reads || e.MaxWaitingBytes != c.waiting {
			t.Errorf("%d bytes may wait: %d unmet, %d reads", c.waiting, e.MaxUnmetBytes, e.MaxWaitingReads)
		}
		if queue := o.peerQueueBytes(); queue < 2*(e.MaxUnmetBytes+pieceBytes) {
			t.Errorf("%d bytes may wait: a queue between nodes has room for %d", c.waiting, queue)
		}
	}
}
