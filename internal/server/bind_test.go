package server

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPlaces_AreWhatRedisMeansByThem(t *testing.T) {
	for text, want := range map[string]struct {
		first    place
		exposed  bool
		callable string
	}{
		"127.0.0.1":              {place{"127.0.0.1", "tcp", false}, false, "127.0.0.1"},
		"127.0.0.1 -::1":         {place{"127.0.0.1", "tcp", false}, false, "127.0.0.1"},
		"-::1 127.0.0.1":         {place{"::1", "tcp", true}, false, "::1"},
		"*":                      {place{"0.0.0.0", "tcp4", false}, true, ""},
		"0.0.0.0":                {place{"0.0.0.0", "tcp4", false}, true, ""},
		"* -::*":                 {place{"0.0.0.0", "tcp4", false}, true, ""},
		"::":                     {place{"::", "tcp6", false}, true, ""},
		"-::*":                   {place{"::", "tcp6", true}, true, ""},
		"127.0.0.1 10.0.0.1":     {place{"127.0.0.1", "tcp", false}, true, "10.0.0.1"},
		"10.0.0.1 10.0.0.2":      {place{"10.0.0.1", "tcp", false}, true, "10.0.0.1"},
		"* 10.0.0.2":             {place{"0.0.0.0", "tcp4", false}, true, "10.0.0.2"},
		"localhost node.example": {place{"localhost", "tcp", false}, true, "node.example"},
	} {
		all := places(strings.Fields(text))
		if len(all) != len(strings.Fields(text)) || all[0] != want.first || exposed(all) != want.exposed ||
			callable(all) != want.callable {
			t.Errorf("%q is %+v, exposed %v, called %q; want %+v", text, all, exposed(all), callable(all), want)
		}
	}
}

// Who names an address twice means it once: the node must not wait for a port that it has itself.
func TestPlaces_TheSameTwiceIsOne(t *testing.T) {
	for text, want := range map[string][]place{
		"127.0.0.1 127.0.0.1":      {{"127.0.0.1", "tcp", false}},
		"-127.0.0.1 127.0.0.1":     {{"127.0.0.1", "tcp", false}},
		"127.0.0.1 -127.0.0.1":     {{"127.0.0.1", "tcp", false}},
		"-::1 -::1":                {{"::1", "tcp", true}},
		"* 0.0.0.0 ::* -::":        {{"0.0.0.0", "tcp4", false}, {"::", "tcp6", false}},
		"10.0.0.1 ::1 10.0.0.1 ::": {{"10.0.0.1", "tcp", false}, {"::1", "tcp", false}, {"::", "tcp6", false}},
	} {
		if all := places(strings.Fields(text)); !slices.Equal(all, want) {
			t.Errorf("%q is %+v, want %+v", text, all, want)
		}
	}
}

// quiet is a log that goes nowhere.
func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// A connection to any of the addresses is accepted; after Close, none.
func TestListen_TakesAPortOnEveryAddress(t *testing.T) {
	port := freePort(t)
	hosts := []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}
	listener, err := listen("port", places(append(hosts, "-203.0.113.1")), port, quiet(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := accepted.RemoteAddr().String(), conn.LocalAddr().String(); got != want {
			t.Errorf("%s: accepted %s, want %s", host, got, want)
		}
		_, _ = accepted.Close(), conn.Close()
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if conn, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v, %v", conn, err)
	}
	for _, host := range hosts {
		if conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port))); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s still answers: %v, %v", host, conn, err)
		}
	}
}

func TestListen_AnAddressThatIsMissingIsNamed(t *testing.T) {
	port := freePort(t)
	for text, want := range map[string]string{
		"127.0.0.1 203.0.113.1":  "203.0.113.1 is no address of this machine",
		"-203.0.113.1":           "none of the addresses",
		"-203.0.113.1 127.0.0.1": "",
	} {
		listener, err := listen("port", places(strings.Fields(text)), port, quiet(), nil)
		if err == nil {
			err = errors.Join(listener.Close(), nil)
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// The port is free again before the patience ends.
func TestListen_WaitsForAPortThatIsTaken(t *testing.T) {
	holder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := holder.Addr().(*net.TCPAddr).Port
	log := make(notes, 1)
	logger := slog.New(slog.NewTextHandler(log, nil))
	got := make(chan error)
	go func() {
		listener, err := listen("peer-port", places([]string{"127.0.0.1"}), port, logger, nil)
		if err == nil {
			err = listener.Close()
		}
		got <- err
	}()
	if line := <-log; !strings.Contains(line, "taken by another process") { // the first try has failed
		t.Errorf("the log says %s", line)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("the port is free: %v", err)
	}
}

// notes hands over the lines of a log.
type notes chan string

func (n notes) Write(line []byte) (int, error) {
	n <- string(line)
	return len(line), nil
}

func TestListen_ASignalEndsTheWait(t *testing.T) {
	holder, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	stop := make(chan os.Signal, 1)
	stop <- syscall.SIGTERM
	began := time.Now()
	_, err = listen("port", places([]string{"127.0.0.1"}), holder.Addr().(*net.TCPAddr).Port, quiet(), stop)
	if !errors.Is(err, errStopped) || time.Since(began) > takenPeriod/2 {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
