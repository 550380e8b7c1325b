package main

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// written is what a patient writer makes of what is put into it.
func written(moves bool, put func(w *patientWriter)) string {
	var b bytes.Buffer
	w := &patientWriter{queue: make(chan logLine, logLines)}
	put(w)
	close(w.queue)
	w.carry(&b, moves)
	return b.String()
}

func TestProgress_ALineMovesBelowTheLogOnATerminalOnly(t *testing.T) {
	put := func(w *patientWriter) {
		w.status("10 %")
		w.status("10 %") // the same is not written again
		_, _ = w.Write([]byte("a line\n"))
		w.status("20 %")
		w.status("")
		_, _ = w.Write([]byte("the end\n"))
	}
	if got := written(false, put); got != "a line\nthe end\n" {
		t.Errorf("into a file: %q", got)
	}
	const erase = "\r\x1b[K"
	want := erase + "10 %" + erase + "a line\n" + erase + "10 %" + erase + "20 %" + erase + erase + "the end\n" + erase
	if got := written(true, put); got != want {
		t.Errorf("on a terminal: %q, want %q", got, want)
	}
	long := overwrite(strings.Repeat("é", 200))
	if n := len([]rune(strings.TrimPrefix(long, erase))); n != statusColumns {
		t.Errorf("a long line has %d columns", n)
	}
}

// The log hears of a stage when it begins, and now and then after that.
func TestProgress_TheLogHearsOfItNowAndThen(t *testing.T) {
	var b bytes.Buffer
	began := time.Unix(1000, 0)
	w := waiting{
		logger: slog.New(slog.NewTextHandler(&b, nil)), began: began,
		output: &patientWriter{queue: make(chan logLine, logLines)},
	}
	for at := time.Duration(0); at < 10*progressNews; at += progressMoves {
		s := stage{text: "waiting"}
		if at >= 8*progressNews {
			s = stage{"catching up", uint64(at.Seconds()), 100, "entries"}
		}
		w.show(s, began.Add(at))
	}
	var said []string
	for line := range strings.Lines(b.String()) {
		said = append(said, strings.TrimSpace(line[strings.Index(line, "msg="):]))
	}
	want := []string{
		`msg=waiting`, `msg=waiting seconds=5`, `msg=waiting seconds=15`, `msg=waiting seconds=35`,
		`msg="catching up" entries=40 of=100 seconds=40`, `msg="catching up" entries=45 of=100 seconds=45`,
	}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("the log says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}

func TestProgress_SaysHowFarItIs(t *testing.T) {
	for want, s := range map[string]stage{
		"a":                        {text: "a"},
		"a: 1 of 3 entries, 33 %":  {"a", 1, 3, "entries"},
		"a: 0 of 0 entries, 100 %": {"a", 0, 0, "entries"},
		"a: 7 of 5 entries, 100 %": {"a", 7, 5, "entries"},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestProgress_AMeterWritesWholeLinesIntoAFile(t *testing.T) {
	var b bytes.Buffer
	m := &meter{err: &b}
	m.begin("reading", 100)
	_ = m.add(10)
	if b.Len() > 0 {
		t.Errorf("after no time at all: %q", b.String())
	}
	m.told = m.told.Add(-progressNews)
	_ = m.add(10)
	m.end()
	if got := b.String(); got != "reading: 20 of 100 bytes, 20 %\n" {
		t.Errorf("after %v: %q", progressNews, got)
	}
}

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
