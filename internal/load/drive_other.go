//go:build !linux

package load

// drive is the driver of this system.
var drive driver = driveStreams
