package exec

// Lot is what a command draws elements from, and how it answers with them.
type Lot struct {
	// Length is how many elements there are.
	Length int
	// Begin begins the reply with so many elements.
	Begin func(c Call, count int) []byte
	// Show appends the element with a number to the reply. It reports whether it fits: if not, nothing else is shown.
	Show func(c *Call, number int) bool
	// All appends all, as Show would one by one.
	All func(c *Call) bool
}

// Draw answers with up to count different elements, or if count is negative with so many of which some may be the same.
func (l *Lot) Draw(v View, c Call, count int64) []byte {
	if count < 0 {
		return l.drawAny(v, c, -count)
	}
	return l.drawDifferent(v, c, count)
}

// drawAny answers with count elements, each drawn of all.
func (l *Lot) drawAny(v View, c Call, count int64) []byte {
	before := c
	switch {
	case count > MaxDrawn:
		return c.Error(TooManyDrawn)
	case !c.Fits(int(count) * MinValueBytes):
		return c.TooLong()
	}
	chance := v.Chance()
	c.Reply = l.Begin(c, int(count))
	for range count {
		if !l.Show(&c, chance.Below(l.Length)) {
			return before.TooLong()
		}
	}
	return c.Reply
}

// drawDifferent answers with count different elements, or with all if there are no more.
func (l *Lot) drawDifferent(v View, c Call, count int64) []byte {
	before := c
	if count >= int64(l.Length) {
		if c.Reply = l.Begin(c, l.Length); !l.All(&c) {
			return before.TooLong()
		}
		return c.Reply
	}
	chance := v.Chance()
	c.Reply = l.Begin(c, int(count))
	for _, number := range chance.Different(l.Length, int(count)) {
		if !l.Show(&c, number) {
			return before.TooLong()
		}
	}
	return c.Reply
}
