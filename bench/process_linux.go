package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// clockTicks is the unit of CPU time in /proc, in ticks per second (USER_HZ, the same on
// every architecture that Go runs on).
const clockTicks = 100

// childAttributes makes a child process end with this process, however this process ends.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// usageOf returns the resources that a process has used so far.
func usageOf(pid int) (u usage, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, false
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may contain any other text
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return u, false
	}
	for _, field := range fields[11:13] { // utime and stime, proc_pid_stat(5)
		ticks, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return u, false
		}
		u.cpuSeconds += float64(ticks) / clockTicks
	}
	io, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	u.writtenBytes = table(string(io))["write_bytes"]
	return u, err == nil
}

// busySeconds returns how long all CPUs together were neither idle nor waiting for the
// disk.
func busySeconds() (sum float64) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 8 { // the name, idle, iowait, guests (in user already)
			continue
		}
		ticks, _ := strconv.ParseUint(field, 10, 64)
		sum += float64(ticks) / clockTicks
	}
	return sum
}

// memoryOf returns the memory of a process in bytes: its own, and the total including
// mapped files.
func memoryOf(pid int) (anonymous, resident int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	values := table(string(status))
	return values["RssAnon"] << 10, values["VmRSS"] << 10, true
}

// table reads a file of /proc that has a name and a number on each line.
func table(text string) map[string]int64 {
	values := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		if n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64); err == nil {
			values[name] = n
		}
	}
	return values
}

// magics names the important file systems by the number that statfs(2) returns for them.
var magics = map[int64]string{
	0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: memoryFileSystem, 0x794c7630: "overlay", 0x6969: "nfs", 0x2fc12fc1: "zfs",
}

// fileSystem returns the kind of a folder's file system.
func fileSystem(dir string) string {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return ""
	}
	if name, ok := magics[int64(stat.Type)]; ok {
		return name
	}
	return fmt.Sprintf("%#x", stat.Type)
}

// syncData makes the bytes of a file durable.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
