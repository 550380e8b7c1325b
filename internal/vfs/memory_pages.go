package vfs

// pageBytes is how much of a file lies in one page: what a journal writes at a time, at least.
const pageBytes = 4096

// pages are the bytes of a file. A page never changes: a write makes new ones in place of those that it touches. So
// copies share their pages, and power loss copies no file.
type pages struct {
	size int64
	// each has pageBytes, or less; behind its end, and where there is none, are zeros.
	each [][]byte
}

// clone gives pages that may change by themselves.
func (p pages) clone() pages { return pages{size: p.size, each: append([][]byte(nil), p.each...)} }

// readAt reads bytes from an offset within the size, and returns how many there were.
func (p pages) readAt(b []byte, offset int64) (n int) {
	b = b[:min(int64(len(b)), p.size-offset)]
	for n < len(b) {
		i, from := int(offset/pageBytes), int(offset%pageBytes)
		part := b[n:min(len(b), n+pageBytes-from)]
		copied := 0
		if i < len(p.each) && from < len(p.each[i]) {
			copied = copy(part, p.each[i][from:])
		}
		clear(part[copied:])
		n += len(part)
		offset += int64(len(part))
	}
	return n
}

// write puts data at an offset. It keeps the data, which must not change any more.
func (p *pages) write(data []byte, offset int64) {
	p.size = max(p.size, offset+int64(len(data)))
	for len(data) > 0 {
		i, from := int(offset/pageBytes), int(offset%pageBytes)
		n := min(len(data), pageBytes-from)
		for len(p.each) <= i {
			p.each = append(p.each, nil)
		}
		if old := p.each[i]; from == 0 && n >= len(old) {
			p.each[i] = data[:n:n]
		} else {
			p.each[i] = merged(old, data[:n], from)
		}
		data = data[n:]
		offset += int64(n)
	}
}

// merged is a page with a part of it replaced.
func merged(old, part []byte, from int) []byte {
	made := make([]byte, max(len(old), from+len(part)))
	copy(made, old)
	copy(made[from:], part)
	return made
}

// resize cuts the bytes, or lets them grow by zeros.
func (p *pages) resize(size int64) {
	whole, rest := int(size/pageBytes), int(size%pageBytes)
	p.size = size
	if whole >= len(p.each) {
		return
	}
	if rest > 0 {
		n := min(rest, len(p.each[whole]))
		p.each[whole] = p.each[whole][:n:n]
		whole++
	}
	clear(p.each[whole:])
	p.each = p.each[:whole]
}
