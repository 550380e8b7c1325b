package setting

import "sync/atomic"

// Cell is where a number lives. *atomic.Int64 is one.
type Cell interface {
	Load() int64
	Store(n int64)
}

// At is the cell of a variable that one goroutine uses.
func At[T ~int | ~int64](variable *T) Cell { return plain[T]{variable} }

type plain[T ~int | ~int64] struct{ variable *T }

func (p plain[T]) Load() int64   { return int64(*p.variable) }
func (p plain[T]) Store(n int64) { *p.variable = T(n) }

// TextCell is where a text lives.
type TextCell interface {
	Load() string
	Store(text string)
}

// TextAt is the cell of a variable that one goroutine uses.
func TextAt(variable *string) TextCell { return plainText{variable} }

type plainText struct{ variable *string }

func (p plainText) Load() string      { return *p.variable }
func (p plainText) Store(text string) { *p.variable = text }

// SharedText is a TextCell for several goroutines. Its zero value is empty.
type SharedText struct{ text atomic.Pointer[string] }

// Load returns the text.
func (s *SharedText) Load() string {
	if text := s.text.Load(); text != nil {
		return *text
	}
	return ""
}

// Store replaces the text.
func (s *SharedText) Store(text string) { s.text.Store(&text) }
