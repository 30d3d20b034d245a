package cli

import "testing"

func TestGarbagePercent(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 400},
		{50 << 20, 400},
		{100 << 20, 250},
		{256 << 20, 100},
		{300 << 20, 80}, // 85, rounded
		{512 << 20, 50},
		{4 << 30, 50},
	} {
		if got := garbagePercent(test.live); got != test.want {
			t.Errorf("beside %d MiB that live, garbage may be %d %%, want %d %%", test.live>>20, got, test.want)
		}
	}
}
