package tokens

import "errors"

// Change is one field of an update: the zero Change leaves the field as it is.
type Change[T any] struct {
	set   bool
	value T
}

// To is a change to the value.
func To[T any](value T) Change[T] { return Change[T]{set: true, value: value} }

// Get returns the new value and whether there is one.
func (c Change[T]) Get() (T, bool) { return c.value, c.set }

// apply writes the new value to the field, where there is one.
func (c Change[T]) apply(field *T) {
	if c.set {
		*field = c.value
	}
}

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			var e *Error
			if errors.As(err, &e) {
				return e
			}
			return err
		}
	}
	return nil
}
