package consensus

import (
	"io"
	"strings"
	"testing"
)

// full is a machine with all methods that a machine may have.
type full struct {
	nothing
	seeds    []uint64
	released int
}

func (f *full) Due() int64                       { return 7 }
func (f *full) Hash() uint64                     { return 8 }
func (f *full) Seed(seed uint64)                 { f.seeds = append(f.seeds, seed) }
func (f *full) Freeze() io.WriterTo              { return f }
func (f *full) WriteTo(io.Writer) (int64, error) { return 0, nil }
func (f *full) Release()                         { f.released++ }

func TestAMachineMayLackWhatItDoesNotNeed(t *testing.T) {
	m := newMachine(nothing{})
	if m.Due() != 0 || m.Hash() != 0 || m.Restore(5, nil) != nil {
		t.Errorf("a machine without Due and Hash has %d and %d", m.Due(), m.Hash())
	}
	image{strings.NewReader("")}.Release()
	f := &full{}
	m = newMachine(f)
	if err := m.Restore(5, nil); err != nil || m.Due() != 7 || m.Hash() != 8 {
		t.Errorf("a machine with Due and Hash has %d and %d, %v", m.Due(), m.Hash(), err)
	}
	if m.Freeze().Release(); f.released != 1 || len(f.seeds) != 1 || f.seeds[0] != 5 {
		t.Errorf("the machine has the seeds %d, and released %d images", f.seeds, f.released)
	}
}

func TestANodeNeedsAnAddressToListenOn(t *testing.T) {
	_, err := Open(Options{Directory: t.TempDir(), Machine: nothing{}, Bootstrap: true})
	if err == nil || !strings.Contains(err.Error(), "PeerListen") {
		t.Errorf("the error is %v", err)
	}
}
