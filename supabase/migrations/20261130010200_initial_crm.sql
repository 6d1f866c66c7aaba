-- The initial schema of 62_crm: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/62_crm/tables/crm.sql

-- What a business and its customers keep of each other beside what was sold. Customers themselves
-- stand in 22_customers.

create schema crm;
comment on schema crm is 'What businesses and their customers keep of each other.';

-- sql/62_crm/tables/favorites.sql

-- Favorites: businesses that a user wants to find again. They are the user's alone; not even the
-- business sees who they are.

create table crm.favorites (
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    business_id uuid not null references business.businesses (id) on delete cascade,
    created_at timestamptz not null default now(),

    constraint favorites_once primary key (user_id, business_id)
);
comment on table crm.favorites is 'Businesses that a user wants to find again.';
comment on column crm.favorites.user_id is '[person: delete]';
create index favorites_business_id_idx on crm.favorites (business_id);

-- sql/62_crm/rules/favorites.sql

-- What holds for favorites, whoever writes them.

create trigger _010_refuse_bad_input
before insert on crm.favorites
for each row execute function private.any__refuse_bad_input();

-- sql/62_crm/policies/favorites.sql

-- Favorites are their owner's alone, to read and to write. Only a business that the owner can see
-- becomes one. Nothing about a favorite changes, so nobody may update it.

grant usage on schema crm to authenticated, service_role;

alter table crm.favorites enable row level security;
grant select, delete on crm.favorites to authenticated;
grant insert (user_id, business_id) on crm.favorites to authenticated;
grant select, insert, update, delete on crm.favorites to service_role;

create policy favorites_select
on crm.favorites
for select
to authenticated
using (user_id = (select auth.uid()));

create policy favorites_insert
on crm.favorites
for insert
to authenticated
with check (
    user_id = (select auth.uid())
    and exists (
        select 1
        from business.businesses
        where businesses.id = favorites.business_id
    )
);

create policy favorites_delete
on crm.favorites
for delete
to authenticated
using (user_id = (select auth.uid()));

-- sql/62_crm/api/favorites.sql

-- Favorites as clients read and write them.

create view public.favorites
with (security_invoker = true)
as
select
    favorites.user_id,
    favorites.business_id,
    favorites.created_at
from crm.favorites;
grant select, insert, delete on public.favorites to authenticated;
grant select, insert, update, delete on public.favorites to service_role;

comment on view public.favorites is
'The caller''s favorite businesses, each once. Nobody else reads them. Insert one by its '
'business_id, and delete it. Page by (created_at, business_id).';
comment on column public.favorites.user_id is 'The user; the caller unless said otherwise.';
comment on column public.favorites.business_id is 'The business, a row of businesses.';
comment on column public.favorites.created_at is 'When it became a favorite.';

-- sql/62_crm/api/past_professionals.sql

-- The people who served a customer before, to book them again.

create view public.past_professionals
with (security_invoker = true)
as
with served as (
    select
        bookings.business_id,
        bookings.id as booking_id,
        bookings.starts_at,
        booking_items.id as booking_item_id,
        booking_items.resource_id
    from scheduling.bookings
    inner join scheduling.booking_items
        on
            bookings.business_id = booking_items.business_id
            and bookings.id = booking_items.booking_id
    where
        bookings.customer_id = (select auth.uid())
        and bookings.status = 'completed'
        and booking_items.cancelled_at is null
),

-- The one who carried the service, and whoever else it took.
taken as (
    select
        served.business_id,
        served.booking_id,
        served.starts_at,
        served.resource_id
    from served
    union
    select
        served.business_id,
        served.booking_id,
        served.starts_at,
        allocations.resource_id
    from served
    inner join scheduling.allocations
        on
            served.business_id = allocations.business_id
            and served.booking_id = allocations.booking_id
            and served.booking_item_id = allocations.booking_item_id
)

select
    resources.business_id,
    resources.id as resource_id,
    resources.name,
    resources.is_active,
    count(*) as bookings,
    max(taken.starts_at) as last_at
from taken
inner join catalog.resources
    on
        taken.business_id = resources.business_id
        and taken.resource_id = resources.id
where resources.kind = 'staff'
group by resources.business_id, resources.id, resources.name, resources.is_active;
grant select on public.past_professionals to authenticated, service_role;

comment on view public.past_professionals is
'The staff who served the caller in completed bookings, each once. Page by (last_at, resource_id).';
comment on column public.past_professionals.business_id is 'The business.';
comment on column public.past_professionals.resource_id is
'Who it was, a row of resources; pass it to book.';
comment on column public.past_professionals.name is 'Their name, as it is now.';
comment on column public.past_professionals.is_active is
'Whether they can still be booked; false once they left.';
comment on column public.past_professionals.bookings is
'In how many completed bookings of the caller they served.';
comment on column public.past_professionals.last_at is 'When the latest of these bookings began.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
