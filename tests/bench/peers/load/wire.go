package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// The tags of field 1: a string or message, and a number.
const (
	tagBytes  = 1<<3 | 2
	tagNumber = 1<<3 | 0
)

// Ids that take turns, so that the same one comes again only after all others.
type ids struct {
	first   uint64
	count   uint64
	numeric bool
}

func (s ids) at(number uint64) uint64 { return s.first + number%s.count }

func (s ids) request(id uint64) []byte { return stringField(id) }

// What stands somewhere in the answer of the group with this id, and in no other's.
func (s ids) answered(id uint64) []byte {
	if s.numeric {
		return binary.AppendUvarint([]byte{tagNumber}, id)
	}
	return stringField(id)
}

func stringField(id uint64) []byte {
	digits := strconv.FormatUint(id, 10)
	return append([]byte{tagBytes, byte(len(digits))}, digits...)
}

// Messages as they stand on the wire, since the gateways' protos differ.
type rawBytes struct{}

func (rawBytes) Name() string { return "proto" }

func (rawBytes) Marshal(message any) ([]byte, error) {
	if raw, ok := message.(*[]byte); ok {
		return *raw, nil
	}
	return nil, fmt.Errorf("%T is no raw message", message)
}

func (rawBytes) Unmarshal(data []byte, message any) error {
	raw, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is no raw message", message)
	}
	*raw = append((*raw)[:0], data...)
	return nil
}
