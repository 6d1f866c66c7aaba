-- How create_slots reads its arguments.

/*
 * Return a service that the caller may see.
 *
 * Errors:  PT404 not_found
 */
create function scheduling.class_of(service_id uuid)
returns catalog.services
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
begin
    select services.* into v_service
    from catalog.services
    where services.id = class_of.service_id;
    if v_service.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such service.',
            'Check the id in the view services.'
        );
    end if;
    return v_service;
end;
$$;

/*
 * Read a range of dates, both included; without an end it is one day, and it is at most a year.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_dates(from_date text, to_date text)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_first date = private.to_date(
        private.to_required_text(from_date, 'from_date', 20), 'from_date'
    );
    v_last date = coalesce(private.to_date(to_date, 'to_date'), v_first);
begin
    if v_last < v_first or v_last > v_first + 366 then
        perform private.invalid('to_date', 'must be between from_date and a year later');
    end if;
    return daterange(v_first, v_last + 1);
end;
$$;

/*
 * Read a list of weekdays, 1 (Monday) to 7; all of them if none are sent.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_weekdays(weekdays text)
returns integer[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if weekdays is null then
        return '{1,2,3,4,5,6,7}'::integer[];
    end if;
    return array(
        select private.to_whole_number(element.value, 'weekdays', 1, 7)
        from jsonb_array_elements_text(private.to_list(weekdays, 'weekdays', 7))
            as element (value)
    );
end;
$$;
