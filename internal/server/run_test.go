package server

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// timeout(1) signals a process and, at once, the group that it is in: that is one wish. Later it is another one.
func TestStop_SignalsAtTheSameTimeAreOne(t *testing.T) {
	moments := []time.Duration{0, 1, sameStop - 1, sameStop, sameStop + 1, 3 * sameStop}
	wanted := 3
	received, now := make(chan os.Signal), make(chan time.Time, len(moments))
	stop := distinct(received, func() time.Time { return <-now })
	go func() {
		for _, at := range moments {
			now <- time.Unix(1000, 0).Add(at)
			received <- syscall.SIGTERM
		}
	}()
	for range wanted {
		select {
		case <-stop:
		case <-time.After(time.Minute):
			t.Fatal("a signal that was meant is lost")
		}
	}
	select {
	case <-stop:
		t.Fatal("a signal counts twice")
	default:
	}
}
