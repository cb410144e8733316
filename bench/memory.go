package bench

// dataFolder is the engine's data folder, below the project.
const dataFolder = "data"

// remember records the memory and disk space that this many waiting runs take.
func (s *session) remember(runs int) error {
	s.rememberMemory()
	file, err := s.metrics("nudge_store_file_bytes")
	if err != nil {
		return err
	}
	s.report.FileBytesPerRun = file[0] / float64(runs)
	if s.Store != "" {
		return nil
	}
	free, err := s.metrics("nudge_store_free_bytes")
	if err == nil {
		s.report.FileBytesPerRun -= free[0] / float64(runs)
	}
	return err
}

// rememberMemory records the engine's memory, on systems that report it.
func (s *session) rememberMemory() {
	if anonymous, resident, ok := memoryOf(s.engine.pid()); ok {
		s.report.Memory = &Memory{anonymous, resident}
	}
}
