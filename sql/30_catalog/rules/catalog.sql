-- What a constraint on the catalog cannot say.

-- Every table that members write directly answers bad rows in the API's words.
create trigger _010_refuse_bad_input
before insert or update on catalog.service_categories
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_policies
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.cancellation_tiers
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.services
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_addons
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_questions
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.booking_limits
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.resources
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.service_resources
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.working_hours
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.schedule_exceptions
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on catalog.travel_zones
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on catalog.services
for each row execute function private.any__touch();

create trigger _900_touch
before update on catalog.resources
for each row execute function private.any__touch();

/*
 * Make the first policy of a business its default.
 */
create function catalog.cancellation_policies__have_a_default()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.is_default = new.is_default or not exists (
        select 1
        from catalog.cancellation_policies
        where cancellation_policies.business_id = new.business_id
    );
    return new;
end;
$$;

create trigger _100_have_a_default
before insert on catalog.cancellation_policies
for each row execute function catalog.cancellation_policies__have_a_default();

/*
 * Take the default mark from the old policy when another gets it. The business is locked until the
 * transaction ends, so that two writers take turns and the last one wins.
 * Definer: the lock is on a row of another table.
 */
create function catalog.cancellation_policies__keep_one_default()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.lock_business(new.business_id);
    update catalog.cancellation_policies
    set is_default = false
    where
        cancellation_policies.business_id = new.business_id
        and cancellation_policies.id <> new.id
        and cancellation_policies.is_default
        and exists (
            select 1
            from catalog.cancellation_policies as newest
            where newest.id = new.id and newest.is_default
        );
    return null;
end;
$$;

create trigger _500_keep_one_default
after insert or update on catalog.cancellation_policies
for each row
when (new.is_default)
execute function catalog.cancellation_policies__keep_one_default();

/*
 * Refuse overlapping hours in the API's words, before the constraint does.
 *
 * Errors:  PT409 hours_overlap
 */
create function catalog.working_hours__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.working_hours
        where
            working_hours.business_id = new.business_id
            and working_hours.resource_id is not distinct from new.resource_id
            and working_hours.weekday = new.weekday
            and working_hours.id <> new.id
            and working_hours.opens_at < new.closes_at
            and working_hours.closes_at > new.opens_at
    ) then
        perform private.refuse(
            'PT409', 'hours_overlap', 'These hours overlap with others of the same day.',
            'Change the existing row, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.working_hours
for each row execute function catalog.working_hours__refuse_overlap();

/*
 * Refuse overlapping journeys in the API's words, before the constraint does.
 *
 * Errors:  PT409 dates_overlap
 */
create function catalog.travel_zones__refuse_overlap()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from catalog.travel_zones
        where
            travel_zones.business_id = new.business_id
            and travel_zones.resource_id = new.resource_id
            and travel_zones.id <> new.id
            and travel_zones.starts_on <= new.ends_on
            and travel_zones.ends_on >= new.starts_on
    ) then
        perform private.refuse(
            'PT409', 'dates_overlap', 'This resource is already travelling on some of these dates.',
            'Change the existing row, or delete it first.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_overlap
before insert or update on catalog.travel_zones
for each row execute function catalog.travel_zones__refuse_overlap();
