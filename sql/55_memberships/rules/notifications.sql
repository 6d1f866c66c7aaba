-- Whoever keeps something about a membership or a gift hears when it is deleted.

create trigger _600_announce_deletion
after delete on memberships.memberships
for each row execute function private.any__announce_deletion('membership');

create trigger _600_announce_deletion
after delete on memberships.gifts
for each row execute function private.any__announce_deletion('gift');
