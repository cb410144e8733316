package sandbox

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// newIDs is a source of IDs, the same for the same seed; for seed 0 a random one.
func newIDs(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	if seed == 0 {
		_, _ = crand.Read(key[:]) // never fails; see crypto/rand
	}
	binary.LittleEndian.PutUint64(key[24:], seed)
	return rand.NewChaCha8(key)
}

// newID is a GUID in lower case, as the provider's. The caller holds the lock.
func (s *Sandbox) newID() string {
	return guid(s.ids.Uint64(), s.ids.Uint64())
}

// guidOf is a GUID that follows from a text.
func guidOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return guid(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))
}

// guid is a GUID of version 4 with the bits of two numbers.
func guid(hi, lo uint64) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], hi&^0xf000|0x4000)
	binary.BigEndian.PutUint64(raw[8:], 0xa<<60|lo>>52<<48|lo&(1<<48-1))
	var text [36]byte
	at := 0
	for _, piece := range [][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
		if at > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], piece)
	}
	return string(text[:])
}
