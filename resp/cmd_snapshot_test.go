package resp

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSaver is a Saver whose snapshots end when the test says.
type fakeSaver struct {
	mu    sync.Mutex
	known Persistence
	// refusal is what Save answers, asked how often it was called.
	refusal error
	asked   int
}

func (s *fakeSaver) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.refusal
}

func (s *fakeSaver) Persistence() Persistence {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

func (s *fakeSaver) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *fakeSaver) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func savingClient(t *testing.T) (*fakeSaver, *client) {
	saver := &fakeSaver{known: Persistence{LastSave: time.Unix(1700000000, 0), LastTook: -1}}
	return saver, newClient(t, testServer(t, Options{Store: newFakeStore(t), Saver: saver}))
}

func TestBGSaveAsksForASnapshotAndDoesNotWait(t *testing.T) {
	saver, c := savingClient(t)
	want := strings.Repeat("+Background saving started\r\n", 2)
	if got := c.send("BGSAVE\r\nBGSAVE SCHEDULE\r\n"); got != want {
		t.Fatalf("got %q", got)
	}
	if saver.times() != 2 {
		t.Fatalf("asked %d times, want 2", saver.times())
	}
	saver.refusal = ErrSaving
	want = "-ERR Background save already in progress\r\n"
	if got := c.send("BGSAVE\r\nBGSAVE SCHEDULE\r\nSAVE\r\n"); got != want+want+want {
		t.Fatalf("while one is under way: %q", got)
	}
	saver.refusal = errors.New("no space left on device")
	if got := c.send("BGSAVE\r\n"); got != "-ERR no space left on device\r\n" {
		t.Fatalf("with a full disk: %q", got)
	}
	if got := c.send("BGSAVE NOW\r\nBGSAVE SCHEDULE x\r\nLASTSAVE\r\n"); got != strings.Repeat("-ERR syntax error\r\n", 2)+
		":1700000000\r\n" {
		t.Fatalf("got %q", got)
	}
}

func TestAScheduledSnapshotBeginsWhenNothingIsInItsWay(t *testing.T) {
	saver, c := savingClient(t)
	saver.refusal, saver.known.Installing = ErrSaving, true
	if got := c.send("BGSAVE\r\n"); got != "-"+saveInstalling+"\r\n" {
		t.Fatalf("got %q", got)
	}
	if got := c.send("BGSAVE SCHEDULE\r\n"); got != "+Background saving scheduled\r\n" {
		t.Fatalf("got %q", got)
	}
	asked := saver.times()
	c.conn.server.saveAsScheduled()
	if got := c.send("INFO persistence\r\n"); !strings.Contains(got, "aof_rewrite_scheduled:1\r\n") {
		t.Fatalf("it is not put off any more: %q", got)
	}
	saver.refusal, saver.known.Installing = nil, false
	c.conn.server.saveAsScheduled()
	c.conn.server.saveAsScheduled()
	if got := saver.times() - asked; got != 2 {
		t.Fatalf("asked %d times, want once in vain and once with success", got)
	}
}

func TestSaveWaitsForTheEndOfItsSnapshot(t *testing.T) {
	for outcome, want := range map[string]string{"done": "+OK\r\n", "failed": "-" + saveFailed + "\r\n"} {
		saver, c := savingClient(t)
		saver.known.Saves, saver.known.Failures = 4, 2
		if got := c.send("PING\r\nSAVE\r\nPING\r\n"); got != "+PONG\r\n" {
			t.Fatalf("before the end: %q", got)
		}
		if action := c.advance(); action != Park || !c.conn.Blocked() {
			t.Fatalf("the connection says %d, blocked %v", action, c.conn.Blocked())
		}
		if outcome == "done" {
			saver.known.Saves++
		} else {
			saver.known.Failures++
		}
		c.advance()
		if got := c.take(); got != want+"+PONG\r\n" {
			t.Fatalf("%s: %q", outcome, got)
		}
	}
}

func TestAClientThatLeavesDuringSaveIsForgotten(t *testing.T) {
	_, c := savingClient(t)
	c.send("SAVE\r\n")
	if !c.conn.Abandon() || c.advance() != Close {
		t.Fatal("the connection goes on waiting though its client left")
	}
	c.conn.Release()
}

func TestWithoutASaverSnapshotsAreRefusedAndLastSaveIsTheStart(t *testing.T) {
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t)}))
	c.conn.server.started = time.Unix(1600000000, 0)
	want := "-" + savesNothing + "\r\n-" + savesNothing + "\r\n:1600000000\r\n"
	if got := c.send("BGSAVE\r\nSAVE\r\nLASTSAVE\r\n"); got != want {
		t.Fatalf("got %q", got)
	}
}

func TestInfoPersistenceTellsOfSnapshots(t *testing.T) {
	saver, c := savingClient(t)
	c.conn.server.clock = func() time.Time { return time.Unix(1700000100, 0) }
	saver.known = Persistence{
		Saving: true, Began: time.Unix(1700000088, 5), Saves: 3, LastFailed: true, LastSave: time.Unix(1700000000, 0),
		LastTook: 2500 * time.Millisecond, Changes: 17, Bytes: 4096,
	}
	got := c.send("INFO persistence\r\n")
	for _, field := range []string{
		"loading:0", "async_loading:0", "rdb_changes_since_last_save:17", "rdb_bgsave_in_progress:1",
		"rdb_last_save_time:1700000000", "rdb_last_bgsave_status:err", "rdb_last_bgsave_time_sec:2",
		"rdb_current_bgsave_time_sec:11", "rdb_saves:3", "rdb_last_snapshot_bytes:4096", "aof_enabled:1",
		"aof_last_write_status:ok",
	} {
		if !strings.Contains(got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not in %q", field, got)
		}
	}
}

// Over a real socket: the end of the snapshot wakes the client that waits for it, and no other client waits.
func TestSaveIsWokenByTheEndOfTheSnapshot(t *testing.T) {
	saver, store := &fakeSaver{}, newFakeStore(t)
	s := serve(t, Options{Store: store, Saver: saver})
	waiting, other := s.dial(), s.dial()
	waiting.send("SAVE\r\n")
	eventually(t, "asked for a snapshot", func() bool { return saver.times() == 1 })
	other.send("PING\r\n")
	other.expect("+PONG\r\n")
	store.progressed() // says nothing of snapshots
	saver.set(func() { saver.known.Saves = 1 })
	store.saved()
	waiting.expect("+OK\r\n")
}
