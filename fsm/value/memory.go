package value

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
