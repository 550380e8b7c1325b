package server

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/raftredis/raftredis/wal/raftlog"
)

// release is the version that this tree is on its way to; a build of a tagged module says its tag instead.
const release = "0.1.0-dev"

// BuildText says in four lines which version and commit was built, and with what.
func BuildText() string {
	return fmt.Sprintf("%s\ncommit %s\nfeature level %d\n%s %s/%s\n",
		versionText(), commitText(), raftlog.Level, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionText is the module's version if this is a build of a released module, and release otherwise.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return release
	}
	return info.Main.Version
}

// commitText is what the go command noted of the tree that it built.
func commitText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, changed := "unknown", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			changed = " with changes"
		}
	}
	return commit + changed
}
