// Package allocated estimates what memory costs: Go's allocator hands out sizes of its own. It imports nothing of the
// project.
package allocated

import "math/bits"

// Sizes that Go's allocator hands out.
const (
	minAllocation = 8
	// smallAllocations is the size up to which allocations come in classes; larger ones are whole pages.
	smallAllocations = 32 << 10
	allocationPage   = 8 << 10
)

// Size is roughly what the allocator hands out for so many bytes. Its classes are about an eighth apart.
func Size(bytes int) int {
	if bytes == 0 {
		return 0
	}
	step := allocationPage
	if bytes <= smallAllocations {
		step = max(minAllocation, 1<<bits.Len(uint(bytes-1))>>4)
	}
	if 32 < bytes && bytes <= 256 {
		step = max(step, 2*minAllocation)
	}
	return (bytes + step - 1) / step * step
}
