package bolt

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"nudge/store"
)

// Salvage reads what it can of a store's file, however damaged, without mapping it. It follows
// the pages from the newest root that it can read, and skips what cannot be right. What it
// returns may belong elsewhere: the records have checksums of their own.
type Salvage struct {
	// Damages is what was wrong so far, at most 100.
	Damages []*Damage
	// Older says that the last commit cannot be read, so that everything is as it was before it.
	Older bool

	file    *os.File
	size    int64
	metas   []meta          // the valid ones, the newer first
	roots   map[string]item // buckets, by name
	used    []bool          // by page
	free    []bool          // by page; nil if it is not known
	visited int64
	told    func(done, whole int64)
}

// OpenSalvage opens a file that no process has open. Progress is told how many bytes are read and
// how many there are; it may be nil.
func OpenSalvage(path string, progress func(done, whole int64)) (*Salvage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &Salvage{file: f, told: progress}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("salvage %s: %w", path, err), f.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Salvage) Close() error { return s.file.Close() }

func (s *Salvage) open() error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", s.file.Name())
	}
	s.size = info.Size()
	if err := s.findMetas(); err != nil {
		return err
	}
	for i, m := range s.metas {
		s.used = make([]bool, m.pages)
		if s.roots = s.bucketsOf(m); len(s.roots) > 0 {
			s.metas, s.Older = s.metas[i:], i > 0
			s.free = s.freePages(m)
			return nil
		}
	}
	return &Damage{s.metas[0].root, "neither of the two roots can be read"}
}

// findMetas finds the meta records that are whole.
func (s *Salvage) findMetas() error {
	head := make([]byte, min(s.size, 128<<10))
	if _, err := s.file.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	for at := 0; at < len(head); at = max(512, 2*at) { // page 0, and page 1 for each size that pages can have
		m, ok := parseMeta(head, at)
		if ok && (at == 0 || m.pageSize == int64(at)) {
			s.metas = append(s.metas, m)
		}
	}
	if len(s.metas) == 0 {
		return &Damage{0, "neither page 0 nor page 1 has a valid meta record"}
	}
	slices.SortFunc(s.metas, func(a, b meta) int { return cmp.Compare(b.generation, a.generation) })
	if newest := s.metas[0]; len(s.metas) == 1 {
		s.found(1-newest.generation%2, "it has no valid meta record")
	} else if s.size < int64(newest.pages)*newest.pageSize {
		s.found(uint64(s.size/newest.pageSize), "the file ends here, after %d bytes", s.size)
	}
	return nil
}

// bucketsOf returns the buckets below a root.
func (s *Salvage) bucketsOf(m meta) map[string]item {
	roots := map[string]item{}
	s.tree(m, m.root, bounds{}, 0, func(it item) error {
		if it.bucket && len(it.value) >= bucketBytes {
			roots[string(it.key)] = item{key: bytes.Clone(it.key), value: bytes.Clone(it.value)}
		}
		return nil
	})
	return roots
}

// freePages returns which pages are free, or nil if the file does not say it.
func (s *Salvage) freePages(m meta) []bool {
	if m.freelist == noFreelist {
		return nil
	}
	w := &pages{file: s.file, meta: m, used: make([]bool, m.pages), listed: make([]bool, m.pages)}
	if err := w.free(m.freelist); err != nil || len(w.damages) > 0 {
		s.found(m.freelist, "the list of free pages cannot be read")
		return nil
	}
	s.used[m.freelist] = true
	return w.listed
}

func (s *Salvage) found(page uint64, format string, args ...any) {
	if len(s.Damages) < maxDamages {
		s.Damages = append(s.Damages, &Damage{page, fmt.Sprintf(format, args...)})
	}
}

// Bucket calls visit with the items of a bucket that can be reached, in order where nothing is
// damaged. Both slices belong to visit.
func (s *Salvage) Bucket(b store.Bucket, visit func(key, value []byte) error) error {
	return s.bucket(s.metas[0], s.roots, b, visit)
}

// Before is Bucket for what the file was before its last commit.
func (s *Salvage) Before(b store.Bucket, visit func(key, value []byte) error) error {
	if len(s.metas) < 2 {
		return nil
	}
	old := &Salvage{file: s.file, size: s.size, used: make([]bool, s.metas[1].pages)}
	return old.bucket(s.metas[1], old.bucketsOf(s.metas[1]), b, visit)
}

func (s *Salvage) bucket(m meta, roots map[string]item, b store.Bucket, visit func(key, value []byte) error) error {
	root, ok := roots[b.String()]
	if !ok {
		if !b.Young() { // older files do not have those
			s.found(m.root, "it has no %s", b)
		}
		return nil
	}
	each := func(it item) error {
		if it.bucket {
			return nil
		}
		return visit(it.key, it.value)
	}
	if page := order.Uint64(root.value); page != 0 {
		return s.tree(m, page, bounds{}, 0, each)
	}
	list, _ := s.items(root.value[bucketBytes:], leafPage)
	for _, it := range list {
		if err := each(it); err != nil {
			return err
		}
	}
	return nil
}

// Rest calls visit with the items of every page that nothing leads to and that is not free. If the
// file does not tell which pages are free, it does so only where damage was found: stale says
// that the items may be from an earlier time.
func (s *Salvage) Rest(visit func(key, value []byte, stale bool) error) error {
	if s.free == nil && len(s.Damages) == 0 {
		return nil
	}
	m := s.metas[0]
	for p := uint64(2); p < m.pages; p++ {
		if s.used[p] || s.free != nil && s.free[p] {
			continue
		}
		all := s.read(m, p)
		if all == nil || order.Uint16(all[8:]) != leafPage {
			continue
		}
		list, ok := s.items(all, leafPage)
		if !ok {
			continue
		}
		for _, it := range list {
			if it.bucket {
				continue
			}
			if err := visit(it.key, it.value, s.free == nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounds are the keys that a page may have: from lower on and below upper; nil for no bound.
type bounds struct{ lower, upper []byte }

func (b bounds) hold(key []byte) bool {
	return (b.lower == nil || bytes.Compare(key, b.lower) >= 0) && (b.upper == nil || bytes.Compare(key, b.upper) < 0)
}

// tree calls visit with the items of the leaves below a page that lie within bounds.
func (s *Salvage) tree(m meta, page uint64, within bounds, level int, visit func(item) error) error {
	if level > maxLevels {
		s.found(page, "the tree has more than %d levels", maxLevels)
		return nil
	}
	all, kind := s.node(m, page)
	if all == nil {
		return nil
	}
	list, whole := s.items(all, kind)
	if !whole {
		s.found(page, "not all of its items can be read")
	}
	strange := func(it item) bool { return !within.hold(it.key) }
	if slices.ContainsFunc(list, strange) {
		s.found(page, "not all of its items belong here")
	}
	if kind == branchPage || !slices.ContainsFunc(list, strange) { // a leaf with others is looked at again, with the rest
		for p := page; p < page+uint64(len(all))/uint64(m.pageSize); p++ {
			s.used[p] = true
		}
	}
	for i, it := range list {
		if strange(it) {
			continue
		}
		if kind == leafPage {
			if err := visit(it); err != nil {
				return err
			}
			continue
		}
		below := bounds{it.key, within.upper}
		if i+1 < len(list) && whole {
			below.upper = list[i+1].key
		}
		if err := s.tree(m, it.child, below, level+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// node returns a page of a tree, with its kind; nil if nothing of it is of use.
func (s *Salvage) node(m meta, page uint64) (all []byte, kind uint16) {
	if page < 2 || page >= m.pages || s.used[page] {
		s.found(page, "nothing can lead to it")
		return nil, 0
	}
	if all = s.read(m, page); all == nil {
		s.found(page, "it cannot be read")
		return nil, 0
	}
	if id := order.Uint64(all); id != page {
		s.found(page, "it says that it is page %d", id)
	}
	if kind = order.Uint16(all[8:]); kind != branchPage && kind != leafPage {
		s.found(page, "it is of the kind %#x", kind)
		return nil, 0
	}
	return all, kind
}

// read returns the bytes of a page with those that it overflows into, as far as the file has
// them; nil if it has none. How many those are, the items tell too: the page is as long as it
// says if that leaves out one of them at most. Whoever gets the bytes owns them.
func (s *Salvage) read(m meta, page uint64) []byte {
	all := s.readPages(m, page, 1)
	if all == nil {
		return nil
	}
	kind := order.Uint16(all[8:])
	if _, alone := s.items(all, kind); !alone {
		said := s.readPages(m, page, 1+uint64(order.Uint32(all[12:])))
		list, _ := s.items(said, kind)
		if count := int(order.Uint16(all[10:])); len(list) == 0 || len(list) < count-1 {
			said = s.readPages(m, page, (extent(all, kind)+uint64(m.pageSize)-1)/uint64(m.pageSize))
		}
		if said != nil {
			all = said
		}
	}
	if s.visited += int64(len(all)); s.told != nil {
		s.told(min(s.visited, s.size), s.size)
	}
	return all
}

// readPages reads some pages; nil if the file does not have them.
func (s *Salvage) readPages(m meta, page, n uint64) []byte {
	if n == 0 || n > m.pages-page {
		return nil
	}
	all := make([]byte, int64(n)*m.pageSize)
	if _, err := s.file.ReadAt(all, int64(page)*m.pageSize); err != nil {
		return nil
	}
	return all
}

// extent returns where the last item of a page ends, as far as their heads are in its bytes.
func extent(all []byte, kind uint16) (end uint64) {
	for i := range min(int(order.Uint16(all[10:])), (len(all)-headBytes)/itemBytes) {
		at := headBytes + i*itemBytes
		e := all[at:]
		last := uint64(order.Uint32(e)) + uint64(order.Uint32(e[4:]))
		if kind == leafPage {
			last = uint64(order.Uint32(e[4:])) + uint64(order.Uint32(e[8:])) + uint64(order.Uint32(e[12:]))
		}
		end = max(end, uint64(at)+last)
	}
	return end
}

// items returns the items of a page that lie within its bytes, and whether those are all and in
// order.
func (s *Salvage) items(all []byte, kind uint16) (list []item, whole bool) {
	whole = true
	if len(all) < headBytes {
		return nil, false
	}
	count := int(order.Uint16(all[10:]))
	if fit := (len(all) - headBytes) / itemBytes; count > fit {
		count, whole = fit, false
	}
	for i := range count {
		it, ok := parseItem(all, headBytes+i*itemBytes, kind == branchPage)
		if !ok || len(list) > 0 && bytes.Compare(list[len(list)-1].key, it.key) >= 0 {
			whole = false
		}
		if ok {
			list = append(list, it)
		}
	}
	return list, whole
}
