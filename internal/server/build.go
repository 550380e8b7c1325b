package server

import "runtime/debug"

// release is the version that this tree is on its way to; a build of a tagged module says its tag instead.
const release = "0.1.0-dev"

// VersionText is the module's version if this is a build of a released module, and release otherwise.
func VersionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return release
	}
	return info.Main.Version
}

// CommitText is what the go command noted of the tree that it built.
func CommitText() string {
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
