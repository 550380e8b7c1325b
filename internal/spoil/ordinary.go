//go:build !mutation

package spoil

// Entry is what a machine applies with an entry: in this build what the log has.
func Entry(data []byte, local any) ([]byte, any) { return data, local }

// Sync comes before a sync: in this build it does nothing.
func Sync() {}
