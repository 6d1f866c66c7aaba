-- Whoever keeps something about a membership, a gift or points hears when they are deleted.

create trigger _600_announce_deletion
after delete on memberships.memberships
for each row execute function private.any__announce_deletion('membership');

create trigger _600_announce_deletion
after delete on memberships.gifts
for each row execute function private.any__announce_deletion('gift');

create trigger _600_announce_deletion
after delete on loyalty.lots
for each row execute function private.any__announce_deletion('points');
