// Package hangup finds out whether the other side of a connection has gone, while nothing reads from it.
package hangup
