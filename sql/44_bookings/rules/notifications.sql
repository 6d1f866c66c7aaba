-- Whoever keeps something about a booking hears when the booking is deleted.

create trigger _600_announce_deletion
after delete on scheduling.bookings
for each row execute function private.any__announce_deletion('booking');
