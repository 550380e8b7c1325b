package resp

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// What a refused command would have changed the meaning of is refused, also where replies are off.
func TestABarHoldsWithoutReplies(t *testing.T) {
	store := newFakeStore(t)
	c := newClient(t, testServer(t, Options{Store: store}))
	c.send("SET n 1\r\nCLIENT REPLY OFF\r\nSELECT 4\r\nINCR n\r\nSELECT 0\r\n")
	if got := c.send("CLIENT REPLY ON\r\nGET n\r\n"); got != "+OK\r\n$1\r\n1\r\n" {
		t.Errorf("got %q", got)
	}
}

// One line a minute says that a client speaks HTTP, and from where.
func TestAnAttackByHTTPIsLoggedOnceAMinute(t *testing.T) {
	var log bytes.Buffer
	f := testServer(t, Options{Store: newFakeStore(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	now := f.started.Add(time.Hour)
	f.clock = func() time.Time { return now }
	for _, step := range []struct {
		after time.Duration
		lines int
	}{{0, 1}, {0, 1}, {attackLogPeriod - 1, 1}, {1, 2}, {0, 2}} {
		now = now.Add(step.after)
		for _, input := range []string{"POST / HTTP/1.1\r\n", "hOsT: x\r\n", bulk("post", "a"), "POST\r\n"} {
			c := newClient(t, f)
			c.conn.session.address = "203.0.113.7:4711"
			if got := c.send("SET a 1\r\n" + input + "SET a 2\r\n"); got != "+OK\r\n" || !c.ended {
				t.Errorf("%q is answered %q, ended %v", input, got, c.ended)
			}
		}
		if n := strings.Count(log.String(), "Possible SECURITY ATTACK detected"); n != step.lines {
			t.Errorf("%d lines, want %d:\n%s", n, step.lines, log.String())
		}
	}
	if !strings.Contains(log.String(), "203.0.113.7:4711") {
		t.Errorf("the log does not say from where: %s", log.String())
	}
	if n := f.metrics.ProtocolErrors.Since(); n != 0 {
		t.Errorf("%d violations of the protocol are counted", n)
	}
}

// from is a listener whose clients seem to come from elsewhere.
type from struct {
	net.Listener
	address net.Addr
}

type strangerConn struct {
	*net.TCPConn
	address net.Addr
}

func (l from) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return strangerConn{conn.(*net.TCPConn), l.address}, nil
}

func (c strangerConn) RemoteAddr() net.Addr { return c.address }

// Without a password, clients from elsewhere are denied, as in Redis.
func TestProtectedModeDeniesClientsFromElsewhere(t *testing.T) {
	for _, c := range []struct {
		address, password string
		off, served       bool
	}{
		{"127.0.0.1:1", "", false, true}, {"127.8.9.10:1", "", false, true}, {"[::1]:1", "", false, true},
		{"[::ffff:127.0.0.1]:1", "", false, true}, {"192.0.2.1:1", "", false, false}, {"[2001:db8::1]:1", "", false, false},
		{"128.0.0.1:1", "", false, false}, {"192.0.2.1:1", "secret", false, true}, {"192.0.2.1:1", "", true, true},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address, err := net.ResolveTCPAddr("tcp", c.address)
		if err != nil {
			t.Fatal(err)
		}
		tuning := tuned(func(t *Tuning) { t.Protected.Store(!c.off); t.Password.Store(c.password) })
		s := serveOn(t, Options{Store: newFakeStore(t), Tuning: tuning}, from{listener, address})
		p := s.dial()
		if !c.served {
			p.expect(denied)
			p.expectEnd()
			if n := s.server.metrics.Rejected.Since(); n != 1 {
				t.Errorf("%d clients are counted as rejected", n)
			}
			continue
		}
		p.send(bulk("AUTH", "secret") + "PING\r\n")
		if c.password == "" {
			p.expect("-" + authUnconfigured + "\r\n+PONG\r\n")
		} else {
			p.expect("+OK\r\n+PONG\r\n")
		}
	}
}
