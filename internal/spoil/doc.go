// Package spoil lets a black box test give one node a state that the others do not have, to see that it is found out
// (docs/decisions/0044), and a disk that is slow, or hangs. Only a build with the tag mutation, which tests make, has a
// door for that.
package spoil

// Variable is the environment variable that names a file. When there is such a file, its line is a command that the
// node executes with the next entry of another node, and the log has no word of it. An ordinary build does not read it.
const Variable = "RAFTREDIS_SPOIL_FILE"

// DiskSuffix ends the name of a second file, which says how many milliseconds each sync takes besides. A sync that
// waits looks at the file again and again, so a disk that hangs can be mended.
const DiskSuffix = ".disk"
