package input

import (
	"os"
	"syscall"
)

// isKernels tells whether a file is the kernel's own, as those of /proc are, wherever they are mounted.
func isKernels(f *os.File) bool {
	const proc, sysfs, cgroup2, debugfs = 0x9fa0, 0x62656572, 0x63677270, 0x64626720
	var s syscall.Statfs_t
	if syscall.Fstatfs(int(f.Fd()), &s) != nil {
		return false
	}
	switch uint32(s.Type) { // an int32 or an int64, by machine
	case proc, sysfs, cgroup2, debugfs:
		return true
	}
	return false
}
