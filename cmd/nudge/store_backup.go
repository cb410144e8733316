package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/store/backup"
)

const storeBackupHelp = `Backup writes all records of a store, as they are at one instant, with the frozen audiences of
its campaigns, and verifies what it writes. With --url a running server makes the backup beside
its work; the token needs the scope admin. Without, no server may have the data folder open.

FILE gets its name when it is whole. Without FILE, the backup goes to the standard output: after
an error, what is there is of no use. A backup is not compressed: let zstd or gzip do that.

With --follow, FILE is a folder for a warm copy: a backup, and behind it everything that is written
into the store from then on, about a second behind. Nudge never starts it by itself; nudge store
restore makes a store of it. Each --renew it begins anew, and when the connection was lost: the
copy before stays until the new one is whole. It goes on until it is interrupted.`

func newStoreBackup() *cobra.Command {
	c := &cobra.Command{
		Use:   "backup [FILE]",
		Short: "Make a backup of a store, also while it is in use",
		Long:  storeBackupHelp,
		Example: "  nudge store backup --url http://127.0.0.1:8080 backups/monday.nudge\n  nudge store backup --url http://127.0.0.1:8080 | zstd > monday.nudge.zst\n" +
			"  nudge store backup --url https://nudge.internal --follow /backups/warm",
		Args: cobra.MaximumNArgs(1),
	}
	var remote apiFlags
	c.Flags().StringVar(&remote.server, "url", "", "URL of a running server, which makes the backup")
	c.Flags().StringVar(&remote.token, "token", "", "bearer token of the API; default $NUDGE_TOKEN")
	dir := c.Flags().String("data", "", "data folder of a server that is not running; default "+app.DefaultDataDir)
	follow := c.Flags().Bool("follow", false, "go on with everything that is written into the server's store")
	renew := c.Flags().Duration("renew", 24*time.Hour, "with --follow: how long one copy goes on before it begins anew")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *follow {
			return followStore(c, &remote, args, *renew)
		}
		make := func(ctx context.Context, to io.Writer) error { return app.BackUp(ctx, *dir, to) }
		switch {
		case remote.server != "" && *dir != "":
			return wrongUsage(errors.New("a server makes a backup of its own store: leave out --data, or --url"))
		case remote.server != "":
			server, err := remote.client()
			if err != nil {
				return err
			}
			make = server.BackUp
		case *dir == "":
			*dir = app.DefaultDataDir
		}
		ctx, stop := untilSignal(c.Context())
		defer stop()
		v := &verified{make: make, bar: newProgress(c.ErrOrStderr(), "", nil)}
		err := v.write(ctx, c.OutOrStdout(), args)
		v.bar.clear()
		if errors.Is(err, fs.ErrNotExist) && remote.server == "" {
			return wrongInput(noStore(*dir))
		}
		if err != nil {
			return failed(err)
		}
		fmt.Fprintf(c.ErrOrStderr(), "%s of %s, as they were at %s\n", plural(int(v.records), "record"), v.made.Header.Installation, v.made.Header.Made.Format(time.RFC3339))
		return nil
	}
	return c
}

// followStore keeps a warm copy of a server's store until it is interrupted.
func followStore(c *cobra.Command, remote *apiFlags, args []string, renew time.Duration) error {
	switch {
	case remote.server == "" || c.Flags().Changed("data"):
		return wrongUsage(errors.New("only a running server can be followed: name it with --url, without --data"))
	case len(args) != 1:
		return wrongUsage(errors.New("--follow wants a folder for the copy"))
	case renew <= 0:
		return wrongUsage(fmt.Errorf("--renew %s: want a duration above 0, such as 24h", renew))
	}
	server, err := remote.client()
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(c.Context())
	defer stop()
	f := &warmCopy{server: server, dir: args[0], renew: renew, out: c.ErrOrStderr(), bar: newProgress(c.ErrOrStderr(), "", nil)}
	return failed(f.run(ctx))
}

// verified is a backup that is read again while it is written.
type verified struct {
	make    func(ctx context.Context, to io.Writer) error
	bar     *progress
	made    *backup.Backup
	records int64
}

// write writes the backup to a file, or to out.
func (v *verified) write(ctx context.Context, out io.Writer, args []string) error {
	if len(args) == 0 {
		if isTerminal(out) {
			return errors.New("a backup is nothing to read: name a file, or redirect the output")
		}
		return v.copy(ctx, raw(out))
	}
	dir := filepath.Dir(args[0])
	file, err := os.CreateTemp(dir, filepath.Base(args[0])+".part-*")
	if err != nil {
		return err
	}
	err = v.copy(ctx, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), args[0])
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// copy writes the backup, and fails if it is not whole.
func (v *verified) copy(ctx context.Context, out io.Writer) error {
	from, to := io.Pipe()
	read := make(chan error, 1)
	go func() { // ends when the pipe is closed, below
		var err error
		if v.made, err = backup.Read(from); err == nil {
			v.records, err = v.made.Verify(ctx)
		}
		from.CloseWithError(err)
		read <- err
	}()
	err := v.make(ctx, io.MultiWriter(out, to, &drawn{bar: v.bar}))
	to.CloseWithError(err)
	if wrong := <-read; err == nil || errors.Is(err, wrong) {
		return wrong
	}
	return err
}

// drawn shows on a bar how many bytes were written.
type drawn struct {
	bar   *progress
	bytes int64
}

func (d *drawn) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	d.bar.draw(mebibytes(d.bytes))
	return len(p), nil
}
