-- The dashboard of an owner, in one call.

/*
 * Refuse a period that is none, or longer than three years.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.require_period(from_on date, to_on date)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if from_on is null then
        perform private.invalid('from_on', 'is required');
    elsif to_on is null then
        perform private.invalid('to_on', 'is required');
    elsif from_on not between '2000-01-01' and '2999-12-31' then
        perform private.invalid('from_on', 'must be between the years 2000 and 2999');
    elsif to_on < from_on or to_on - from_on > 1096 then
        perform private.invalid('to_on', 'must be from_on or at most 1096 days later');
    end if;
end;
$$;

/*
 * Refuse a caller who may not see the figures of a business.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.require_reader(business_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if require_reader.business_id not in (select private.my_businesses('account'))
        and not private.is_platform_staff('support') then
        perform private.require_member(require_reader.business_id, 'manage');
    end if;
    if business.time_zone(require_reader.business_id) is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
end;
$$;

/*
 * Return the figures of today and of this week, which begins on Monday, in the zone of a business.
 */
create function insight.figures_now(business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today constant date = (
        private.now() at time zone business.time_zone(figures_now.business_id)
    )::date;
    v_monday constant date = date_trunc('week', v_today::timestamp);
    v_days insight.days[] = array(
        select current
        from insight.current_days(figures_now.business_id, v_monday, v_monday + 6) as current
        where current.subject = 'business'
    );
begin
    return jsonb_build_object(
        'today', jsonb_build_object('day', v_today) || insight.figures_of(
            array(select each from unnest(v_days) as each where each.day = v_today)
        ),
        'week', jsonb_build_object('from_on', v_monday, 'to_on', v_monday + 6)
        || insight.figures_of(v_days)
    );
end;
$$;

/*
 * Return of which business and period a page is.
 */
create function insight.page_head(business_id uuid, from_on date, to_on date)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'business_id', businesses.id,
            'name', businesses.name,
            'time_zone', businesses.time_zone,
            'currency', businesses.currency,
            'from_on', from_on,
            'to_on', to_on
        )
        from business.businesses
        where businesses.id = page_head.business_id
    );
end;
$$;

/*
 * Return the page of an owner (public.business_dashboard).
 * Definer: figures are of all rows of the business, whichever of them the caller may read.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.business_dashboard(business_id uuid, from_on date, to_on date)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_before date;
    v_days insight.days[];
    v_now insight.days[];
    v_then insight.days[];
    v_series insight.days[];
begin
    perform insight.require_reader(business_dashboard.business_id);
    perform insight.require_period(from_on, to_on);
    v_before = from_on - (to_on - from_on + 1);
    v_days = array(
        select current
        from insight.current_days(business_dashboard.business_id, v_before, to_on) as current
    );
    v_series = array(
        select each from unnest(v_days) as each where each.subject = 'business' and each.day >= from_on
    );
    v_now = array(
        select sums
        from insight.sum_days(
            array(select each from unnest(v_days) as each where each.day >= from_on), from_on
        ) as sums
    );
    v_then = array(
        select sums
        from insight.sum_days(
            array(select each from unnest(v_days) as each where each.day < from_on), v_before
        ) as sums
    );
    return insight.page_head(business_dashboard.business_id, from_on, to_on)
    || insight.figures_of(v_now)
    || jsonb_build_object(
        'before', jsonb_build_object('from_on', v_before, 'to_on', from_on - 1)
        || insight.figures_of(v_then),
        'top_services', insight.top_of(v_now || v_then, 'service', from_on),
        'top_products', insight.top_of(v_now || v_then, 'product', from_on),
        'top_staff', insight.top_of(v_now || v_then, 'resource', from_on),
        'channels', insight.top_of(v_now || v_then, 'channel', from_on),
        'series', insight.series_of(v_series, from_on, to_on)
    )
    || insight.figures_now(business_dashboard.business_id);
end;
$$;
