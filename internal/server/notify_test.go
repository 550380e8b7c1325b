package server

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A service manager hears of each state once; without one nothing happens.
func TestNotify_TheManagerHearsEachStateOnce(t *testing.T) {
	t.Setenv(notifyVariable, "")
	newNotifier().tell("READY=1")
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv(notifyVariable, name)
	n := newNotifier()
	defer n.close()
	n.tell("READY=1")
	n.status("waiting")
	n.status("waiting")
	n.status("serving")
	n.tell("STOPPING=1")
	for _, want := range []string{"READY=1", "STATUS=waiting", "STATUS=serving", "STOPPING=1"} {
		buffer := make([]byte, 100)
		if err := manager.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		length, err := manager.Read(buffer)
		if got := string(buffer[:length]); err != nil || got != want {
			t.Fatalf("the manager hears %q, %v, want %q", got, err, want)
		}
	}
}

// A manager that does not read keeps no node from its work.
func TestNotify_AManagerThatDoesNotReadIsNotWaitedFor(t *testing.T) {
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv(notifyVariable, name)
	n := newNotifier()
	defer n.close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for began := time.Now(); time.Since(began) < notifyPeriod; { // the one that waits ends it
			began = time.Now()
			n.tell("STATUS=" + began.String())
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it waits for the manager")
	}
}
