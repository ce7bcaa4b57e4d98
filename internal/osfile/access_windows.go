package osfile

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Rights of an access control entry.
const (
	readRights   = windows.FILE_READ_DATA | windows.GENERIC_READ | windows.GENERIC_ALL
	changeRights = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_WRITE | windows.GENERIC_ALL
)

// Types of entries that allow, of winnt.h.
const (
	allowed         = 0
	allowedCallback = 9
)

// Own tells whether an open file is this user's or the administrators', under one name only: what others can write to is
// not to be trusted, and what has a second name is not to be cut.
func Own(f *os.File) (bool, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return false, err
	}
	security, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return false, err
	}
	owner, _, err := security.Owner()
	if err != nil {
		return false, err
	}
	ours, err := trusted(owner)
	return ours && info.NumberOfLinks <= 1, err
}

// OwnFolder tells whether a folder, and no link to one, is this user's or the administrators'.
func OwnFolder(dir string) bool {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return false
	}
	security, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return false
	}
	owner, _, err := security.Owner()
	if err != nil {
		return false
	}
	ours, err := trusted(owner)
	return ours && err == nil
}

// Others says what others may do with an open file.
func Others(f *os.File) (Access, error) {
	security, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return Access{}, err
	}
	owner, _, err := security.Owner()
	if err != nil {
		return Access{}, err
	}
	if ours, err := trusted(owner); err != nil || !ours {
		return Access{Read: true, Change: true, Who: name(owner)}, err // an owner can allow itself everything
	}
	list, _, err := security.DACL()
	switch {
	case err != nil:
		return Access{}, err
	case list == nil:
		return Access{Read: true, Change: true, Who: "it has no access control list"}, nil
	}
	return entries(list)
}

// entries reads what a list allows to others.
func entries(list *windows.ACL) (all Access, err error) {
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return Access{}, err
		}
		read, change := entry.Mask&readRights != 0, entry.Mask&changeRights != 0
		if entry.Header.AceType != allowed && entry.Header.AceType != allowedCallback || entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 || !read && !change {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&entry.SidStart))
		ours, err := trusted(sid)
		if err != nil {
			return Access{}, err
		}
		if !ours {
			all = Access{Read: all.Read || read, Change: all.Change || change, Who: name(sid)}
		}
	}
	return all, nil
}

// OthersOf says what others may do with the file or folder of a name.
func OthersOf(name string) (Access, error) {
	f, err := os.Open(name)
	if err != nil {
		return Access{}, err
	}
	defer f.Close()
	return Others(f)
}

// trusted tells whether an account is this user, the system, the administrators, or stands for the owner.
func trusted(sid *windows.SID) (bool, error) {
	for _, kind := range []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid, windows.WinCreatorOwnerRightsSid} {
		if sid.IsWellKnown(kind) {
			return true, nil
		}
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return false, fmt.Errorf("look up this user: %w", err)
	}
	return sid.Equals(user.User.Sid), nil
}

// name is what people call an account.
func name(sid *windows.SID) string {
	account, domain, _, err := sid.LookupAccount("")
	if err != nil {
		return sid.String()
	}
	if domain == "" {
		return account
	}
	return domain + `\` + account
}

// KeepPrivate is a command that keeps others from a file or folder.
func KeepPrivate(name string) string {
	rights := "F"
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		rights = "(OI)(CI)F" // of what is in it, too
	}
	return fmt.Sprintf(`icacls "%s" /inheritance:r /grant:r "%%USERNAME%%:%s"`, name, rights)
}
