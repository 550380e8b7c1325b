// Package cgroup finds out how much memory the control groups of Linux leave to this process: the containers in which
// it runs. It reads /proc and the mounted hierarchies, of version 1, of version 2, or of both side by side.
//
// A group's limit bounds all groups below it, so the smallest limit on the way from the process's own group up to what
// is mounted counts. Inside a container the mount shows that container's group as its root, whatever /proc/self/cgroup
// says its path is from outside; then what is mounted is the process's own group.
//
// Rejected: github.com/KimMachineGun/automemlimit. It sets GOMEMLIMIT to a share of the limit of the process's own
// group. Here the limit of an enclosing group counts, INFO shows it, and maxmemory takes part: what would be left of
// the library is less than its dependencies.
package cgroup
