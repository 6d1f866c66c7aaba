-- Which rows change which days. Each trigger adds a change in the transaction of the row. Figures
-- follow from rows, so nothing here depends on a message or on who wrote the row.

/*
 * Note that days of a business must be counted again, from one instant to another.
 */
create function insight.note_changes(business_id uuid, from_at timestamptz, to_at timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_zone constant text = business.time_zone(note_changes.business_id);
begin
    -- Without a zone the business is being deleted, and its days with it.
    if v_zone is not null then
        insert into insight.day_changes (business_id, from_on, to_on)
        values (
            note_changes.business_id,
            (from_at at time zone v_zone)::date,
            (to_at at time zone v_zone)::date
        );
    end if;
end;
$$;

/*
 * Note that all days of a business must be counted again.
 */
create function insight.note_all_days(business_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(note_all_days.business_id, '-infinity', 'infinity');
end;
$$;

/*
 * Note the days on which lines of a sale were written.
 */
create function insight.note_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform insight.note_changes(note_sale.business_id, sale_revisions.at, sale_revisions.at)
    from sales.sale_revisions
    where
        sale_revisions.business_id = note_sale.business_id
        and sale_revisions.sale_id = note_sale.sale_id;
end;
$$;

/*
 * Note the day on which a booking starts, and those of its sale if it was linked or unlinked.
 * Definer: whoever writes bookings has no rights on days.
 */
create function insight.bookings__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_changes(old.business_id, old.starts_at, old.starts_at);
    end if;
    if tg_op <> 'DELETE' and (tg_op = 'INSERT' or new.starts_at <> old.starts_at) then
        perform insight.note_changes(new.business_id, new.starts_at, new.starts_at);
    end if;
    if tg_op = 'UPDATE' and new.sale_id is distinct from old.sale_id then
        perform insight.note_sale(old.business_id, old.sale_id);
        perform insight.note_sale(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on scheduling.bookings
for each row execute function insight.bookings__note_days();

create trigger _751_note_days
after update on scheduling.bookings
for each row
when (
    old.status <> new.status
    or old.starts_at <> new.starts_at
    or old.currency <> new.currency
    or old.created_at <> new.created_at
    or old.sale_id is distinct from new.sale_id
)
execute function insight.bookings__note_days();

/*
 * Note the day of the booking of an item, and those of its sale: an item says who provided what
 * its line sold.
 * Definer: as insight.bookings__note_days.
 */
create function insight.booking_items__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_item constant scheduling.booking_items = case when tg_op = 'DELETE' then old else new end;
    v_booking scheduling.bookings;
begin
    select bookings.* into v_booking
    from scheduling.bookings
    where bookings.id = v_item.booking_id;
    if found then
        perform insight.note_changes(
            v_booking.business_id, v_booking.starts_at, v_booking.starts_at
        );
        perform insight.note_sale(v_booking.business_id, v_booking.sale_id);
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or delete on scheduling.booking_items
for each row execute function insight.booking_items__note_days();

create trigger _751_note_days
after update on scheduling.booking_items
for each row
when (
    old.service_id <> new.service_id
    or old.resource_id is distinct from new.resource_id
    or old.duration_minutes <> new.duration_minutes
    or old.party_size <> new.party_size
    or old.cancelled_at is distinct from new.cancelled_at
    or old.sale_line_id is distinct from new.sale_line_id
)
execute function insight.booking_items__note_days();

/*
 * Note the days of the sale of an order: the order says how the sale came.
 * Definer: as insight.bookings__note_days.
 */
create function insight.orders__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _750_note_days
after insert on commerce.orders
for each row execute function insight.orders__note_days();
