// Package osfile holds what operating systems do differently with files: locks, owners, and who else may read them.
package osfile

import "errors"

// ErrLocked says that another process, or another opening of the file in this one, holds its lock.
var ErrLocked = errors.New("another process has locked it")

// Access says what users other than the owner and the administrators may do with a file.
type Access struct {
	Read, Change bool
	Who          string // "mode 0644", or the name of the account
}
