package cgroup

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// noLimit is from where on a number is version 1's way to say that there is no limit: the largest number of whole
// pages.
const noLimit = math.MaxInt64 - 1<<20

// MemoryLimit is the smallest limit of memory that holds for this process, in bytes, and the file that says so. ok is
// false where no group has a limit. root is the file system, as os.DirFS("/") gives it.
func MemoryLimit(root fs.FS) (limit int64, file string, ok bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, "", false
	}
	mounts, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return 0, "", false
	}
	for _, m := range hierarchies(mounts) {
		for _, directory := range m.groupsOf(groups) {
			name := path.Join(directory, m.file())
			if found, is := readLimit(root, name); is && (!ok || found < limit) {
				limit, file, ok = found, "/"+name, true
			}
		}
	}
	return limit, file, ok
}

// hierarchy is a mounted hierarchy of groups that can limit memory.
type hierarchy struct {
	// at is where it is mounted, without the leading slash; top is the group that is seen there.
	at, top string
	unified bool
}

func (h *hierarchy) file() string {
	if h.unified {
		return "memory.max"
	}
	return "memory.limit_in_bytes"
}

// hierarchies reads the lines of mountinfo. Behind a field "-" they have the type of the file system, its source, and
// its options; before that, the fourth and fifth field are what is mounted and where.
func hierarchies(mounts []byte) (found []hierarchy) {
	for lines := bufio.NewScanner(bytes.NewReader(mounts)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		dash := slices.Index(fields, "-")
		if dash < 6 || len(fields) < dash+4 {
			continue
		}
		h := hierarchy{at: strings.TrimPrefix(unescape(fields[4]), "/"), top: unescape(fields[3])}
		switch fields[dash+1] {
		case "cgroup2":
			h.unified = true
		case "cgroup":
			if !slices.Contains(strings.Split(fields[dash+3], ","), "memory") {
				continue
			}
		default:
			continue
		}
		found = append(found, h)
	}
	return found
}

// unescape reads a path of mountinfo, where octal numbers stand for spaces and the like.
func unescape(text string) string {
	for i := 0; i+3 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if code, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
			text = text[:i] + string([]byte{byte(code)}) + text[i+4:]
		}
	}
	return text
}

// groupsOf are the directories of the process's group and of those around it, as far up as they are mounted.
func (h *hierarchy) groupsOf(groups []byte) (directories []string) {
	group, ok := h.group(groups)
	if !ok {
		return nil
	}
	inside, below := "/", false
	if h.top == "/" {
		inside, below = group, true
	} else if rest, cut := strings.CutPrefix(group, h.top); cut && (rest == "" || rest[0] == '/') {
		inside, below = path.Join("/", rest), true
	}
	if !below || strings.HasPrefix(inside, "/..") {
		inside = "/" // what is mounted is all that this process sees of its groups
	}
	for ; ; inside = path.Dir(inside) {
		directories = append(directories, path.Join(h.at, inside))
		if inside == "/" || inside == "." {
			return directories
		}
	}
}

// group is the path of the process's group in the hierarchy. A line has a number, controllers, and the path.
func (h *hierarchy) group(groups []byte) (group string, ok bool) {
	for lines := bufio.NewScanner(bytes.NewReader(groups)); lines.Scan(); {
		fields := strings.SplitN(lines.Text(), ":", 3)
		if len(fields) < 3 {
			continue
		}
		if h.unified && fields[1] == "" || !h.unified && slices.Contains(strings.Split(fields[1], ","), "memory") {
			return path.Clean("/" + fields[2]), true
		}
	}
	return "", false
}

// readLimit reads a file that holds a limit. "max", no file, and an absurdly large number are no limit.
func readLimit(root fs.FS, name string) (limit int64, ok bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && n > 0 && n < noLimit
}

// SystemMemory is the memory of the whole machine in bytes, 0 if the system does not say.
func SystemMemory(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil && kilobytes > 0 && kilobytes < math.MaxInt64>>10 {
				return kilobytes << 10
			}
		}
	}
	return 0
}
