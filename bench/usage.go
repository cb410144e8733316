package bench

// memoryFileSystem is the value of Machine.FileSystem for a file system in memory. There a
// sync costs nothing, so the figures mean little.
const memoryFileSystem = "tmpfs"

// usage is the resources that a process has used since it began.
type usage struct {
	cpuSeconds   float64
	writtenBytes int64 // that it caused to be written to storage
}
