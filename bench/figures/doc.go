// Package figures has what tables of measurements are made of: the spread of figures that were measured several times,
// what is aimed at, and the tables, as text or as Markdown.
package figures
