package edge

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const hugePage = 2 << 20

// onHugePages is make for a large table whose rows are touched in no order, each after half a minute in which everything else went through
// the caches: the way through the page tables, which in a virtual machine are four times four, costs more than the row. The kernel is asked for pages of
// 2 MiB as the table is filled; where it has none the pages are small.
func onHugePages[T any](n int) []T {
	s := make([]T, n)
	first := uintptr(unsafe.Pointer(&s[0]))
	end := first + uintptr(n)*unsafe.Sizeof(s[0])
	// What lies beside the table in its first and last page may share in it.
	first, end = first&^(hugePage-1), (end+hugePage-1)&^(hugePage-1)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, first, end-first, unix.MADV_HUGEPAGE)
	return s
}
