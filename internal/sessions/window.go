package sessions

// window has a bit for each of the Window sequences up to the highest one: bit i stands for the one i below it.
type window struct{ low, high uint64 }

func (w *window) has(i uint64) bool {
	if i < 64 {
		return w.low>>i&1 != 0
	}
	return w.high>>(i-64)&1 != 0
}

func (w *window) set(i uint64) {
	if i < 64 {
		w.low |= 1 << i
	} else {
		w.high |= 1 << (i - 64)
	}
}

// slide makes room for n higher sequences. Go shifts a number of 64 bits by 64 and more to 0.
func (w *window) slide(n uint64) {
	w.high = w.high<<n | w.low>>(64-n)
	if n > 64 {
		w.high = w.low << (n - 64)
	}
	w.low <<= n
}

// above reports whether anything at or above bit n is set.
func (w *window) above(n uint64) bool {
	if n < 64 {
		return w.low>>n != 0 || w.high != 0
	}
	return w.high>>(n-64) != 0
}
