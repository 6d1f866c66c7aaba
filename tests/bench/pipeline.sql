-- Who hears of a booking in the bench: the customer and the owner by mail and in the app, the person
-- who gives the service in the app. Nobody has a device, so pushes are skipped.
set session_replication_role = replica;

insert into auth.users (id, email, email_confirmed_at)
select
    ('00000000-0000-4000-c000-' || lpad(n::text, 12, '0'))::uuid,
    format('person%s@example.com', n),
    now()
from generate_series(0, 4) as n
on conflict do nothing;
insert into identity.profiles (id, email, full_name)
select users.id, users.email, split_part(users.email, '@', 1)
from auth.users
where users.email like 'person%@example.com'
on conflict do nothing;
-- Persons 0 to 3 give the service, and person 4 is the customer.
insert into business.business_members (business_id, user_id, role, display_name)
select '00000000-0000-4000-8000-00000000000b', profiles.id, 'staff', profiles.full_name
from identity.profiles
where profiles.email ~ '^person[0-3]@example.com$'
on conflict do nothing;
update catalog.resources
set member_id = business_members.id
from business.business_members
where
    business_members.business_id = resources.business_id
    and resources.business_id = '00000000-0000-4000-8000-00000000000b'
    and resources.name = 'Person ' || substr(business_members.display_name, 7);
set session_replication_role = origin;
