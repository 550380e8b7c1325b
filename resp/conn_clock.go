package resp

import "time"

// moment is a point of this process's monotonic clock, counted from its start. Reading that clock alone costs half of
// what time.Now does, and for a small command time.Now would cost as much as all else that is done for it. The zero
// moment is none.
type moment time.Duration

// now is the time of day, and the monotonic time with it.
func (s *Server) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// moment is the present moment.
func (s *Server) moment() moment {
	if s.clock != nil {
		return moment(s.clock().Sub(s.started))
	}
	return moment(time.Since(s.started))
}

// recently is a moment that is past by watchPeriod or a little more, for what need not be known better. It costs
// nothing: the server's watch notes it.
func (s *Server) recently() moment {
	if noted := s.noted.Load(); noted != 0 {
		return moment(noted)
	}
	return s.moment() // there is no watch
}

// since is the time that has passed since a moment.
func (s *Server) since(m moment) time.Duration { return time.Duration(s.moment() - m) }
