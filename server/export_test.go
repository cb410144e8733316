package server

import "io/fs"

// Folder is the file system of texts that a deploy is read from.
func Folder(files map[string]string) fs.FS { return folder(files) }
