// Package access keeps when, or how often, a key was used: OBJECT IDLETIME and OBJECT FREQ, as Redis has them, in 24
// bits that any number of readers write beside each other.
//
// It is an observation of one node, like what INFO tells, and no part of a state: nodes of one cluster differ, and no
// write and no other read depends on it.
//
//	by recency      the second of the last use
//	by frequency    the minute of the last use, and a logarithmic counter: the more there was, the less likely a use
//	                raises it; for each minute without a use it falls by one
//
// Both wrap, as in Redis: seconds after 194 days, minutes after 45.
package access

// Mark is what is kept of the uses of a key. The zero mark is that of a key which was there from the beginning.
type Mark uint32

const (
	// markBits is the width of a mark: the lower part has lowBits.
	markBits, lowBits = 24, 16
	markMask, lowMask = 1<<markBits - 1, 1<<lowBits - 1

	// The counter of a new key, its highest value, and how much less likely each step is than the one before.
	firstCount, maxCount, countFactor = 5, 255, 10

	secondsPerMinute = 60
)

// Use is a use of a key: its time, and what is kept.
type Use struct {
	// Seconds have passed since the beginning, which is that of the state in this process.
	Seconds int64
	// ByFrequency says that how often keys are used is kept, and not when they were.
	ByFrequency bool
	// Unnoted says that the use leaves a mark as it is.
	Unnoted bool
}

// First is the mark of a new key.
func (u Use) First() Mark {
	if u.ByFrequency {
		return counted(u.minutes(), firstCount)
	}
	return Mark(u.Seconds & markMask)
}

// After is the mark behind a use. chance decides whether a counter rises; all its values are equally likely.
func (u Use) After(m Mark, chance uint64) Mark {
	switch {
	case u.Unnoted:
		return m
	case !u.ByFrequency:
		return Mark(u.Seconds & markMask)
	}
	count := u.Count(m)
	if count < maxCount && chance < ^uint64(0)/uint64(max(count-firstCount, 0)*countFactor+1) {
		count++
	}
	return counted(u.minutes(), count)
}

// Idle is the mark of a key that was last used so many seconds ago.
func (u Use) Idle(seconds int64) Mark { return Mark((u.Seconds - seconds) & markMask) }

// Counted is the mark of a key with a counter, from 0 to 255.
func (u Use) Counted(count int64) Mark { return counted(u.minutes(), count) }

// IdleSeconds is how long the key was not used, by recency.
func (u Use) IdleSeconds(m Mark) int64 { return (u.Seconds - int64(m)) & markMask }

// Count is the counter now, by frequency: one less for each minute without a use.
func (u Use) Count(m Mark) int64 {
	count := int64(m>>lowBits) ^ firstCount
	return max(count-(u.minutes()-int64(m))&lowMask, 0)
}

func (u Use) minutes() int64 { return u.Seconds / secondsPerMinute & lowMask }

// counted puts a mark together. The first counter is 0 in it, so that the zero mark is that of a key without uses.
func counted(minutes, count int64) Mark { return Mark((count^firstCount)<<lowBits | minutes) }

// Low and High are the parts of a mark, which lie in two places. By frequency each means something by itself. By
// recency High changes every 18 hours: who reads between the two changes sees the key used that much earlier or later.
func (m Mark) Low() uint16 { return uint16(m) }

// High is the other part.
func (m Mark) High() uint8 { return uint8(m >> lowBits) }

// MarkOf puts the parts together.
func MarkOf(low uint16, high uint8) Mark { return Mark(high)<<lowBits | Mark(low) }
