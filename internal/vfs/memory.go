package vfs

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Memory is a file system in memory that remembers which of its contents and names would survive power loss. It serves
// the simulator and the crash tests of everything that writes files. It is deterministic: no clock, no randomness of
// its own, no order of a map that anyone could see.
type Memory struct {
	mu    sync.Mutex
	root  *node
	fault func(op Op, path string) error
}

// Op is a kind of operation, as the fault hook sees it.
type Op string

// The operations.
const (
	OpOpen     Op = "open"
	OpCreate   Op = "create"
	OpRead     Op = "read"
	OpWrite    Op = "write"
	OpSync     Op = "sync"
	OpTruncate Op = "truncate"
	OpMkdir    Op = "mkdir"
	OpRename   Op = "rename"
	OpRemove   Op = "remove"
	OpList     Op = "list"
	OpSyncDir  Op = "syncdir"
)

// Changes reports whether the operation changes what is stored or what is durable.
func (o Op) Changes() bool { return o != OpOpen && o != OpRead && o != OpList }

// NewMemory returns an empty file system.
func NewMemory() *Memory { return &Memory{root: newDirectory()} }

// SetFault installs a hook that is called before every operation, without any lock held: it may copy the file system
// (see Kill and Crash), and it may return an error, which the operation then returns. What the failed operation leaves
// behind is the worst that real systems do: a failed write has written its first half; after a failed sync the pages
// count as clean, and later syncs do not write them. Anything else that fails has done nothing. SetFault(nil) removes
// the hook.
func (m *Memory) SetFault(fault func(op Op, path string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

func (m *Memory) ask(op Op, name string) error {
	m.mu.Lock()
	fault := m.fault
	m.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(op, name)
}

// Open implements FS.
func (m *Memory) Open(name string, create bool) (File, error) {
	exists, err := m.exists(name)
	if err != nil {
		return nil, err
	}
	op := OpOpen
	if create && !exists {
		op = OpCreate
	}
	if err := m.ask(op, name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	directory, base, found, err := m.find(name)
	if err != nil {
		return nil, err
	}
	switch {
	case found == nil && !create:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case found == nil:
		found = &node{}
		directory.change(nameChange{added: base, node: found})
	case found.isDirectory():
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return &memoryFile{m: m, path: name, node: found}, nil
}

// MkdirAll implements FS.
func (m *Memory) MkdirAll(name string) error {
	if err := m.ask(OpMkdir, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.root
	for _, part := range parts(name) {
		next := at.names[part]
		if next == nil {
			next = newDirectory()
			at.change(nameChange{added: part, node: next})
		}
		if !next.isDirectory() {
			return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
		}
		at = next
	}
	return nil
}

// Rename implements FS.
func (m *Memory) Rename(oldPath, newPath string) error {
	if path.Dir(path.Clean(oldPath)) != path.Dir(path.Clean(newPath)) {
		return errCrossRename(oldPath, newPath)
	}
	if err := m.askOf(OpRename, oldPath); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	directory, base, found, err := m.find(oldPath)
	if err != nil {
		return err
	}
	if found == nil {
		return &fs.PathError{Op: "rename", Path: oldPath, Err: fs.ErrNotExist}
	}
	directory.change(nameChange{removed: base, added: path.Base(newPath), node: found})
	return nil
}

// Remove implements FS.
func (m *Memory) Remove(name string) error {
	if err := m.askOf(OpRemove, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	directory, base, found, err := m.find(name)
	if err != nil {
		return err
	}
	if found == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if len(found.names) > 0 {
		return fmt.Errorf("remove %s: directory not empty", name)
	}
	directory.change(nameChange{removed: base})
	return nil
}

// List implements FS.
func (m *Memory) List(directory string) ([]string, error) {
	if err := m.ask(OpList, directory); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.directory(directory)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(at.names)), nil
}

// SyncDir implements FS.
func (m *Memory) SyncDir(directory string) error {
	if err := m.ask(OpSyncDir, directory); err != nil {
		return &fs.PathError{Op: "sync", Path: directory, Err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.directory(directory)
	if err != nil {
		return err
	}
	at.syncNames()
	return nil
}

// find finds the directory that a path lies in, and what the path names there, if anything. The caller holds the lock.
func (m *Memory) find(name string) (directory *node, base string, found *node, err error) {
	base = path.Base(path.Clean(name))
	directory, err = m.directory(path.Dir(path.Clean(name)))
	if err != nil {
		return nil, "", nil, err
	}
	return directory, base, directory.names[base], nil
}

// exists is what the hook may be told; by the time of the operation it may have changed.
func (m *Memory) exists(name string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _, found, err := m.find(name)
	return found != nil, err
}

// askOf asks for an operation on something that exists; otherwise the operation itself says what is missing.
func (m *Memory) askOf(op Op, name string) error {
	if exists, err := m.exists(name); err != nil || !exists {
		return err
	}
	return m.ask(op, name)
}

func (m *Memory) directory(name string) (*node, error) {
	at := m.root
	for _, part := range parts(name) {
		at = at.names[part]
		if at == nil || !at.isDirectory() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	return at, nil
}

// parts splits a path; a leading slash means nothing, so that the same paths serve both file systems.
func parts(name string) []string {
	name = strings.Trim(path.Clean(name), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}
