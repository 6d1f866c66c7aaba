"""iCalendar (RFC 5545): bookings go out as entries, busy time comes in from other calendars."""
