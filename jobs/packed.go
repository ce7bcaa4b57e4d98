package jobs

import "fmt"

// Pack compresses bytes of another form. Like all that is kept of people, they are not plain text in Redis then.
func (c *Codec) Pack(data []byte) []byte { return c.seal(layoutPacked, data) }

// Unpack reads what Pack wrote.
func (c *Codec) Unpack(data []byte) ([]byte, error) {
	if len(data) == 0 || data[0] != layoutPacked {
		return nil, fmt.Errorf("unpack: %w", errCorrupt)
	}
	size, err := decodedSize(data[1:])
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	unpacked, err := c.dec.DecodeAll(data[1:], make([]byte, 0, size))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return unpacked, nil
}
