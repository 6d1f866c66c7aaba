/*
 * Refuse an allocation of a resource that does not provide the service of its item or session, or
 * of a unit that the resource does not have. This holds on every path; scheduling.vacancies checks
 * the same before.
 *
 * Errors:  PT422 not_eligible
 */
create function scheduling.allocations__refuse_ineligible()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_service_id uuid;
begin
    if new.session_id is null then
        select booking_items.service_id into v_service_id
        from scheduling.booking_items
        where
            booking_items.business_id = new.business_id
            and booking_items.booking_id = new.booking_id
            and booking_items.id = new.booking_item_id;
    else
        select sessions.service_id into v_service_id
        from scheduling.sessions
        where sessions.id = new.session_id;
    end if;
    if not exists (
        select 1
        from catalog.service_resources
        inner join catalog.resources on resources.id = service_resources.resource_id
        where
            service_resources.service_id = v_service_id
            and service_resources.resource_id = new.resource_id
            and resources.capacity >= new.unit
    ) then
        perform private.refuse(
            'PT422', 'not_eligible',
            'That resource does not provide this service, or has no such place.',
            'Choose a resource from service_resources.'
        );
    end if;
    return new;
end;
$$;

create trigger _100_refuse_ineligible
before insert or update of resource_id, unit on scheduling.allocations
for each row execute function scheduling.allocations__refuse_ineligible();
