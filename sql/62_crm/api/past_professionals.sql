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
