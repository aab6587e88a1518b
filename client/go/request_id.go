package mutexgroups

import (
	"crypto/rand"
	"fmt"
)

// NewRequestID makes an id for CreateMutexGroupRequest.RequestId: a new random UUID (version 4).
func NewRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])   // never fails
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
