package console

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// gate is a destination that writes only when it is told to.
type gate struct {
	open chan struct{}
	// reached, if not nil, is told of the first write.
	reached chan struct{}
	written bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	select {
	case g.reached <- struct{}{}:
	default:
	}
	<-g.open
	return g.written.Write(p)
}

func TestPatientWriter_DropsWhatNobodyTakesAndSaysHowMuch(t *testing.T) {
	g := &gate{open: make(chan struct{}), reached: make(chan struct{}, 1)}
	w := NewWriter(g)
	const extra = 50
	// One line is in the writer's hands, maxLines wait, the rest has no room.
	for i := range 1 + maxLines + extra {
		if i == 1 {
			<-g.reached
		}
		if n, err := fmt.Fprintf(w, "line %d\n", i); n == 0 || err != nil {
			t.Fatalf("line %d: %d bytes, %v", i, n, err)
		}
	}
	dropped := w.dropped.Load()
	if dropped != extra {
		t.Fatalf("%d lines were dropped, want %d", dropped, extra)
	}
	close(g.open)
	w.Flush()
	lines := strings.Split(strings.TrimSpace(g.written.String()), "\n")
	if lines[0] != "line 0" || len(lines) != 1+1+maxLines {
		t.Errorf("%d lines were written, the first is %q", len(lines), lines[0])
	}
	if !strings.Contains(g.written.String(), fmt.Sprintf("%d lines of the log were dropped", dropped)) {
		t.Error("it is not said that lines were dropped")
	}
}

func TestPatientWriter_CutsLongLines(t *testing.T) {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	w := NewWriter(g)
	long := strings.Repeat("x", 3*MaxLineBytes)
	if n, err := w.Write([]byte(long)); n != len(long) || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	w.Flush()
	if got := g.written.String(); got != long[:MaxLineBytes]+"…\n" {
		t.Errorf("%d bytes were written", len(got))
	}
}
