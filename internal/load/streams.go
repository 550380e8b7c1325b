package load

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// readBytes is how much is read at once.
const readBytes = 64 << 10

// driveStreams is the driver for systems without epoll: a goroutine for each connection.
func driveStreams(ctx context.Context, p *plan, rec *recorder, members []member) (busy float64, err error) {
	var all sync.WaitGroup
	failures := make([]error, len(members))
	for i, m := range members {
		all.Go(func() {
			s := stream{member: m, plan: p, rec: rec, buffer: make([]byte, readBytes)}
			failures[i] = s.work(ctx)
			s.close()
		})
	}
	all.Wait()
	for _, failure := range failures {
		if failure == nil {
			return -1, nil
		}
	}
	return -1, failures[0]
}

// stream is a link with its connection, nil if that is broken.
type stream struct {
	member
	plan   *plan
	rec    *recorder
	buffer []byte
}

func (s *stream) close() {
	if s.conn != nil {
		_ = s.conn.Close() // what counts was read
		s.conn = nil
	}
}

// work goes on until the link is idle. The error is that no server can be reached.
func (s *stream) work(ctx context.Context) error {
	for {
		if s.conn == nil {
			if err := s.connect(ctx); err != nil || s.conn == nil {
				return err
			}
		}
		if s.turn() {
			return nil
		}
	}
}

// turn sends what is to be sent, and waits for something to come, or to be due. It reports whether the link is idle.
func (s *stream) turn() (idle bool) {
	s.rec.mu.Lock()
	now := s.plan.now()
	if now >= s.plan.dead {
		s.giveUp(now)
	}
	s.fill(now)
	wake := min(s.next(), now+int64(tickPeriod))
	idle = s.idle() || s.plan.stopped.Load()
	overdue := s.overdue(now)
	s.rec.mu.Unlock()
	switch {
	case idle:
		return true
	case overdue:
		s.broken(KindTimeout, "no reply within "+s.plan.Timeout.String())
		return false
	}
	if len(s.out) > 0 {
		_ = s.conn.SetWriteDeadline(s.plan.base.Add(time.Duration(now) + s.plan.Timeout)) // a failure shows in Write
		if _, err := s.conn.Write(s.out); err != nil {
			s.broken(KindBroken, err.Error())
			return false
		}
		s.out = s.out[:0]
	}
	_ = s.conn.SetReadDeadline(s.plan.base.Add(time.Duration(wake))) // a failure shows in Read
	n, err := s.conn.Read(s.buffer)
	s.rec.mu.Lock()
	faulty := s.feed(s.buffer[:n], s.plan.now())
	s.rec.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) || faulty != nil {
		s.broken(KindBroken, errors.Join(err, faulty).Error())
	}
	return false
}

// broken ends the connection. What was under way has failed.
func (s *stream) broken(kind, text string) {
	s.rec.mu.Lock()
	defer s.rec.mu.Unlock()
	s.rec.broken++
	s.fail(kind, text, s.plan.now())
	s.close()
}

// connect dials again. Without a connection and without an error there is nothing more to send.
func (s *stream) connect(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := s.plan.now()
	s.conn = s.plan.redial(ctx, s.number+1, func(failure error) {
		s.rec.mu.Lock()
		defer s.rec.mu.Unlock()
		s.rec.undialled++
		s.rec.dialError = failure.Error()
		now := s.plan.now()
		switch s.look(now); {
		case now-began > int64(s.plan.Timeout):
			err = s.plan.unreachable(failure.Error())
			s.giveUp(now)
			cancel()
		case now >= s.plan.dead:
			s.giveUp(now)
			cancel()
		case s.ended:
			cancel()
		}
	})
	s.number++
	s.rec.mu.Lock()
	defer s.rec.mu.Unlock()
	s.renew(s.plan.now())
	return err
}
