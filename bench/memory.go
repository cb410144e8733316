package bench

// dataFolder is the engine's, below the project.
const dataFolder = "data"

// remember notes what so many waiting runs take of memory and of the disk.
func (s *session) remember(runs int) error {
	s.rememberMemory()
	file, err := s.metrics("nudge_store_file_bytes", "nudge_store_free_bytes")
	if err != nil {
		return err
	}
	s.report.FileBytesPerRun = (file[0] - file[1]) / float64(runs)
	return nil
}

// rememberMemory notes what the engine has in memory, where the system tells.
func (s *session) rememberMemory() {
	if anonymous, resident, ok := memoryOf(s.engine.pid()); ok {
		s.report.Memory = &Memory{anonymous, resident}
	}
}
