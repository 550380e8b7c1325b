package console

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// written is what a patient writer makes of what is put into it.
func written(moves bool, put func(w *Writer)) string {
	var b bytes.Buffer
	w := &Writer{queue: make(chan logLine, maxLines)}
	put(w)
	close(w.queue)
	w.carry(&b, moves)
	return b.String()
}

func TestProgress_ALineMovesBelowTheLogOnATerminalOnly(t *testing.T) {
	put := func(w *Writer) {
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
	long := Overwrite(strings.Repeat("é", 200))
	if n := len([]rune(strings.TrimPrefix(long, erase))); n != statusColumns {
		t.Errorf("a long line has %d columns", n)
	}
}

// The log hears of a stage when it begins, and now and then after that.
func TestProgress_TheLogHearsOfItNowAndThen(t *testing.T) {
	var b bytes.Buffer
	began := time.Unix(1000, 0)
	w := Waiting{
		Logger: slog.New(slog.NewTextHandler(&b, nil)), Began: began,
		Output: &Writer{queue: make(chan logLine, maxLines)},
	}
	for at := time.Duration(0); at < 10*progressNews; at += ProgressMoves {
		s := Stage{Text: "waiting"}
		if at >= 8*progressNews {
			s = Stage{"catching up", uint64(at.Seconds()), 100, "entries"}
		}
		w.Show(s, began.Add(at))
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
	for want, s := range map[string]Stage{
		"a":                        {Text: "a"},
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
	m := &Meter{Err: &b}
	m.Begin("reading", 100)
	_ = m.Add(10)
	if b.Len() > 0 {
		t.Errorf("after no time at all: %q", b.String())
	}
	m.reported = m.reported.Add(-progressNews)
	_ = m.Add(10)
	m.End()
	if got := b.String(); got != "reading: 20 of 100 bytes, 20 %\n" {
		t.Errorf("after %v: %q", progressNews, got)
	}
}
