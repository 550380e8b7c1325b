package keyspace

import "math"

// Now is the time by which keys end, in milliseconds: log time, which follows elapsed time and never goes back, and
// wall time, which follows the clocks of the cluster's voters since 1970 UTC.
type Now struct{ Log, Wall int64 }

// offset is what has to be added to log time to get wall time.
func (n Now) offset() int64 { return n.Wall - n.Log }

// at is the time at a log time, with the same offset.
func (n Now) at(log int64) Now { return Now{Log: log, Wall: log + n.offset()} }

// Deadline says from when on a key is absent. 0 is never. A positive one is absolute: a moment of wall time, as EXAT
// gives it. A negative one is relative: the moment -d of log time, which EX gives as so long from now. So each keeps
// its 63 bits, and an entry no word more.
type Deadline int64

// At is the deadline at a moment of wall time. One before 1970 is as good as the first millisecond of it.
func At(wall int64) Deadline { return Deadline(max(wall, 1)) }

// AtLog is the deadline at a moment of log time.
func AtLog(log int64) Deadline { return Deadline(-max(log, 1)) }

// Relative reports whether it is a moment of log time.
func (d Deadline) Relative() bool { return d < 0 }

// millis is the number of milliseconds, of log time or wall time.
func (d Deadline) millis() int64 {
	if d < 0 {
		return int64(-d)
	}
	return int64(d)
}

// passed reports whether the deadline has come.
func (d Deadline) passed(now Now) bool {
	if d < 0 {
		return int64(-d) <= now.Log
	}
	return d != 0 && int64(d) <= now.Wall
}

// Left is the time from now to the deadline.
func (d Deadline) Left(now Now) int64 {
	if d < 0 {
		return int64(-d) - now.Log
	}
	return int64(d) - now.Wall
}

// Wall is the moment of wall time, as far as that is known now: the time left is certain, the offset of a relative
// deadline may be another one by then. It is 0 for never, and at least 1 otherwise.
func (d Deadline) Wall(now Now) int64 {
	if d >= 0 {
		return int64(d)
	}
	return max(plus(int64(-d), now.offset()), 1)
}

// plus is a + b, or the last moment of all time if that is before it; a is not negative.
func plus(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}
