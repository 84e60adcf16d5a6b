package state

import (
	"fmt"
	"strconv"
	"time"
)

// Left writes a remaining time as people say it, rounded up: "0:11", "12:05",
// "2 h 10 min", "3 days".
func Left(d time.Duration) string { return left(d, fine(d)) }

func left(d, unit time.Duration) string {
	d = max((d+unit-1)/unit, 0) * unit
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
	case d <= 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return TrN(int((d+24*time.Hour-1)/(24*time.Hour)), "{{.Count}} day", "{{.Count}} days")
}

// fine is the step of the window's countdowns.
func fine(d time.Duration) time.Duration {
	if d < time.Hour {
		return time.Second
	}
	return time.Minute
}

// coarse is the step of the tray's. Its menu is rebuilt whole for each new
// figure, and one that is open would flicker every second.
func coarse(d time.Duration) time.Duration {
	if d <= time.Minute {
		return 5 * time.Second
	}
	return time.Minute
}

// Clock writes a moment of today: "14:02:11".
func Clock(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.Local().Format("15:04:05")
}

// Took writes how long something lasted: "8 ms", "0.21 s", "12.4 s", "2 min 05 s".
func Took(d time.Duration) string {
	switch {
	case d <= 0:
		return none
	case d < 100*time.Millisecond: // nothing takes no time
		return strconv.Itoa(max(int(d.Round(time.Millisecond)/time.Millisecond), 1)) + " ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
}

// none stands for what is not known; it is never a zero.
const none = "–"

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

// Thousands writes 1040 as "1,040".
func Thousands[N int | int64 | uint64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
