package audience

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"nudge/engine"
	"nudge/flows"
)

// Dir is the folder of a project that its audiences lie in.
const Dir = "audiences"

// Sources is where audiences come from. Any of them may be nil: an audience that comes
// from there cannot be read.
type Sources struct {
	Project fs.FS // the project's folder, as it is now
	People  People
	Client  Client // asks services; must look at the addresses it connects to
}

// People is the stored profiles.
type People interface {
	// People calls visit with everybody of whom something is known, in an order that
	// stays the same, as all of them were at one instant, until visit returns false.
	People(visit func(*engine.Person) bool) error
}

// Walk reads an audience as it is now and calls visit with each of its rows, and wrong
// with each that cannot be read, in order. It stops at an error of visit, and at the first
// wrong row where the schedule says so.
func (s *Sources) Walk(ctx context.Context, f engine.SnapshotRequest, visit func(engine.Row) error, wrong func(engine.BadRow)) error {
	if f.Schedule.Audience.If != nil {
		return s.walkPeople(ctx, f, visit)
	}
	name := "the service"
	if file := f.Schedule.Audience.File; file != "" {
		name = path.Join(Dir, file)
	}
	rows, closer, err := s.open(ctx, f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer closer.Close()
	for {
		row, line, err := rows.next()
		if err == nil {
			err = check(&row, f.Flow.Data)
		}
		var unfit *badRow
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &unfit):
			wrong(engine.BadRow{Line: line, What: unfit.what})
			if f.Schedule.StopOnBadRow {
				return fmt.Errorf("%s:%d: %w", name, line, err)
			}
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		default:
			if err := visit(row); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// walkPeople takes the stored profiles of which the condition holds.
func (s *Sources) walkPeople(ctx context.Context, f engine.SnapshotRequest, visit func(engine.Row) error) error {
	if s.People == nil {
		return errors.New("there are no stored profiles here")
	}
	var failed error
	err := s.People.People(func(p *engine.Person) bool {
		in, err := f.Belongs(p)
		switch {
		case ctx.Err() != nil:
			failed = ctx.Err()
		case err != nil:
			failed = fmt.Errorf("%s: %w", p.ID, err)
		case in:
			failed = visit(engine.Row{Profile: p.ID})
		}
		return failed == nil
	})
	return errors.Join(failed, err)
}

// open opens the source of an audience that is no stored profiles.
func (s *Sources) open(ctx context.Context, f engine.SnapshotRequest) (source, io.Closer, error) {
	a := f.Schedule.Audience
	if a.Pages != nil {
		rows, err := newPages(ctx, s.Client, a.Pages, a.Profile, f.Flow.Data)
		return rows, io.NopCloser(nil), err
	}
	return openFile(s.Project, a, f.Flow)
}

func openFile(project fs.FS, a *flows.Audience, f *flows.Flow) (source, io.Closer, error) {
	if project == nil {
		return nil, nil, errors.New("this server has no project on disk")
	}
	file, err := project.Open(path.Join(Dir, a.File))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.New("there is no such file")
	}
	if err != nil {
		return nil, nil, err
	}
	var rows source
	if path.Ext(a.File) == ".csv" {
		rows, err = newCSV(file, a.Profile, f.Data)
	} else {
		rows, err = newLines(file, a.Profile, f.Data)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return rows, file, nil
}

// freeze hands the rows of an audience to keep, and counts them.
func (s *Sources) freeze(ctx context.Context, f engine.SnapshotRequest, keep func(*engine.Row) error) (*engine.Snapshot, error) {
	frozen := &engine.Snapshot{}
	err := s.Walk(ctx, f, func(row engine.Row) error {
		if frozen.Rows++; frozen.Rows > engine.MaxAudience {
			return fmt.Errorf("it has more than %d rows", engine.MaxAudience)
		}
		return keep(&row)
	}, func(wrong engine.BadRow) {
		if frozen.Bad++; len(frozen.BadRows) < engine.MaxBadRows {
			frozen.BadRows = append(frozen.BadRows, wrong)
		}
	})
	switch {
	case ctx.Err() != nil:
		return frozen, ctx.Err()
	case err != nil:
		frozen.Rows, frozen.Failed = 0, err.Error()
	}
	return frozen, nil
}
