package sandbox

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
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
	hi, lo := s.ids.Uint64(), s.ids.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x",
		uint32(hi>>32), uint16(hi>>16), hi&0xfff, lo>>52, lo&(1<<48-1))
}
