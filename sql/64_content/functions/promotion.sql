-- What is counted for the front page.

/*
 * Count the trending categories anew: of the bookings made in the window, those that were not
 * called off, by line of business and name of the category. Returns how many there are.
 * Definer: called by the workers, who cannot read bookings.
 */
create function content.count_trending()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_settings content.settings;
    v_count integer;
begin
    select settings.* into v_settings
    from content.settings;
    delete from content.trending_categories;
    insert into content.trending_categories (
        vertical_id, name, rank, booking_count, business_count, from_at, to_at
    )
    select
        counted.vertical_id,
        counted.name,
        row_number() over (order by counted.booking_count desc, counted.vertical_id, counted.name),
        counted.booking_count,
        counted.business_count,
        private.now() - make_interval(days => v_settings.trending_days),
        private.now()
    from content.booked_categories(
        private.now() - make_interval(days => v_settings.trending_days)
    ) as counted
    order by counted.booking_count desc, counted.vertical_id, counted.name
    limit v_settings.trending_number;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;

/*
 * Return how often categories were booked since an instant, in businesses open to the public.
 */
create function content.booked_categories(since timestamptz)
returns table (vertical_id text, name text, booking_count bigint, business_count bigint)
language sql
stable
security invoker
set search_path = ''
as $$
select
    businesses.vertical_id,
    min(service_categories.name),
    count(distinct bookings.id),
    count(distinct bookings.business_id)
from scheduling.bookings
inner join scheduling.booking_items
    on
        booking_items.business_id = bookings.business_id
        and booking_items.booking_id = bookings.id
inner join catalog.services
    on
        services.business_id = booking_items.business_id
        and services.id = booking_items.service_id
inner join catalog.service_categories
    on
        service_categories.business_id = services.business_id
        and service_categories.id = services.category_id
inner join business.businesses on businesses.id = bookings.business_id
where
    bookings.created_at >= since
    and bookings.status in ('pending_payment', 'pending', 'confirmed', 'checked_in', 'completed')
    and businesses.status = 'approved'
    and businesses.is_active
group by businesses.vertical_id, lower(service_categories.name);
$$;
