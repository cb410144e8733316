package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const templatesShowHelp = `Show renders a template of the active flows with example data: in each of its languages, with
everything there, and without each value that may be absent. The worst cases come first: those
that fail, then empty texts and texts with a gap. --all shows the others too.`

func newTemplates() *cobra.Command {
	c := group("templates", "Show what people read of the templates of a running server")
	flags := addAPIFlags(c)
	c.AddCommand(newTemplatesList(flags), newTemplatesShow(flags))
	return c
}

// templatePage is the list of templates as -o json writes it.
type templatePage struct {
	Templates []client.TemplateLine `json:"templates"`
}

func newTemplatesList(flags *apiFlags) *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the templates of the active flows",
		Example: "  nudge templates list",
		Args:    cobra.NoArgs,
	}
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (templatePage, error) {
		all, err := a.Templates(ctx)
		return templatePage{all}, err
	}, func(c *cobra.Command, p templatePage) error {
		return templateList.write(c.OutOrStdout(), p.Templates)
	})
	return c
}

var templateList = listing[client.TemplateLine]{
	empty: "no active flow sends anything", header: []string{"TEMPLATE", "LANGUAGES", "SENT BY"},
	cells: func(t client.TemplateLine) []any {
		var steps []string
		for _, u := range t.Uses {
			steps = append(steps, u.Flow+" "+u.Step)
		}
		return []any{t.Name, strings.Join(t.Uses[0].Languages, ", "), strings.Join(steps, ", ")}
	},
}

func newTemplatesShow(flags *apiFlags) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "show TEMPLATE",
		Short:   "Show what people would read of a template",
		Long:    templatesShowHelp,
		Example: "  nudge templates show shipped\n  nudge templates show shipped --all -o json",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().BoolVar(&all, "all", false, "show every case, not only those with everything there and those that go wrong")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*client.Template, error) {
		return a.Template(ctx, args[0])
	}, textOf(func(out io.Writer, t *client.Template) error { return writeTemplate(out, t, all) }))
	return c
}

// writeTemplate shows the cases of a template, one after the other.
func writeTemplate(out io.Writer, t *client.Template, all bool) error {
	for i := range t.Uses {
		u := &t.Uses[i]
		fmt.Fprintf(out, "%s, sent by %s %s\n", t.Name, u.Flow, u.Step)
		hidden := 0
		for k := range u.Cases {
			if c := &u.Cases[k]; all || c.Fails != "" || len(c.Warnings) > 0 || len(c.Absent) == 0 {
				writeTemplateCase(out, c)
			} else {
				hidden++
			}
		}
		if hidden > 0 {
			fmt.Fprintf(out, "\n%s without anything to remark: add --all\n", plural(hidden, "case"))
		}
		if u.LeftOut > 0 {
			fmt.Fprintf(out, "\n%s not tried\n", plural(u.LeftOut, "case"))
		}
	}
	return nil
}

func writeTemplateCase(out io.Writer, c *client.TemplateCase) {
	with := "with everything there"
	if len(c.Absent) > 0 {
		with = "without " + strings.Join(c.Absent, ", ")
	}
	fmt.Fprintf(out, "\n%s, %s\n", c.Locale, with)
	line := func(name, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(out, "  %-8s %s\n", name, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 11)))
		}
	}
	line("FAILS", c.Fails)
	for _, w := range c.Warnings {
		line("warning", w)
	}
	m := c.Message
	if m == nil {
		return
	}
	line("title", m.Title)
	line("body", m.Body)
	line("template", m.Template)
	for _, p := range m.Parts {
		text := p.Text + p.URL
		if text == "" {
			text = fmt.Sprintf("%s, %d bytes", p.Type, p.Size)
		}
		line("part", text)
	}
	if m.Alert != nil {
		line("alert", strings.TrimSpace(m.Alert.Title+"\n"+m.Alert.Body))
		line("apns", string(m.Alert.APNS))
		line("fcm", string(m.Alert.FCM))
	}
}
