package info

// Memory is the section about memory, in bytes.
type Memory struct {
	// Used is what keys, the log and clients occupy, and what the process took at its start (Startup). Dataset is the part
	// that keys and values take. Peak is the most that Used has been.
	Used, Dataset, Peak, Startup uint64
	// Allocated is what objects of the heap occupy, garbage among them; Live is what the last collection found alive.
	// Active is Allocated with the gaps between objects, Heap is Active with what is free and not given back, and Process
	// is all that the process holds.
	Allocated, Live, Active, Heap, Process uint64
	// Clients is what connections hold.
	Clients uint64
	// System is the memory that the process may have, 0 if it is not known. HeapLimit is where the collector keeps the
	// heap; Short says that memory is short.
	System, HeapLimit uint64
	Short             bool
	// Limit is maxmemory, 0 if there is none; ClusterLimit is the least of all nodes, which counts.
	Limit, ClusterLimit uint64
	// Policy is maxmemory-policy.
	Policy string
}

// Write writes the fields. Go's heap stands where Redis tells of its allocator.
func (m *Memory) Write(t Text) {
	t.bytes("used_memory", m.Used)
	t.bytes("used_memory_rss", m.Process)
	t.bytes("used_memory_peak", m.Peak)
	t.Fieldf("used_memory_peak_perc", "%.2f%%", 100*ratio(m.Used, m.Peak))
	t.Field("used_memory_overhead", less(m.Used, m.Dataset))
	t.Field("used_memory_startup", m.Startup)
	t.Field("used_memory_dataset", m.Dataset)
	t.Fieldf("used_memory_dataset_perc", "%.2f%%", 100*ratio(m.Dataset, less(m.Used, m.Startup)))
	t.Field("used_memory_heap", m.Allocated)
	t.Field("used_memory_live", m.Live)
	t.Field("allocator_allocated", m.Allocated)
	t.Field("allocator_active", m.Active)
	t.Field("allocator_resident", m.Heap)
	t.bytes("total_system_memory", m.System)
	t.Field("memory_heap_limit", m.HeapLimit)
	t.Field("memory_is_short", Digit(m.Short))
	m.writeScripts(t)
	t.bytes("maxmemory", m.Limit)
	t.Field("maxmemory_cluster", m.ClusterLimit)
	t.Field("maxmemory_policy", m.Policy)
	m.writeGaps(t)
	t.None("mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves")
	t.Field("mem_clients_normal", m.Clients)
	t.None("mem_cluster_links", "mem_aof_buffer")
	t.Field("mem_allocator", "go")
	t.None("active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects")
}

// writeScripts writes that there are no scripts and no functions.
func (m *Memory) writeScripts(t Text) {
	t.None("used_memory_lua", "used_memory_vm_eval")
	t.Field("used_memory_lua_human", HumanBytes(0))
	t.None("used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
		"used_memory_vm_functions")
	t.bytes("used_memory_vm_total", 0)
	t.None("used_memory_functions")
	t.bytes("used_memory_scripts", 0)
}

// writeGaps writes what is held and not used: between objects, in the heap, and besides the heap.
func (m *Memory) writeGaps(t Text) {
	for _, gap := range []struct {
		ratio, bytes  string
		larger, inner uint64
	}{
		{"allocator_frag_ratio", "allocator_frag_bytes", m.Active, m.Allocated},
		{"allocator_rss_ratio", "allocator_rss_bytes", m.Heap, m.Active},
		{"rss_overhead_ratio", "rss_overhead_bytes", m.Process, m.Heap},
		{"mem_fragmentation_ratio", "mem_fragmentation_bytes", m.Process, m.Used},
	} {
		t.Fieldf(gap.ratio, "%.2f", ratio(gap.larger, gap.inner))
		t.Field(gap.bytes, less(gap.larger, gap.inner))
	}
}
