package shortage

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestShortageHasALineAtItsBeginAndAtItsEnd(t *testing.T) {
	var text bytes.Buffer
	changes := 0
	l := New(slog.New(slog.NewTextHandler(&text, nil)), func() { changes++ })
	l.End("history") // it never waited
	for _, cause := range []string{"too many open files", "too many open files", "out of memory"} {
		l.Begin("history", errors.New(cause))
	}
	l.Begin("accept", errors.New("too many open files"))
	want := []string{"accept: too many open files", "history: out of memory"}
	if now := l.Now(); !slices.Equal(now, want) {
		t.Errorf("%q waits, want %q", now, want)
	}
	l.End("history")
	l.End("history")
	l.End("accept")
	if now := l.Now(); len(now) > 0 || l.Begun() != 2 {
		t.Errorf("%q waits still, %d waits were counted", now, l.Begun())
	}
	if changes != 6 {
		t.Errorf("%d changes were told, want 6", changes)
	}
	if lines := strings.Count(text.String(), "\n"); lines != 4 {
		t.Errorf("%d lines in the log, want 4:\n%s", lines, text.String())
	}
	l.Begin("history", errors.New("again"))
	if l.Begun() != 3 || len(l.Now()) != 1 {
		t.Errorf("a second wait is not counted: %d, %q", l.Begun(), l.Now())
	}
}

func TestNoLogNotesNothing(t *testing.T) {
	var l *Log
	l.Begin("accept", errors.New("too many open files"))
	l.End("accept")
	if l.Now() != nil || l.Begun() != 0 {
		t.Error("a log that is nil has noted something")
	}
}
