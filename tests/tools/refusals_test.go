package tools_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// refused starts a node that must not start, and returns what it says; the command line may use PORT.
func refused(t *testing.T, code int, line string, args ...string) string {
	t.Helper()
	port := strconv.Itoa(blackbox.Ports(t, 1))
	args = append(strings.Fields(strings.ReplaceAll(line, "PORT", port)), args...)
	got, output := blackbox.Run(t, args...)
	if got != code {
		t.Errorf("%v: exit code %d, want %d:\n%s", args, got, code, output)
	}
	return output
}

func TestRefusals_ADirectoryWithOtherFiles(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	blackbox.ExpectWords(t, refused(t, 1, "serve --port PORT --bootstrap --dir", directory),
		"holds other things", "(a, b, c, …)",
		"--dir")
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 4 {
		t.Errorf("%d entries are there, %v: it was not left alone", len(entries), err)
	}
	file := filepath.Join(directory, "a")
	blackbox.ExpectWords(t, refused(t, 1, "serve --port PORT --bootstrap --dir", file), "not a directory", "--dir")
	blackbox.ExpectWords(t, refused(t, 1, "inspect --dir", directory), "no node has lived in", "identity")
	blackbox.ExpectWords(t, refused(t, 1, "inspect --dir", filepath.Join(directory, "e")), "there is no directory")
}

// The first start of a node may have been interrupted before it knew who it is; and file systems have files of their
// own.
func TestRefusals_ADirectoryThatIsAsGoodAsEmpty(t *testing.T) {
	c := blackbox.NewCluster(t, 1)
	n := c.Nodes[0]
	for _, name := range []string{"lost+found", ".hidden", "snapshots"} {
		if err := os.MkdirAll(filepath.Join(c.DirectoryOf(n), name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c.StartAll()
	blackbox.ExpectWords(t, refused(t, 1, "serve --port PORT --journal-file-bytes 16mb --dir", c.DirectoryOf(n)),
		"locked by another process", "a directory of its own")
}

func TestRefusals_AnAddressThatIsNotThisMachines(t *testing.T) {
	blackbox.ExpectWords(t, refused(t, 1, "serve --port PORT --bind 192.0.2.1 --bootstrap --dir",
		filepath.Join(t.TempDir(), "data")),
		"192.0.2.1 is no address of this machine", "--bind")
}

func TestRefusals_ASecretThatOthersCanRead(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	for mode, open := range map[fs.FileMode]bool{
		0o600: false, 0o400: false, 0o440: false, 0o644: true, 0o660: true, 0o601: true,
	} {
		if err := os.WriteFile(secret, []byte("a long random line\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		directory := filepath.Join(t.TempDir(), "data")
		// Which of the two is wrong is seen before the node waits for anybody: there is no such address.
		output := refused(t, 1, "serve --port PORT --bootstrap --expect 3 --dir", directory, "--cluster-secret-file", secret,
			"--announce-host", "0.0.0.0")
		if open {
			blackbox.ExpectWords(t, output, "has the mode 0"+strconv.FormatUint(uint64(mode), 8), "chmod 600 "+secret)
		} else if strings.Contains(output, "has the mode") {
			t.Errorf("%#o is refused:\n%s", mode, output)
		}
		if err := os.Chmod(secret, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A file is judged as a whole before anything is done: a node that will not start leaves nothing behind.
func TestRefusals_AFileWithAnErrorIsReadBeforeAnythingIsMade(t *testing.T) {
	for line, want := range map[string][]string{
		"rename-command a b":          {`line 2: rename-command a b: commands keep their names`},
		"slowlog-max-len many":        {`line 2: slowlog-max-len is "many"`},
		"snapshot-log-byte 64mb":      {`unknown setting "snapshot-log-byte"; did you mean snapshot-log-bytes?`},
		"port many":                   {`line 2: port is "many"; it must be a whole number, such as 6379`},
		"journal-file-bytes sometime": {`line 2: journal-file-bytes is "sometime"; it must be a size`},
	} {
		directory := filepath.Join(t.TempDir(), "data")
		blackbox.ExpectWords(t, refused(t, 2, "serve --bootstrap", configured(t, "# a comment", line), "--dir", directory),
			append(want, "raftredis.conf: ")...)
		if _, err := os.Stat(directory); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %s was made (%v)", line, directory, err)
		}
	}
}
