// Package probe asks a node how it is, as a service manager, a container platform or a load balancer does: once, with a
// bound on the time, and with an exit code as the answer.
package probe
