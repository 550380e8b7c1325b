package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

const (
	// progressNews is how often the log hears of work that takes long. Where nothing can be said of how far it is, the
	// time doubles with each line, up to mostProgressNews: a node may wait for days.
	progressNews     = 5 * time.Second
	mostProgressNews = 5 * time.Minute
	// progressMoves is how often the line on a terminal moves.
	progressMoves = 200 * time.Millisecond
	// statusColumns is how long that line may be: it must not be wrapped, or it could not be written over.
	statusColumns = 79
)

// terminal reports whether somebody looks at what is written there.
func terminal(w io.Writer) bool {
	file, is := w.(*os.File)
	if !is || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// stage is what a node is doing before it serves.
type stage struct {
	text string
	// done of total is how far it is, in what; nothing is known if what is empty.
	done, total uint64
	what        string
}

// waiting tells of a node that does not serve yet: on a terminal in one line that moves, in the log when there is
// something new, and now and then how far it is.
type waiting struct {
	logger *slog.Logger
	output *patientWriter
	// began is when the first stage began, told when the log heard of one last, for the next time after pause.
	began, told time.Time
	pause       time.Duration
	last        string
}

// show tells of the present stage.
func (w *waiting) show(s stage, now time.Time) {
	seconds := int(now.Sub(w.began).Seconds())
	w.output.status(fmt.Sprintf("%s (%d s)", s, seconds))
	news := s.text != w.last
	switch {
	case !news && now.Sub(w.told) < w.pause:
		return
	case news && s.what == "":
		w.logger.Info(s.text)
	default:
		w.logger.Info(s.text, s.attributes(seconds)...)
	}
	if news || s.what != "" {
		w.pause = progressNews
	} else {
		w.pause = min(2*w.pause, mostProgressNews)
	}
	w.last, w.told = s.text, now
}

// end removes the line from the terminal.
func (w *waiting) end() { w.output.status("") }

func (s stage) attributes(seconds int) []any {
	if s.what == "" {
		return []any{"seconds", seconds}
	}
	return []any{s.what, s.done, "of", s.total, "seconds", seconds}
}

// String is the stage in a line.
func (s stage) String() string {
	if s.what == "" {
		return s.text
	}
	return fmt.Sprintf("%s: %d of %d %s, %d %%", s.text, s.done, s.total, s.what, percent(s.done, s.total))
}

func percent(done, total uint64) int {
	if total == 0 {
		return 100
	}
	return int(100 * float64(min(done, total)) / float64(total))
}

// meter tells how far a tool is that reads much.
type meter struct {
	err    io.Writer
	moving bool
	what   string
	done   uint64
	total  uint64
	told   time.Time
}

// begin starts with a piece of work, of so many bytes.
func (m *meter) begin(what string, bytes uint64) {
	m.moving = terminal(m.err)
	m.what, m.done, m.total, m.told = what, 0, bytes, time.Now()
}

// add counts bytes that were read; it never fails. It is a pace for the reader.
func (m *meter) add(bytes int) error {
	m.done += uint64(bytes)
	period := progressNews
	if m.moving {
		period = progressMoves
	}
	if time.Since(m.told) < period {
		return nil
	}
	m.told = time.Now()
	text := stage{m.what, m.done, m.total, "bytes"}.String()
	if m.moving {
		fmt.Fprint(m.err, overwrite(text))
	} else {
		fmt.Fprintln(m.err, text)
	}
	return nil
}

// end removes the line from the terminal.
func (m *meter) end() {
	if m.moving {
		fmt.Fprint(m.err, overwrite(""))
	}
}

// overwrite is what puts a text in the place of the line that the cursor is in.
func overwrite(text string) string {
	const eraseLine = "\r\x1b[K"
	if runes := []rune(text); len(runes) > statusColumns {
		text = string(runes[:statusColumns-1]) + "…"
	}
	return eraseLine + text
}
