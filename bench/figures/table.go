package figures

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table is a table of a report.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Add adds a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// WriteAll writes tables, as text or as Markdown, and leaves out those without rows.
func WriteAll(w io.Writer, markdown bool, tables ...Table) error {
	for i := range tables {
		t := &tables[i]
		if len(t.Rows) == 0 {
			continue
		}
		write := t.text
		if markdown {
			write = t.markdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s:\n\n| %s |\n|%s\n", t.Title, strings.Join(t.Head, " | "), strings.Repeat("---|", len(t.Head)))
	for _, row := range t.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) text(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s\n\n", t.Title); err != nil {
		return err
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		fmt.Fprintf(columns, "  %s\n", strings.Join(row, "\t")) // Flush says if it cannot be written
	}
	return columns.Flush()
}
