package acceptance

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var seed = flag.Uint64("seed", rand.Uint64(), "seed of random choices: -args -seed N repeats those of another run")

// newRandom returns a source of random choices and prints its seed.
func newRandom(t testing.TB) *rand.Rand {
	t.Helper()
	t.Logf("random choices: -seed %d", *seed)
	return rand.New(rand.NewPCG(*seed, 0))
}
