package cgroup

import (
	"os"
	"runtime"
	"testing"
	"testing/fstest"
)

// machine makes a file system of some files.
func machine(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

const (
	mountV1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:3 - cgroup cgroup rw,memory\n"
	mountV2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	noneV1  = "9223372036854771712\n"
)

func TestTheSmallestLimitOnTheWayUpCounts(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		limit int64
		file  string
	}{
		"version 2, own group": {map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/b/memory.max": "268435456\n", "sys/fs/cgroup/a/memory.max": "max\n",
		}, 256 << 20, "/sys/fs/cgroup/a/b/memory.max"},
		"version 2, a group around it": {map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/b/memory.max": "268435456\n", "sys/fs/cgroup/a/memory.max": "134217728\n",
		}, 128 << 20, "/sys/fs/cgroup/a/memory.max"},
		"version 2, in a container with a namespace": {map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/memory.max": "1000000\n",
		}, 1_000_000, "/sys/fs/cgroup/memory.max"},
		"version 2, from outside the namespace": {map[string]string{
			"proc/self/cgroup": "0::/../../other\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/memory.max": "1000000\n",
		}, 1_000_000, "/sys/fs/cgroup/memory.max"},
		"version 1, own group": {map[string]string{
			"proc/self/cgroup": "5:cpu:/x\n4:memory:/a/b\n0::/\n", "proc/self/mountinfo": mountV1,
			"sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "268435456\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":     noneV1,
		}, 256 << 20, "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes"},
		"version 1, together with others, in a container": {map[string]string{
			"proc/self/cgroup": "4:cpu,memory:/docker/abc\n",
			"proc/self/mountinfo": "35 31 0:32 /docker/abc /sys/fs/cgroup/mem\\040ory ro - cgroup cgroup rw,cpu,memory\n" +
				"36 31 0:33 / /proc rw - proc proc rw\n",
			"sys/fs/cgroup/mem ory/memory.limit_in_bytes": "100000000\n",
		}, 100_000_000, "/sys/fs/cgroup/mem ory/memory.limit_in_bytes"},
		"both versions": {map[string]string{
			"proc/self/cgroup": "4:memory:/a\n0::/a\n", "proc/self/mountinfo": mountV1 +
				"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "5000000\n",
		}, 5_000_000, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes"},
		"version 1, no limit": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": mountV1,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": noneV1,
		}, 0, ""},
		"version 2, no limit": {map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/memory.max": "max\n",
		}, 0, ""},
		"another group has a limit": {map[string]string{
			"proc/self/cgroup": "0::/ab\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/a/memory.max": "7\n",
		}, 0, ""},
		"garbage": {map[string]string{
			"proc/self/cgroup": "::\nx\n", "proc/self/mountinfo": "- - -\n\nx - cgroup2\n",
		}, 0, ""},
		"another system": {nil, 0, ""},
	} {
		limit, file, ok := MemoryLimit(machine(c.files))
		if limit != c.limit || file != c.file || ok != (c.limit > 0) {
			t.Errorf("%s: %d in %s, %t; want %d in %s", name, limit, file, ok, c.limit, c.file)
		}
	}
}

func TestMemoryOfTheMachine(t *testing.T) {
	for text, want := range map[string]int64{
		"MemTotal:       24683212 kB\nMemFree: 7 kB\n": 24683212 << 10, "": 0,
		"MemTotal: many kB\n": 0, "MemTotal: -4 kB\n": 0,
	} {
		if got := SystemMemory(machine(map[string]string{"proc/meminfo": text})); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if SystemMemory(machine(nil)) != 0 {
		t.Error("a system that does not say has memory")
	}
	if runtime.GOOS == "linux" && SystemMemory(os.DirFS("/")) < 1<<20 {
		t.Error("this machine has no memory")
	}
}
