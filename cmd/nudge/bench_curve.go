package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"nudge/bench"
)

const benchCurveHelp = `Curve draws what nudge bench park measured as SVG, over the number of waiting runs:

  cost      time of a run and of a receipt
  disk      bytes of the file for a waiting run
  memory    memory of the engine
  restart   time of a restart`

func newBenchCurve() *cobra.Command {
	var of string
	c := &cobra.Command{
		Use:     "curve FILE.json",
		Short:   "Draw what park measured",
		Long:    benchCurveHelp,
		Example: "  nudge bench park -n 1000000 -o json > park.json\n  nudge bench curve park.json --of disk > disk.svg",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&of, "of", "cost", "what to draw: cost, disk, memory or restart")
	c.RunE = func(c *cobra.Command, args []string) error {
		curve, ok := bench.FindCurve(of)
		if !ok {
			return wrongUsage(fmt.Errorf("there is no curve of %q; %s", of, didYouMean(of, curveNames())))
		}
		report, err := readBench(args[0])
		if err != nil {
			return wrongInput(err)
		}
		drawn, err := curve.Draw(report)
		if err != nil {
			return wrongInput(fmt.Errorf("%s: %w", args[0], err))
		}
		_, err = raw(c.OutOrStdout()).Write(drawn)
		return failed(err)
	}
	return c
}

func curveNames() (names []string) {
	for _, c := range bench.Curves {
		names = append(names, c.Name)
	}
	return names
}

// readBench reads a report that bench wrote as JSON.
func readBench(path string) (*bench.Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	report := &bench.Report{}
	if err := d.Decode(report); err != nil {
		return nil, fmt.Errorf("%s is no report of nudge bench -o json: %s", path, jsonMistake(text, err))
	}
	return report, nil
}
