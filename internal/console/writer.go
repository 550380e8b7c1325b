package console

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"
)

// Limits of the log on its way to standard error.
const (
	maxLines     = 1024
	MaxLineBytes = 4 << 10
	// logFlushPeriod is how long the end of the process waits for the last lines.
	flushPeriod = time.Second
)

// Writer never waits for the reader of the other end. The readers of standard error are pipes, terminals and log
// collectors. All of them stop reading now and then, and a node must not stop with them. Up to maxLines lines wait.
// More lines are dropped; a line of its own counts them as soon as there is room. Errors of the destination are
// ignored: no place is left to report them.
type Writer struct {
	queue   chan logLine
	dropped atomic.Int64
}

// logLine is a line, a new text for the line that moves, or a request to close written after everything before it.
type logLine struct {
	text    []byte
	moving  bool
	written chan struct{}
}

// newPatientWriter starts the goroutine that writes; it lives as long as the process.
func NewWriter(destination io.Writer) *Writer {
	w := &Writer{queue: make(chan logLine, maxLines)}
	go w.carry(destination, IsTerminal(destination))
	return w
}

// Write takes a line. It never fails and never waits.
func (w *Writer) Write(line []byte) (int, error) {
	text := bytes.Clone(line[:min(len(line), MaxLineBytes)])
	if len(text) < len(line) {
		text = append(text, "…\n"...)
	}
	select {
	case w.queue <- logLine{text: text}:
	default:
		w.dropped.Add(1)
	}
	return len(line), nil
}

// status puts a text into the last line of a terminal, below the log, where the next one takes its place; none removes
// the line. Elsewhere than on a terminal nothing is written, and one that comes when much waits is lost.
func (w *Writer) status(text string) {
	select {
	case w.queue <- logLine{text: []byte(Overwrite(text)), moving: true}:
	default:
	}
}

// carry writes. A destination that is a terminal moves: it has a line below the log.
func (w *Writer) carry(destination io.Writer, moves bool) {
	var below []byte
	for line := range w.queue {
		if line.written != nil {
			close(line.written)
			continue
		}
		if line.moving {
			if moves && !bytes.Equal(line.text, below) {
				below = line.text
				_, _ = destination.Write(below)
			}
			continue
		}
		if n := w.dropped.Swap(0); n > 0 {
			fmt.Fprintf(destination, "raftredis: %d lines of the log were dropped: their reader was too slow\n", n)
		}
		if below != nil {
			line.text = slices.Concat([]byte(Overwrite("")), line.text, below)
		}
		_, _ = destination.Write(line.text) // no place is left to report an error
	}
}

// Flush waits until everything was written that came before, but not long.
func (w *Writer) Flush() {
	timer := time.NewTimer(flushPeriod)
	defer timer.Stop()
	written := make(chan struct{})
	select {
	case w.queue <- logLine{written: written}:
	case <-timer.C:
		return
	}
	select {
	case <-written:
	case <-timer.C:
	}
}
