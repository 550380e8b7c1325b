package value

import "math/bits"

// What a string in chunks occupies besides its bytes: chunksBytes, pageHeaderBytes, chunkHeaderBytes and pointerBytes.
// Tests compare them with the types.
const chunksBytes, pageHeaderBytes, chunkHeaderBytes, pointerBytes = 104, 32, 40, 8

// MemoryBytes is what the chunks occupy. A chunk of zeros that was never written occupies its pointer only.
func (p *Chunks) MemoryBytes() int {
	bytes := AllocatedSize(chunksBytes) + AllocatedSize(cap(p.pages)*pointerBytes)
	for _, page := range p.pages {
		if page == nil {
			continue
		}
		bytes += AllocatedSize(pageHeaderBytes) + AllocatedSize(cap(page.chunks)*pointerBytes)
		for _, one := range page.chunks {
			if one != nil {
				bytes += AllocatedSize(chunkHeaderBytes) + AllocatedSize(cap(one.bytes))
			}
		}
	}
	return bytes
}

// Sizes that Go's allocator hands out.
const (
	minAllocation = 8
	// smallAllocations is the size up to which allocations come in classes; larger ones are whole pages.
	smallAllocations = 32 << 10
	allocationPage   = 8 << 10
)

// AllocatedSize is roughly what the allocator hands out for so many bytes. Its classes are about an eighth apart.
func AllocatedSize(bytes int) int {
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
