package resp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/commands/node"
	"github.com/raftredis/raftredis/internal/reply"
)

// persistenceHandlers answer the commands that take snapshots.
var persistenceHandlers = []handler{
	{of: node.BGRewriteAOF, answer: bgRewriteAOF},
	{of: node.BGSave, answer: bgSave},
	{of: node.LastSave, answer: lastSave},
	{of: node.Save, answer: saveNow, slow: true},
}

// Saver writes snapshots of the node's own state. Its methods may be called from many goroutines at once, and do not
// block.
type Saver interface {
	// Save asks for a snapshot. Nil means that one will be written, and says nothing of whether that succeeds. ErrSaving
	// means that none can be begun now, because one is being written, or one is being taken over from another node; the
	// text of any other error is for the client.
	Save() error
	// Persistence is what the node knows of its snapshots at the moment. It is asked at each change while a client waits
	// for the end of a snapshot: see Notifier.
	Persistence() Persistence
}

// ErrSaving is Save's answer while a snapshot is being written or taken over.
var ErrSaving = errors.New("resp: a snapshot is being written or taken over already")

// Persistence tells of snapshots.
type Persistence struct {
	// Saving says that one is being written, and Began since when. Installing says that one is being taken over from
	// another node.
	Saving, Installing bool
	Began              time.Time
	// Saves and Failures count how often writing one succeeded and failed since the process began; LastFailed says that
	// it failed the last time.
	Saves, Failures int64
	LastFailed      bool
	// LastSave is the end of the last one that was written; the start of the process before the first.
	LastSave time.Time
	// LastTook is how long the last attempt took; negative before the first.
	LastTook time.Duration
	// Changes is the number of entries that were applied behind the newest snapshot, Bytes the size of its file, 0 if
	// there is none. LogBytes is how many bytes of log the node keeps.
	Changes, Bytes, LogBytes int64
}

// Error texts of the commands here. The first two are Redis's to the letter.
const (
	saveInProgress    = "ERR Background save already in progress"
	rewriteInProgress = "ERR Background append only file rewriting already in progress"

	savesNothing   = "ERR this node keeps no snapshots"
	saveInstalling = "ERR a snapshot is being taken over from another node: no other can be written now. " +
		"BGSAVE SCHEDULE has one written afterwards"
	saveFailed = "ERR the snapshot could not be written: the log of the node says why"
)

// save asks for a snapshot; the text says why there will be none, and is empty if there will be one.
func (s *Server) save() (refusal string) {
	if s.saver == nil {
		return savesNothing
	}
	switch err := s.saver.Save(); {
	case err == nil:
		return ""
	case !errors.Is(err, ErrSaving):
		return "ERR " + err.Error()
	}
	if now := s.saver.Persistence(); now.Installing && !now.Saving {
		return saveInstalling
	}
	return saveInProgress
}

// bgSave is BGSAVE [SCHEDULE]. What is scheduled is begun by the server's watch.
func bgSave(c *Conn, dst []byte, args [][]byte) []byte {
	schedule := len(args) == 2 && strings.EqualFold(string(args[1]), "schedule")
	if len(args) > 1 && !schedule {
		return reply.Error(dst, reply.Syntax)
	}
	switch refusal := c.server.save(); {
	case refusal == "":
		return reply.Simple(dst, "Background saving started")
	case refusal == saveInstalling && schedule:
		c.server.saveScheduled.Store(true)
		return reply.Simple(dst, "Background saving scheduled")
	default:
		return reply.Error(dst, refusal)
	}
}

// bgRewriteAOF is BGREWRITEAOF, by which operators of Redis have a log made short that has become long. Here that is
// what a snapshot is for: the log before it goes.
func bgRewriteAOF(c *Conn, dst []byte, _ [][]byte) []byte {
	switch refusal := c.server.save(); refusal {
	case "":
		return reply.Simple(dst, "Background append only file rewriting started")
	case saveInProgress:
		return reply.Error(dst, rewriteInProgress)
	default:
		return reply.Error(dst, refusal)
	}
}

// saveAsScheduled begins a snapshot that was put off, once nothing is in its way.
func (s *Server) saveAsScheduled() {
	if !s.saveScheduled.Load() {
		return
	}
	if refusal := s.save(); refusal != saveInstalling {
		s.saveScheduled.Store(false) // it is begun, or another is, or it never will be
	}
}

// saveNow is SAVE: as BGSAVE, but the client waits for the end. No other client does.
func saveNow(c *Conn, dst []byte, _ [][]byte) []byte {
	var before Persistence
	if c.server.saver != nil {
		before = c.server.saver.Persistence()
	}
	refusal := saveInProgress
	if !before.Saving {
		refusal = c.server.save()
	}
	if refusal != "" {
		return reply.Error(dst, refusal)
	}
	// What is counted from here on began after SAVE came, whichever client asked for it.
	c.await(&c.server.saves, 0, func(dst []byte, _ bool) ([]byte, bool) {
		switch now := c.server.saver.Persistence(); {
		case now.Saves > before.Saves:
			return reply.OK(dst), true
		case now.Failures > before.Failures:
			return reply.Error(dst, saveFailed), true
		}
		return dst, false
	})
	return dst
}

// lastSave is LASTSAVE. As in Redis it tells the start of the process before there was a snapshot.
func lastSave(c *Conn, dst []byte, _ [][]byte) []byte {
	return reply.Integer(dst, c.server.persistence().LastSave.Unix())
}

// persistence is what the saver says, or what is true where there is none.
func (s *Server) persistence() Persistence {
	if s.saver == nil {
		return Persistence{LastSave: s.started, LastTook: -1}
	}
	return s.saver.Persistence()
}

// infoPersistence has Redis's fields, in which a snapshot is an RDB file and the log is the AOF. There is no process
// that shares memory with a copy of itself, so all fields of that are 0, and no log that is rewritten.
func infoPersistence(b *strings.Builder, s *Server) {
	now, loading := s.persistence(), s.node.Loading()
	line(b, "loading", digit(loading.Active))
	line(b, "async_loading", 0) // while a snapshot is taken over, the old state answers nothing
	for _, name := range []string{
		"current_cow_peak", "current_cow_size", "current_cow_size_age", "current_fork_perc", "current_save_keys_processed",
		"current_save_keys_total",
	} {
		line(b, name, 0) // no process is forked, and keys are not counted while they are written
	}
	line(b, "rdb_changes_since_last_save", now.Changes)
	line(b, "rdb_bgsave_in_progress", digit(now.Saving))
	line(b, "rdb_last_save_time", now.LastSave.Unix())
	line(b, "rdb_last_bgsave_status", status(!now.LastFailed))
	line(b, "rdb_last_bgsave_time_sec", wholeSeconds(now.LastTook))
	current := time.Duration(-1)
	if now.Saving {
		current = max(s.now().Sub(now.Began), 0)
	}
	line(b, "rdb_current_bgsave_time_sec", wholeSeconds(current))
	line(b, "rdb_saves", now.Saves)
	line(b, "rdb_last_cow_size", 0)
	line(b, "rdb_last_snapshot_bytes", now.Bytes)
	line(b, "aof_enabled", 1)
	line(b, "aof_rewrite_in_progress", 0)
	line(b, "aof_rewrite_scheduled", digit(s.saveScheduled.Load()))
	line(b, "aof_last_rewrite_time_sec", -1)
	line(b, "aof_current_rewrite_time_sec", -1)
	line(b, "aof_last_bgrewrite_status", "ok")
	line(b, "aof_rewrites", 0)
	line(b, "aof_rewrites_consecutive_failures", 0)
	line(b, "aof_last_write_status", "ok") // a node whose log cannot be written ends
	line(b, "aof_last_cow_size", 0)
	line(b, "module_fork_in_progress", 0)
	line(b, "module_fork_last_cow_size", 0)
	line(b, "aof_current_size", now.Bytes+now.LogBytes)
	line(b, "aof_base_size", now.Bytes)
	for _, name := range []string{
		"aof_pending_rewrite", "aof_buffer_length", "aof_pending_bio_fsync", "aof_delayed_fsync",
	} {
		line(b, name, 0) // what was acknowledged is synced, so nothing is pending
	}
	if loading.Active {
		infoLoading(b, &loading, s.now())
	}
}

// infoLoading has the fields that Redis shows while it loads.
func infoLoading(b *strings.Builder, p *LoadProgress, now time.Time) {
	elapsed := max(now.Sub(p.Began), 0)
	percent, eta := 0.0, int64(1) // Redis says 1 where it cannot know
	if p.TotalBytes > 0 {
		percent = 100 * float64(p.DoneBytes) / float64(p.TotalBytes)
	}
	if p.DoneBytes > 0 {
		eta = int64(elapsed.Seconds() * float64(p.TotalBytes-p.DoneBytes) / float64(p.DoneBytes))
	}
	line(b, "loading_start_time", p.Began.Unix())
	line(b, "loading_total_bytes", p.TotalBytes)
	line(b, "loading_rdb_used_mem", 0) // it is not known how much memory the state took when it was saved
	line(b, "loading_loaded_bytes", p.DoneBytes)
	line(b, "loading_loaded_perc", fmt.Sprintf("%.2f", percent))
	line(b, "loading_eta_seconds", eta)
}

// digit is how INFO writes a truth.
func digit(truth bool) int {
	if truth {
		return 1
	}
	return 0
}

func status(good bool) string {
	if good {
		return "ok"
	}
	return "err"
}

// wholeSeconds is how INFO writes a duration; a negative one, -1, is none.
func wholeSeconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}
