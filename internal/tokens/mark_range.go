package tokens

import "time"

// MostMarks is how many marks a MarkRange has at most.
const MostMarks = 10_000

// MarkRange is what a database says of a part of its past: the marks under serials that follow each other. By it a caller
// can judge, with a single look, whether a database is the one in which many objects were seen.
type MarkRange struct {
	// Location, Newest and KnownUntil are those of a Past.
	Location   string
	Newest     Mark
	KnownUntil time.Time
	// First is the first serial, and Values are the values of the marks under it and the serials after it; empty where the
	// database has none under one.
	First  int64
	Values []string
}

// ValidateMarkRange checks what a caller asks for: the marks from a serial on, at most limit; zero for MostMarks.
func ValidateMarkRange(first int64, limit int) error {
	switch {
	case first < 0:
		return Invalid("first", "serials count from 1: name one of them, or leave first out for all")
	case limit < 0 || limit > MostMarks:
		return Invalid("limit", "there are at most %d marks in an answer: ask for further ones from a later serial on", MostMarks)
	}
	return nil
}

// Past returns what there is to judge a mark by, and reports whether the range tells: it doesn't know marks under serials
// before it and, where there are too many for one range, after it.
func (r MarkRange) Past(seen Mark) (past Past, known bool) {
	past = Past{Location: r.Location, Newest: r.Newest, KnownUntil: r.KnownUntil}
	i := seen.Serial - r.First
	switch {
	case seen.Serial == 0 || seen.Serial > r.Newest.Serial || seen.Database != r.Newest.Database:
		return past, true
	case i < 0 || i >= int64(len(r.Values)):
		return past, false
	}
	past.SameSerial = r.Values[i]
	return past, true
}
