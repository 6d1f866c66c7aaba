-- Hours. How long resources are open follows from hours, exceptions, closures and blocked time as
-- they stand, so a change of one changes the days for which it holds.

/*
 * Note that all days of the business of a row must be counted again.
 * Definer: as insight.bookings__note_days.
 */
create function insight.any__note_all_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_all_days(
        case when tg_op = 'DELETE' then old.business_id else new.business_id end
    );
    return null;
end;
$$;

create trigger _750_note_all_days
after insert or update or delete on catalog.working_hours
for each row execute function insight.any__note_all_days();

create trigger _750_note_all_days
after insert or update or delete on catalog.service_resources
for each row execute function insight.any__note_all_days();

create trigger _750_note_all_days
after update on catalog.resources
for each row
when (
    old.is_active <> new.is_active
    or old.capacity <> new.capacity
    or old.kind <> new.kind
    or old.time_zone is distinct from new.time_zone
)
execute function insight.any__note_all_days();

create trigger _750_note_all_days
after update on catalog.product_variants
for each row
when (old.product_id <> new.product_id)
execute function insight.any__note_all_days();

/*
 * Note that all days of a business must be counted again: they begin at other instants.
 * Definer: as insight.bookings__note_days.
 */
create function insight.businesses__note_all_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform insight.note_all_days(new.id);
    return null;
end;
$$;

create trigger _750_note_all_days
after update on business.businesses
for each row
when (old.time_zone <> new.time_zone)
execute function insight.businesses__note_all_days();

/*
 * Note the dates of an exception, a closure or a journey, and those around them: the zone of a
 * resource may be another one than that of the business.
 */
create function insight.note_dates(business_id uuid, starts_on date, ends_on date)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    -- Without a zone the business is being deleted, and its days with it.
    if business.time_zone(note_dates.business_id) is not null then
        insert into insight.day_changes (business_id, from_on, to_on)
        values (note_dates.business_id, starts_on - 1, ends_on + 1);
    end if;
end;
$$;

/*
 * Note the dates of a row.
 * Definer: as insight.bookings__note_days.
 */
create function insight.any__note_dates()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_dates(old.business_id, old.starts_on, old.ends_on);
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_dates(new.business_id, new.starts_on, new.ends_on);
    end if;
    return null;
end;
$$;

create trigger _750_note_dates
after insert or update or delete on catalog.schedule_exceptions
for each row execute function insight.any__note_dates();

create trigger _750_note_dates
after insert or update or delete on catalog.travel_zones
for each row execute function insight.any__note_dates();

create trigger _750_note_dates
after insert or update or delete on business.closures
for each row execute function insight.any__note_dates();

/*
 * Note the days of blocked time.
 * Definer: as insight.bookings__note_days.
 */
create function insight.blocked_periods__note_days()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op <> 'INSERT' then
        perform insight.note_changes(old.business_id, lower(old.during), upper(old.during));
    end if;
    if tg_op <> 'DELETE' then
        perform insight.note_changes(new.business_id, lower(new.during), upper(new.during));
    end if;
    return null;
end;
$$;

create trigger _750_note_days
after insert or update or delete on catalog.blocked_periods
for each row execute function insight.blocked_periods__note_days();
