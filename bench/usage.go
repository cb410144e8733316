package bench

// memoryFileSystem is what Machine.FileSystem says of one that keeps nothing: there a
// sync costs nothing, and figures mean little.
const memoryFileSystem = "tmpfs"

// usage is what a process has used since it began.
type usage struct {
	cpuSeconds   float64
	writtenBytes int64 // that it caused to be written to storage
}
