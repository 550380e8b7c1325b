package console

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"
)

const (
	// progressNews is the time between two lines of the log about work that takes long. For work of unknown length the
	// time doubles with each line, up to maxProgressNews: a node may wait for days.
	progressNews    = 5 * time.Second
	maxProgressNews = 5 * time.Minute
	// ProgressMoves is how often the line on a terminal moves.
	ProgressMoves = 200 * time.Millisecond
	// statusColumns is the length of that line: a line that the terminal wraps could not be written over.
	statusColumns = 79
)

// IsTerminal reports whether w is a terminal that can move its cursor.
func IsTerminal(w io.Writer) bool {
	file, is := w.(*os.File)
	if !is || os.Getenv("TERM") == "dumb" {
		return false
	}
	return term.IsTerminal(int(file.Fd()))
}

// Stage is what a node is doing before it serves.
type Stage struct {
	Text string
	// Done of Total is how far it is, counted in What. An empty What means that this is unknown.
	Done, Total uint64
	What        string
}

// Waiting reports what a node does before it serves: on a terminal in one line that moves, in the log when a stage
// begins, and now and then how far it is.
type Waiting struct {
	Logger *slog.Logger
	Output *Writer
	// Began is when the first stage began. The log got its last line at reported, and gets the next one after pause.
	Began, reported time.Time
	pause           time.Duration
	last            string
}

// Show reports the present stage.
func (w *Waiting) Show(s Stage, now time.Time) {
	seconds := int(now.Sub(w.Began).Seconds())
	w.Output.status(fmt.Sprintf("%s (%d s)", s, seconds))
	news := s.Text != w.last
	switch {
	case !news && now.Sub(w.reported) < w.pause:
		return
	case news && s.What == "":
		w.Logger.Info(s.Text)
	default:
		w.Logger.Info(s.Text, s.attributes(seconds)...)
	}
	if news || s.What != "" {
		w.pause = progressNews
	} else {
		w.pause = min(2*w.pause, maxProgressNews)
	}
	w.last, w.reported = s.Text, now
}

// End removes the line from the terminal.
func (w *Waiting) End() { w.Output.status("") }

func (s Stage) attributes(seconds int) []any {
	if s.What == "" {
		return []any{"seconds", seconds}
	}
	return []any{s.What, s.Done, "of", s.Total, "seconds", seconds}
}

// String is the stage in a line.
func (s Stage) String() string {
	if s.What == "" {
		return s.Text
	}
	return fmt.Sprintf("%s: %d of %d %s, %d %%", s.Text, s.Done, s.Total, s.What, percent(s.Done, s.Total))
}

func percent(done, total uint64) int {
	if total == 0 {
		return 100
	}
	return int(100 * float64(min(done, total)) / float64(total))
}

// Meter reports how far a tool is that reads much.
type Meter struct {
	Err      io.Writer
	moving   bool
	what     string
	done     uint64
	total    uint64
	reported time.Time
}

// Begin starts with a piece of work, of so many bytes.
func (m *Meter) Begin(what string, bytes uint64) {
	m.moving = IsTerminal(m.Err)
	m.what, m.done, m.total, m.reported = what, 0, bytes, time.Now()
}

// Add counts bytes that were read, and now and then reports. It never fails: its signature is that of a reader's pace.
func (m *Meter) Add(bytes int) error {
	m.done += uint64(bytes)
	period := progressNews
	if m.moving {
		period = ProgressMoves
	}
	if time.Since(m.reported) < period {
		return nil
	}
	m.reported = time.Now()
	text := Stage{m.what, m.done, m.total, "bytes"}.String()
	if m.moving {
		fmt.Fprint(m.Err, Overwrite(text))
	} else {
		fmt.Fprintln(m.Err, text)
	}
	return nil
}

// End removes the line from the terminal.
func (m *Meter) End() {
	if m.moving {
		fmt.Fprint(m.Err, Overwrite(""))
	}
}

// Overwrite returns the text with what makes it replace the cursor's line.
func Overwrite(text string) string {
	const eraseLine = "\r\x1b[K"
	if runes := []rune(text); len(runes) > statusColumns {
		text = string(runes[:statusColumns-1]) + "…"
	}
	return eraseLine + text
}
