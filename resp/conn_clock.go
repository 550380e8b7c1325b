package resp

import "time"

// monotonic is a point of this process's monotonic clock, counted from its start. Reading that clock alone costs half
// of what time.Now does, and for a small command time.Now would cost as much as all else that is done for it. The zero
// value is none.
type monotonic time.Duration

// now is the time of day, and the monotonic time with it.
func (s *Server) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// monotonic is the present time.
func (s *Server) monotonic() monotonic {
	if s.clock != nil {
		return monotonic(s.clock().Sub(s.started))
	}
	return monotonic(time.Since(s.started))
}

// recently is a moment that is past by watchPeriod or a little more, for what need not be known better. It costs
// nothing: the server's watch notes it.
func (s *Server) recently() monotonic {
	if noted := s.noted.Load(); noted != 0 {
		return monotonic(noted)
	}
	return s.monotonic() // there is no watch
}

// since is the time that has passed since a moment.
func (s *Server) since(m monotonic) time.Duration { return time.Duration(s.monotonic() - m) }
