package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/store/bolt"
)

const storeSizeHelp = `Size shows how many bytes of a data folder's file each kind of record takes, and how many are
free. It changes nothing. The server must not be running: it holds the file.`

// storeSize describes how the space in a store's file is used.
type storeSize struct {
	File  int64       `json:"file_bytes"`
	Free  int64       `json:"free_bytes"` // of the file, in no bucket
	Parts []bolt.Part `json:"parts"`
}

func newStoreSize() *cobra.Command {
	c := &cobra.Command{
		Use:     "size [DATA_DIR]",
		Short:   "Show what takes the space of a data folder",
		Long:    storeSizeHelp,
		Example: "  nudge store size data",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := app.DefaultDataDir
		if len(args) > 0 {
			dir = args[0]
		}
		size, err := sizeOfStore(dir)
		if err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), size)
		}
		return writeStoreSize(c.OutOrStdout(), size)
	}
	return c
}

func sizeOfStore(dir string) (s storeSize, err error) {
	kv, err := bolt.OpenExisting(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return s, wrongInput(noStore(dir))
	}
	if err != nil {
		return s, failed(err)
	}
	s.File = kv.Size()
	s.Parts, err = kv.Parts()
	s.Free = s.File
	for _, p := range s.Parts {
		s.Free -= p.Bytes
	}
	return s, failed(errors.Join(err, kv.Close()))
}

func writeStoreSize(out io.Writer, s storeSize) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range s.Parts {
		if p.Records > 0 {
			fmt.Fprintf(t, "%d\tB\t%d\t  %s\n", p.Bytes, p.Records, p.Bucket)
		}
	}
	fmt.Fprintf(t, "%d\tB\t\t  free\n%d\tB\t\t  in all\n", s.Free, s.File)
	return failed(t.Flush())
}
