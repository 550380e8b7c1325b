package resp

import "time"

// moment is a point of this process's monotonic clock, counted from its start. Reading that clock alone costs half of
// what time.Now does, and for a small command time.Now would cost as much as all else that is done for it. The zero
// moment is none.
type moment time.Duration

// now is the time of day, and the monotonic time with it.
func (f *front) now() time.Time {
	if f.clock != nil {
		return f.clock()
	}
	return time.Now()
}

// moment is the present moment.
func (f *front) moment() moment {
	if f.clock != nil {
		return moment(f.clock().Sub(f.started))
	}
	return moment(time.Since(f.started))
}

// recently is a moment that is past by watchPeriod or a little more, for what need not be known better. It costs
// nothing: the server's watch notes it.
func (f *front) recently() moment {
	if noted := f.noted.Load(); noted != 0 {
		return moment(noted)
	}
	return f.moment() // there is no watch
}

// since is the time that has passed since a moment.
func (f *front) since(m moment) time.Duration { return time.Duration(f.moment() - m) }
