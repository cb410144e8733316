package browser

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var pictures = flag.String("pictures", "", "a folder, such as ../../docs/pictures, for the pictures of README.md and of the pages in docs; empty: none")

// mostPicture is how many bytes a picture may have.
const mostPicture = 200 << 10

// TestPictures makes the pictures that the documentation shows, of a real server:
//
//	go test . -run TestPictures -pictures ../../docs/pictures
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("no -pictures")
	}
	if err := os.MkdirAll(*pictures, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ name, world, role, address string }{
		{"home", "filled", "admin", "/console/"},
		{"flow", "filled", "admin", "/console/flows/{flow}"},
		{"person", "filled", "admin", "/console/people/{person}"},
		{"campaign", "filled", "admin", "/console/campaigns/{campaign}"},
		{"inbox", "demo", "", "/console/inbox?people={people}"},
	} {
		w := worldOf(t, p.world)
		tab := openAs(t, w, p.role, w.Fill(p.address), View{Scripts: true})
		for _, dark := range []bool{false, true} {
			name := p.name + "-light.png"
			if dark {
				name = p.name + "-dark.png"
			}
			err := tab.Look(View{Scripts: true, Dark: dark})
			taken, more := tab.Picture(false)
			if err := errors.Join(err, more); err != nil {
				t.Fatal(err)
			}
			small, err := smaller(taken)
			if err := errors.Join(err, os.WriteFile(filepath.Join(*pictures, name), small, 0o666)); err != nil {
				t.Fatal(err)
			}
			if len(small) > mostPicture {
				t.Errorf("%s has %d bytes, and %d at most are allowed", name, len(small), mostPicture)
			}
		}
	}
}

// smaller writes a picture with its 256 commonest colours, which are nearly all: the others are at the edges of letters.
func smaller(taken []byte) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(taken))
	if err != nil {
		return nil, err
	}
	count, bounds := map[color.Color]int{}, picture.Bounds()
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			count[picture.At(x, y)]++
		}
	}
	common := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	few := image.NewPaletted(bounds, common[:min(len(common), 256)])
	draw.Draw(few, bounds, picture, bounds.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few)
	return out.Bytes(), err
}
