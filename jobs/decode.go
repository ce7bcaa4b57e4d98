package jobs

import "iter"

// Chunks decodes chunks as they come, and ends at the first error.
func (c *Codec) Chunks(encoded iter.Seq2[[]byte, error]) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		for data, err := range encoded {
			var chunk Chunk
			if err == nil {
				chunk, err = c.DecodeChunk(data)
			}
			if !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}

// Attempts decodes attempts as they come, and ends at the first error.
func (c *Codec) Attempts(encoded iter.Seq2[[]byte, error]) iter.Seq2[Attempt, error] {
	return func(yield func(Attempt, error) bool) {
		for data, err := range encoded {
			var attempts []Attempt
			if err == nil {
				_, attempts, err = c.DecodeAttempts(data)
			}
			if err != nil {
				yield(Attempt{}, err)
				return
			}
			for _, a := range attempts {
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}
