package bench

import (
	"os"
	"path/filepath"

	"nudge/store/bolt"
)

// dataFolder is the engine's, below the project.
const dataFolder = "data"

// remember notes what so many waiting runs take of memory and of the disk.
func (s *session) remember(runs int) error {
	s.rememberMemory()
	info, err := os.Stat(filepath.Join(s.Dir, dataFolder, bolt.FileName))
	if err != nil {
		return err
	}
	s.report.FileBytesPerRun = float64(info.Size()) / float64(runs)
	return nil
}

// rememberMemory notes what the engine has in memory, where the system tells.
func (s *session) rememberMemory() {
	if anonymous, resident, ok := memoryOf(s.engine.pid()); ok {
		s.report.Memory = &Memory{anonymous, resident}
	}
}
