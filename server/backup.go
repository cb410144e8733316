package server

import (
	"cmp"
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

// backUp streams all records of the store, and with follow all that is written into it from then on. The end of the backup says
// whether it is whole.
func (s *Server) backUp(w http.ResponseWriter, r *http.Request) {
	if s.config.BackUp == nil {
		detail := "this server makes no backups of its store"
		if s.config.Cluster != nil {
			detail = "the store is in PostgreSQL: back the database up, as docs/postgresql.md says"
		}
		s.fail(w, r, problemOf(http.StatusNotImplemented, "no-backups", detail))
		return
	}
	follow, err := followOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	did, make := "back up store", s.config.BackUp
	if follow {
		did, make = "follow store", s.config.Follow
	}
	if err := s.note(r.Context(), actorOf(w, r), did, nil); err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	out := &backupStream{w: w, control: http.NewResponseController(w)}
	if follow {
		token := recordOf(w).token
		out.allowed = func() bool { return s.stands(token) }
		go func() { // ends with the request
			select {
			case <-ctx.Done():
			case <-s.over:
				cancel(errStopping)
			}
		}()
	}
	err = make(ctx, out)
	switch {
	case err == nil, r.Context().Err() != nil: // nobody is there any more
	case follow && out.begun && (errors.Is(context.Cause(ctx), errStopping) || errors.Is(err, errTokenEnded)):
		s.config.Log.Info("a follower of the store was sent away", "why", cmp.Or(context.Cause(ctx), err))
		panic(http.ErrAbortHandler)
	case errors.Is(err, ErrBackingUp):
		s.fail(w, r, problemOf(http.StatusConflict, "under-way", err.Error()))
	case out.begun:
		s.config.Log.Error("a backup was broken off", "error", err)
		panic(http.ErrAbortHandler) // the status is out already, and nobody must take half for whole
	default:
		s.fail(w, r, err)
	}
}

var (
	errStopping   = errors.New("the server stops")
	errTokenEnded = errors.New("the token is no longer known")
)

// followOf reads whether the stream goes on behind the backup.
func followOf(r *http.Request) (bool, error) {
	values := r.URL.Query()
	if err := onlyParameters(values, []string{"follow"}); err != nil {
		return false, err
	}
	switch values.Get("follow") {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, wrongParameter("follow", "must be true or false")
}

// backupStream writes a backup to somebody who has to keep up.
type backupStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
	allowed func() bool // nil: to its end
}

func (b *backupStream) Write(p []byte) (int, error) {
	if b.allowed != nil && !b.allowed() {
		return 0, errTokenEnded
	}
	if !b.begun {
		b.begun = true
		b.w.Header().Set("Content-Type", mediaBackup)
	}
	if err := b.control.SetWriteDeadline(time.Now().Add(backupPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := b.w.Write(p)
	if err == nil && b.allowed != nil {
		err = b.control.Flush()
	}
	return n, err
}

// BackUp writes a backup of the store. It fails with [ErrBackingUp] while another is made.
type BackUp func(ctx context.Context, to io.Writer) error
