package store

import (
	"cmp"
	"errors"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// rowError says that a row holds what this program can't have written: a value of a wrong type, out of bounds, or
// unknown. Whoever meets one can tell nothing about the object.
type rowError struct {
	// object names the object of the row, and cause says what is wrong with it.
	object, cause string
}

// Error implements error.
func (e *rowError) Error() string { return e.object + ": " + e.cause }

// checkedRow returns the first error of reading and checking the row of an object, and names the object where the row is
// the reason.
func checkedRow(kind tokens.Kind, id string, errs ...error) error {
	err := cmp.Or(errs...)
	column, ok := errors.AsType[*columnError](err)
	if !ok {
		return err
	}
	name := column.column
	if name == "" { // database/sql knows it alone
		_, after, _ := strings.Cut(err.Error(), `, name "`)
		name, _, _ = strings.Cut(after, `"`)
	}
	return &rowError{rowOf(kind, id), "column " + name + ": " + column.reason}
}

// rowOf names an object. An identifier that is none might be anything, so it is not repeated.
func rowOf(kind tokens.Kind, id string) string {
	switch {
	case kind == "":
		return "a row"
	case tokens.KindOf(id) == kind:
		return kind.Noun() + " " + id
	}
	return "a row of " + kind.Noun() + "s"
}

// checkID checks the identifier of an object.
func checkID(column string, kind tokens.Kind, id string) error {
	if tokens.IsID(kind, id) {
		return nil
	}
	return &columnError{column, "it holds no identifier that begins with " + string(kind) + "_"}
}

// checkOptionalID is checkID for a reference that may be empty.
func checkOptionalID(column string, kind tokens.Kind, id string) error {
	if id == "" {
		return nil
	}
	return checkID(column, kind, id)
}

// checkOneOf checks a value of a column that knows a few.
func checkOneOf[S ~string](column string, value S, known ...S) error {
	for _, one := range known {
		if value == one {
			return nil
		}
	}
	return &columnError{column, "it holds a value that this program does not know"}
}
