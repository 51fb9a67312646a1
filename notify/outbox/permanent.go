package outbox

import "errors"

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that trying again will not cure: the recipient does not exist.
func Permanent(err error) error { return permanent{err} }

// IsPermanent tells whether trying again is of no use.
func IsPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}
