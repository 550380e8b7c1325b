package resp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/metrics"
)

// newCalls makes the counts of all commands and subcommands.
func newCalls() *metrics.Calls {
	names := make([]string, command.IDs())
	for _, spec := range command.All() {
		names[spec.ID()] = spec.Name
		for _, subcommand := range spec.Subcommands {
			names[subcommand.ID()] = subcommand.Name
		}
	}
	return metrics.NewCalls(names)
}

// everyCommand visits the commands and subcommands that have been called, or refused, by name.
func (s *Server) everyCommand(visit func(spec *command.Spec, all *metrics.Total)) {
	tell := func(spec *command.Spec) {
		if all := s.calls.Since(spec.ID()); all.Calls+all.Rejected > 0 {
			visit(spec, all)
		}
	}
	for _, spec := range command.All() {
		tell(spec)
		for _, subcommand := range spec.Subcommands {
			tell(subcommand)
		}
	}
}

func infoCommandStats(b *strings.Builder, s *Server) {
	s.everyCommand(func(spec *command.Spec, all *metrics.Total) {
		fmt.Fprintf(b, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d\r\n", spec.Name,
			all.Calls, all.Micros, float64(all.Micros)/float64(max(all.Calls, 1)), all.Rejected, all.Failed)
	})
}

func infoErrorStats(b *strings.Builder, s *Server) {
	errors := maps.Collect(s.calls.Errors())
	for _, word := range slices.Sorted(maps.Keys(errors)) {
		fmt.Fprintf(b, "errorstat_%s:count=%d\r\n", word, errors[word])
	}
}

func infoLatencyStats(b *strings.Builder, s *Server) {
	s.everyCommand(func(spec *command.Spec, all *metrics.Total) {
		if all.Times.Count() > 0 {
			fmt.Fprintf(b, "latency_percentiles_usec_%s:%s\r\n", spec.Name, s.tuning.Percentiles.Of(&all.Times))
		}
	})
}

// initMetrics fills the rows of the set that are about clients and commands.
func (s *Server) initMetrics(set *metrics.Set) {
	if set == nil {
		set = metrics.New()
	}
	s.metrics, s.calls = set, newCalls()
	s.calls.Fill(set)
	set.TrackingClients = s.tracker.clients.Load
	set.InputHeld = s.input.Used
	set.MemoryUsed = func() int64 { return int64(s.readMemory().used) }
	set.MemoryProcess = func() int64 { return int64(s.readMemory().process) }
	set.MemoryLimit = s.memory.bytes.Load
}
