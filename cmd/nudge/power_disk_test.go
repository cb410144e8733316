//go:build linux

package main

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"path/filepath"
)

// sector is how many bytes a disk writes as a whole or not at all.
const sector = 512

// image is the content of a file; what is beyond it is zeros, up to the size.
type image struct {
	content []byte
	size    int64
	version int // rises with each change
}

// read returns the bytes of a part of the file.
func (i *image) read(from, to int64) []byte {
	part := make([]byte, to-from)
	if from < int64(len(i.content)) {
		copy(part, i.content[from:])
	}
	return part
}

// apply does a write or a resize.
func (i *image) apply(c change) {
	i.version++
	switch c.kind {
	case write:
		end := c.at + int64(len(c.data))
		if grow := end - int64(len(i.content)); grow > 0 {
			i.content = append(i.content, make([]byte, grow)...)
		}
		copy(i.content[c.at:], c.data)
		i.size = max(i.size, end)
	case resize:
		i.content, i.size = i.content[:min(c.at, int64(len(i.content)))], c.at
	}
}

// disk is what a loss of power certainly leaves, and what it may leave or take.
type disk struct {
	names   map[string]int // files and folders, by path
	files   map[int]*image
	pending []change // since the last sync of their file or folder, in order
}

func newDisk() *disk { return &disk{names: map[string]int{}, files: map[int]*image{}} }

// do takes a change. A sync makes what it covers certain.
func (d *disk) do(c change) {
	switch c.kind {
	case syncFile, syncFolder:
		var rest []change
		for _, p := range d.pending {
			if covers(c, p) {
				d.settle(p)
			} else {
				rest = append(rest, p)
			}
		}
		d.pending = rest
	case witness:
	default:
		d.pending = append(d.pending, c)
	}
}

func covers(sync, p change) bool {
	if p.kind == link || p.kind == unlink {
		return sync.kind == syncFolder && sync.name == filepath.Dir(p.name)
	}
	return sync.kind == syncFile && sync.file == p.file
}

func (d *disk) settle(c change) {
	switch c.kind {
	case link:
		d.names[c.name] = c.file
	case unlink:
		delete(d.names, c.name)
	default:
		d.image(c.file).apply(c)
	}
}

func (d *disk) image(file int) *image {
	if d.files[file] == nil {
		d.files[file] = &image{}
	}
	return d.files[file]
}

// with returns the disk with changes that are pending on this one.
func (d *disk) with(changes []change) *disk {
	o := &disk{names: maps.Clone(d.names), files: maps.Clone(d.files)}
	own := map[int]bool{}
	for _, c := range changes {
		if (c.kind == write || c.kind == resize) && !own[c.file] {
			o.files[c.file] = &image{content: bytes.Clone(d.image(c.file).content), size: d.image(c.file).size}
			own[c.file] = true
		}
		o.settle(c)
	}
	return o
}

// piece is the smallest part of a change that can be lost by itself: a name, a size, or a sector
// that differs from what is there.
type piece struct {
	of int // number of the change
	change
}

// pieces takes the pending changes apart.
func (d *disk) pieces() (all []piece) {
	for n, p := range d.pending {
		if p.kind != write {
			all = append(all, piece{n, p})
			continue
		}
		before := d.image(p.file)
		for from := int64(0); from < int64(len(p.data)); from += sector {
			part := change{kind: write, file: p.file, at: p.at + from, data: p.data[from:min(from+sector, int64(len(p.data)))]}
			if end := part.at + int64(len(part.data)); end > before.size || !bytes.Equal(before.read(part.at, end), part.data) {
				all = append(all, piece{n, part})
			}
		}
	}
	return all
}

// maxShuffled is how many bits a choice may have to be one of a list.
const maxShuffled = 18

// ways returns how many choices there are of so many pieces, at most a limit.
func ways(pieces, limit int) int {
	if pieces > maxShuffled {
		return limit
	}
	return min(1<<pieces, limit)
}

// eachChoice calls visit with n different choices of the pieces that a loss leaves. As the last
// write of a sector wins, a choice stands for every order of the same writes. The first choices
// are nothing and everything; of the others a third of the changes are kept, a third lost, and a
// third torn, the half of them after a prefix.
func eachChoice(random *rand.Rand, pieces []piece, n int, visit func(kept []bool)) {
	kept := make([]bool, len(pieces))
	if len(pieces) <= maxShuffled && n > 1<<len(pieces)/4 {
		for i, which := range random.Perm(1 << len(pieces)) {
			if i == n {
				return
			}
			for b := range kept {
				kept[b] = which>>b&1 == 1
			}
			visit(kept)
		}
		return
	}
	seen := map[string]bool{}
	for len(seen) < n {
		switch len(seen) {
		case 0, 1:
			for b := range kept {
				kept[b] = len(seen) == 1
			}
		default:
			draw(random, pieces, kept)
		}
		key := make([]byte, len(kept)/8+1)
		for b, k := range kept {
			if k {
				key[b/8] |= 1 << (b % 8)
			}
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			visit(kept)
		}
	}
}

// draw draws a choice.
func draw(random *rand.Rand, pieces []piece, kept []bool) {
	for from := 0; from < len(pieces); {
		to := from
		for to < len(pieces) && pieces[to].of == pieces[from].of {
			to++
		}
		fate, torn := random.IntN(6), random.IntN(to-from+1)
		for b := from; b < to; b++ {
			switch fate {
			case 0, 1:
				kept[b] = false
			case 2, 3:
				kept[b] = true
			case 4:
				kept[b] = b-from < torn
			case 5:
				kept[b] = random.IntN(2) == 0
			}
		}
		from = to
	}
}
