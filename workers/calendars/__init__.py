"""Calendars as iCalendar (RFC 5545): what goes out about bookings, what comes in as busy time."""
