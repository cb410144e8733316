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
	"nudge/lang/shape"
)

// Dir is the folder of a project that contains its audiences.
const Dir = "audiences"

// Sources has the places that audiences come from. Any of them may be nil; audiences from
// there then cannot be read.
type Sources struct {
	Project fs.FS // the project's folder in its present state
	People  People
	Client  Client // sends requests to services; must check the addresses it connects to
}

// People gives access to the stored profiles.
type People interface {
	// People calls visit with every stored profile until visit returns false. The order is
	// stable, and all profiles are as they were at one instant.
	People(visit func(*engine.Person) bool) error
}

// Walk reads the present audience. It calls visit with each row and wrong with each row
// that cannot be read, in order. It stops at an error of visit, or at the first wrong row
// if the schedule says so.
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
			err = check(&row, f.Schedule.RowShape(f.Flow))
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

// walkPeople visits the stored profiles that match the condition.
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

// open opens the source of an audience that does not consist of stored profiles.
func (s *Sources) open(ctx context.Context, f engine.SnapshotRequest) (source, io.Closer, error) {
	a := f.Schedule.Audience
	if a.Pages != nil {
		rows, err := newPages(ctx, s.Client, a.Pages, a.Profile, f.Schedule.RowShape(f.Flow))
		return rows, io.NopCloser(nil), err
	}
	return openFile(s.Project, a, f.Schedule.RowShape(f.Flow))
}

func openFile(project fs.FS, a *flows.Audience, row *shape.Type) (source, io.Closer, error) {
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
		rows, err = newCSV(file, a.Profile, row)
	} else {
		rows, err = newLines(file, a.Profile, row)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return rows, file, nil
}

// freeze passes the rows of an audience to keep, and counts them.
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
