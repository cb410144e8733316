package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// ErrBackingUp is returned by Config.BackUp while another backup is made.
var ErrBackingUp = errors.New("a backup is being made already; wait for its end")

// backupPatience is how long a reader of a backup may take for a part of it; the backup is broken off. While it is read, the store
// keeps the room of everything that is deleted, so nobody may hold it for ever.
const backupPatience = time.Minute

// mediaBackup is the type of a backup; see store/backup.
const mediaBackup = "application/octet-stream"

// backUp streams all records of the store. The end of the stream says whether it is whole.
func (s *Server) backUp(w http.ResponseWriter, r *http.Request) {
	if s.config.BackUp == nil {
		s.fail(w, r, problemOf(http.StatusNotImplemented, "no-backups", "this server makes no backups of its store"))
		return
	}
	if err := s.note(r.Context(), actorOf(w, r), "back up store", nil); err != nil {
		s.fail(w, r, err)
		return
	}
	out := &backupStream{w: w, control: http.NewResponseController(w)}
	err := s.config.BackUp(r.Context(), out)
	switch {
	case err == nil:
	case errors.Is(err, ErrBackingUp):
		s.fail(w, r, problemOf(http.StatusConflict, "under-way", err.Error()))
	case out.begun:
		s.config.Log.Error("a backup was broken off", "error", err)
		panic(http.ErrAbortHandler) // the status is out already, and nobody must take half for whole
	default:
		s.fail(w, r, err)
	}
}

// backupStream writes a backup to somebody who has to keep up.
type backupStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (b *backupStream) Write(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.w.Header().Set("Content-Type", mediaBackup)
	}
	if err := b.control.SetWriteDeadline(time.Now().Add(backupPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return b.w.Write(p)
}

// BackUp writes a backup of the store. It fails with [ErrBackingUp] while another is made.
type BackUp func(ctx context.Context, to io.Writer) error
