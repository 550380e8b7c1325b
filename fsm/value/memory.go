package value

import "github.com/raftredis/raftredis/internal/allocated"

// What a string in chunks occupies besides its bytes: chunksBytes, pageHeaderBytes, chunkHeaderBytes and pointerBytes.
// Tests compare them with the types.
const chunksBytes, pageHeaderBytes, chunkHeaderBytes, pointerBytes = 104, 32, 40, 8

// MemoryBytes is what the chunks occupy. A chunk of zeros that was never written occupies its pointer only.
func (p *Chunks) MemoryBytes() int {
	bytes := allocated.Size(chunksBytes) + allocated.Size(cap(p.pages)*pointerBytes)
	for _, page := range p.pages {
		if page == nil {
			continue
		}
		bytes += allocated.Size(pageHeaderBytes) + allocated.Size(cap(page.chunks)*pointerBytes)
		for _, one := range page.chunks {
			if one != nil {
				bytes += allocated.Size(chunkHeaderBytes) + allocated.Size(cap(one.bytes))
			}
		}
	}
	return bytes
}
