// Package shortage tells people what the system is out of: descriptors, memory, space. Work that meets a shortage waits
// and is tried again; the log gets a line when that begins and a line when it ends, and INFO shows what waits now.
package shortage
