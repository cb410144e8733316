package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// logOptions are the flags of verbs that log.
type logOptions struct {
	format logFormat
	level  slog.Level
}

// logFlags adds --log-format and --log-level to a verb.
func logFlags(c *cobra.Command) *logOptions {
	o := &logOptions{format: "text"}
	c.Flags().Var(&o.format, "log-format", "text or json")
	c.Flags().TextVar(&o.level, "log-level", slog.LevelInfo, "debug, info, warn or error")
	return o
}

// logger logs to a writer as the flags say.
func (o *logOptions) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.level}
	if o.format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

type logFormat string

// String is the word for the format.
func (f *logFormat) String() string { return string(*f) }

// Type is what help calls the flag's value.
func (f *logFormat) Type() string { return "format" }

// Set reads the word for a format.
func (f *logFormat) Set(text string) error {
	if text != "text" && text != "json" {
		return fmt.Errorf("want text or json")
	}
	*f = logFormat(text)
	return nil
}
