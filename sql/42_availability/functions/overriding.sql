-- What a member of the business may set aside when they book for somebody. The member names rules,
-- and only those that the start breaks are set aside: a booking inside the hours still goes to
-- somebody who works then. Nobody sets aside that time is taken.

/*
 * Read the rules that a member wants to set aside.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_overrides(value text)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_rules constant text[] = enum_range(null::scheduling.start_rule)::text[];
    v_list jsonb = private.to_list(value, 'override', 100);
begin
    if exists (
        select 1
        from jsonb_array_elements(v_list) as element (value)
        where
            jsonb_typeof(element.value) <> 'string'
            or element.value #>> '{}' <> all(v_rules)
    ) then
        perform private.invalid(
            'override', 'must be a list of these: ' || array_to_string(v_rules, ', ')
        );
    end if;
    return array(
        select distinct element.value::scheduling.start_rule
        from jsonb_array_elements_text(v_list) as element (value)
        order by 1
    );
end;
$$;

/*
 * Refuse a member who may not book for others with these rules set aside. Staff may set aside
 * notice and advance; hours, closures and limits are for managers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function scheduling.refuse_overrides(
    business_id uuid, overrides scheduling.start_rule[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform private.require_member(
        business_id,
        case
            when overrides && '{hours,closures,limits}'::scheduling.start_rule[] then 'manage'
            else 'serve'
        end
    );
end;
$$;

/*
 * Return the rules that the start of a leg breaks. A class has sessions and no hours. The booking
 * is the one that is about to be written: limits for each customer do not count the member.
 */
create function scheduling.broken_rules(leg scheduling.leg, booking_id uuid)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services = scheduling.bookable_service(leg.service_id);
    v_time_zone text = business.time_zone(leg.business_id);
    v_needs scheduling.need[] = scheduling.needs_of(
        leg.service_id, leg.resource_id, leg.party_size
    );
    v_hours record;
    v_broken scheduling.start_rule[] = '{}';
begin
    if leg.starts_at < scheduling.first_bookable(v_service, v_time_zone) then
        v_broken = v_broken || 'notice'::scheduling.start_rule;
    end if;
    if leg.starts_at >= scheduling.end_of_bookable(v_service, v_time_zone) then
        v_broken = v_broken || 'advance'::scheduling.start_rule;
    end if;
    if leg.is_class then
        v_hours = scheduling.is_in_session(leg);
    else
        v_hours = scheduling.is_in_hours(leg, v_service, v_needs, '{}');
        if not v_hours.in_hours then
            v_broken = v_broken || 'hours'::scheduling.start_rule;
            v_hours = scheduling.is_in_hours(leg, v_service, v_needs, '{hours}');
        end if;
    end if;
    if v_hours.in_hours and not v_hours.not_shut then
        v_broken = v_broken || 'closures'::scheduling.start_rule;
    end if;
    if (scheduling.passed_limit(leg, v_needs, broken_rules.booking_id)).id is not null then
        v_broken = v_broken || 'limits'::scheduling.start_rule;
    end if;
    return v_broken;
end;
$$;

/*
 * Return those of the rules that a member sets aside which the start of a leg breaks.
 */
create function scheduling.overridden_rules(
    leg scheduling.leg, overrides scheduling.start_rule[], booking_id uuid
)
returns scheduling.start_rule[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if overrides = '{}' then
        return '{}';
    end if;
    return array(
        select broken.rule
        from unnest(scheduling.broken_rules(leg, booking_id)) as broken (rule)
        where broken.rule = any(overrides)
        order by broken.rule
    );
end;
$$;
