package pump

import (
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus/internal/engine"
)

// G12: While the machine is shown a piece of a large body, the state may be read: what it does with the piece does not
// hold up others.
func TestAPieceIsShownWhileReadsGoOn(t *testing.T) {
	h := newHub()
	disks := newDisks(1)
	disks[0].options.PieceBytes, disks[0].options.MaxPieceBytes = 100, 100
	r := h.start(t, disks[0])
	shown, heldUp := 0, 0
	r.machine.prepared = func(body []byte, totalBytes int) {
		if r.machineLock.TryRLock() {
			r.machineLock.RUnlock()
		} else {
			heldUp++
		}
		shown++
	}
	body := strings.Repeat("0123456789", 100)
	if b := r.propose(t, body); b.Outcome != engine.Done {
		t.Fatalf("the large body ended as %v", b.Outcome)
	}
	if shown != 10 || heldUp != 0 || r.machine.count(body) != 1 {
		t.Errorf("shown %d times, and with reads held up %d times; want 10 and 0", shown, heldUp)
	}
}
