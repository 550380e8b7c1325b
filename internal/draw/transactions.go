package draw

// Watch is WATCH of some keys.
func (x *Mix) Watch() []string { return append([]string{x.spelled("watch")}, x.anyKeys()...) }

// Select is SELECT of a database, or of what is none.
func (x *Mix) Select() []string {
	return []string{x.spelled("select"),
		x.pick("0", "1", "2", "0", "1", "2", "15", "16", "-1", "x", "", "01", "2147483648")}
}
