package tokens

import (
	"maps"
	"slices"
	"time"
)

// NoticePeriod is how long people have to notice that a token is about to end: an edit that takes something from it
// sooner is as good as stopping it.
const NoticePeriod = time.Hour

// Curtailed returns the settings by which an edit at now, which turns before into after, takes something from a live
// secret within the hour: the secret ends earlier, begins later or may do less. It returns none if the edit takes
// nothing so soon.
//
// Such an edit needs what stopping the token needs, because it has the same effect. A hold or a disabled switch makes no
// difference here: who lifts it would find a token that works no more. A regeneration, which needs more, is not
// concerned.
func Curtailed(before, after AccessToken, now time.Time, roles Roles) Fields {
	live := before.secretEnds()
	maps.DeleteFunc(live, func(_ int64, end time.Time) bool { return !end.After(now) })
	if len(live) == 0 {
		return nil
	}
	var because Fields
	notice, ends := now.Add(NoticePeriod), after.secretEnds()
	for version, end := range live {
		if ends[version].Before(end) && ends[version].Before(notice) {
			because = append(because, "expires_at", "ttl")
			if version != before.Secret.Version {
				because = append(because, "grace_period")
			}
		}
	}
	if before.ActivatesAt.Before(notice) {
		if after.ActivatesAt.After(now) && after.ActivatesAt.After(before.ActivatesAt) {
			because = append(because, "activates_at")
		}
		if !before.Access(roles).Without(after.Access(roles)).isEmpty() {
			because = append(because, "role", "group_roles")
		}
	}
	if because == nil {
		return nil
	}
	changed := Difference(before.Settings, after.Settings)
	named := slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return !because.Has(setting) })
	if len(named) == 0 {
		return changed // an effect that no known setting explains still needs the permission
	}
	return named
}

// endOfTime is when a secret ends that never does.
var endOfTime = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// secretEnds returns when each secret of the token that was not ended before its time ends, or ended, by its version.
func (t AccessToken) secretEnds() map[int64]time.Time {
	if !t.Secret.EndedAt.IsZero() {
		return nil
	}
	end := earliest(endOfTime, t.SecretExpiresAt())
	ends := map[int64]time.Time{t.Secret.Version: end}
	if t.Previous != nil {
		ends[t.Previous.Version] = earliest(end, t.Previous.EndsAt)
	}
	return ends
}
