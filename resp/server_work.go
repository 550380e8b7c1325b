package resp

// start does work on a goroutine of its own. Close waits for it.
func (s *Server) start(work func()) {
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		work()
	}()
}
