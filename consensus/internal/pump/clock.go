package pump

import "github.com/raftredis/raftredis/consensus/internal/engine"

// setClockHint is what an operator can do about a clock that is wrong.
const setClockHint = "set it, with NTP or by hand; keys with EXAT or PXAT end by the clocks of a majority, " +
	"relative times (EX, PX, EXPIRE) are not affected"

// logClock tells when this node's clock and wall time of the cluster come to differ by more than a second and when they
// agree again, when the cluster corrects wall time, and when the voters' clocks do not agree.
func (r *Runner) logClock(old, now *engine.Status) {
	if old == nil {
		old = &engine.Status{}
	}
	was, is, logger := old.Clock, now.Clock, r.effects.Logger
	switch {
	case was.AheadSeconds == 0 && is.AheadSeconds != 0:
		logger.Warn("this node's clock differs from the time of the cluster: "+setClockHint,
			"node", now.ID, "ahead_seconds", is.AheadSeconds)
	case was.AheadSeconds != 0 && is.AheadSeconds == 0:
		logger.Info("this node's clock agrees with the time of the cluster again", "node", now.ID)
	}
	if moved := int64(is.Offset-was.Offset) / 1000; moved != 0 && old.ID != 0 {
		logger.Info("the cluster's wall time was corrected by the voters' clocks: keys with EXAT or PXAT end by it",
			"node", now.ID, "seconds", moved)
	}
	switch {
	case !was.Apart && is.Apart:
		logger.Warn("the voters' clocks do not agree, not even a majority of them, so the cluster's time follows none: "+
			"set them, with NTP or by hand", "node", now.ID)
	case was.Apart && !is.Apart && now.Role == old.Role:
		logger.Info("the clocks of a majority of the voters agree again", "node", now.ID)
	}
}
