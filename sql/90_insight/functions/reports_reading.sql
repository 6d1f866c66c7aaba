-- How a report is read: every name is looked up in the catalog, and the first one that is not there
-- is refused by name, with the names that are.

/*
 * Refuse a name that is none of some.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.require_report_name(name text, argument text, allowed text[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if name is null or name <> all(allowed) then
        perform private.invalid(
            argument,
            format(
                'must not have %s; choose from %s',
                coalesce('"' || left(regexp_replace(name, '[^ -~]', '?', 'g'), 50) || '"', 'null'),
                array_to_string(allowed, ', ')
            )
        );
    end if;
end;
$$;

/*
 * Return the names of the fields of a subject.
 */
create function insight.report_field_names(subject text, kind insight.report_field_kind)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(array_agg(report_fields.name order by report_fields.position), '{}')
        from insight.report_fields
        where
            report_fields.subject = report_field_names.subject
            and report_fields.kind = report_field_names.kind
    );
end;
$$;

/*
 * Read a list of fields of a subject, each at most once.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_fields(
    value jsonb, argument text, subject text, kind insight.report_field_kind
)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_names constant text[] = array(
        select jsonb_array_elements_text(private.to_list(value::text, argument, 50))
    );
    v_name text;
begin
    foreach v_name in array v_names loop
        perform insight.require_report_name(
            v_name, argument,
            insight.report_field_names(to_report_fields.subject, to_report_fields.kind)
        );
    end loop;
    if (select count(distinct each) from unnest(v_names) as each) < cardinality(v_names) then
        perform private.invalid(argument, 'must name each field once');
    end if;
    return v_names;
end;
$$;

/*
 * Read the filters of a report: dimensions, each with the values of which a row must have one.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_filters(value jsonb, subject text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_filters constant jsonb = private.to_object(value::text, 'filters');
    v_name text;
    v_value jsonb;
begin
    for v_name, v_value in
        select filter.key, filter.value from jsonb_each(v_filters) as filter
    loop
        perform insight.require_report_name(
            v_name, 'filters', insight.report_field_names(to_report_filters.subject, 'dimension')
        );
        perform private.to_list(v_value::text, 'filters.' || v_name, 100);
        if jsonb_path_exists(v_value, '$[*] ? (@.type() != "string")') then
            perform private.invalid('filters.' || v_name, 'must have texts');
        end if;
    end loop;
    return v_filters;
end;
$$;

/*
 * Read the order of the rows: columns of the report, with a minus sign for the largest first.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_sort(value jsonb, columns text[])
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_sort constant text[] = array(
        select jsonb_array_elements_text(private.to_list(value::text, 'sort', 50))
    );
    v_name text;
begin
    foreach v_name in array v_sort loop
        perform insight.require_report_name(regexp_replace(v_name, '^-', ''), 'sort', columns);
    end loop;
    return v_sort;
end;
$$;

/*
 * Return the days of a named period, such as last_month, in the zone of a business. Weeks begin on
 * Monday.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.named_period(period text, business_id uuid)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_today constant date = (
        private.now() at time zone business.time_zone(named_period.business_id)
    )::date;
    v_unit constant text = split_part(period, '_', 2);
    v_step interval;
    v_first date;
begin
    perform insight.require_report_name(
        period, 'period',
        '{today,yesterday,this_week,last_week,this_month,last_month,this_year,last_year}'
    );
    if period in ('today', 'yesterday') then
        v_first = v_today - (period = 'yesterday')::integer;
        return daterange(v_first, v_first, '[]');
    end if;
    v_step = ('1 ' || v_unit)::interval;
    v_first = date_trunc(v_unit, v_today::timestamp)
    - case when period like 'last%' then v_step else interval '0' end;
    return daterange(v_first, (v_first + v_step)::date);
end;
$$;

/*
 * Read the period of a report: two dates, or a name.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report_period(definition jsonb, business_id uuid)
returns daterange
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_from date = private.to_date(definition ->> 'from_on', 'from_on');
    v_to date = private.to_date(definition ->> 'to_on', 'to_on');
begin
    if definition ->> 'period' is null then
        perform insight.require_period(v_from, v_to);
        return daterange(v_from, v_to, '[]');
    elsif coalesce(v_from, v_to) is not null then
        perform private.invalid('period', 'must stand without from_on and to_on');
    end if;
    return insight.named_period(definition ->> 'period', to_report_period.business_id);
end;
$$;

/*
 * Return whether measures of a subject are money.
 */
create function insight.has_money(subject text, measures text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select exists (
            select 1
            from insight.report_fields
            where
                report_fields.subject = has_money.subject
                and report_fields.name = any(measures)
                and report_fields.is_money
        )
    );
end;
$$;

/*
 * Read a report. Money adds the dimension currency.
 *
 * Errors:  PT400 invalid_input
 */
create function insight.to_report(definition jsonb)
returns insight.report
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_report insight.report;
    v_period daterange;
begin
    v_report.business_id = private.to_identifier(definition ->> 'business_id', 'business_id');
    v_report.subject = definition ->> 'subject';
    perform insight.require_report_name(
        v_report.subject, 'subject',
        array(select report_subjects.name from insight.report_subjects order by 1)
    );
    v_period = insight.to_report_period(definition, v_report.business_id);
    v_report.from_on = lower(v_period);
    v_report.to_on = upper(v_period) - 1;
    v_report.dimensions = insight.to_report_fields(
        definition -> 'dimensions', 'dimensions', v_report.subject, 'dimension'
    );
    v_report.measures = insight.to_report_fields(
        definition -> 'measures', 'measures', v_report.subject, 'measure'
    );
    if v_report.measures = '{}' then
        perform private.invalid('measures', 'must name at least one measure');
    end if;
    if insight.has_money(v_report.subject, v_report.measures)
        and 'currency' <> all(v_report.dimensions) then
        v_report.dimensions = v_report.dimensions || 'currency'::text;
    end if;
    v_report.filters = insight.to_report_filters(definition -> 'filters', v_report.subject);
    v_report.sort = insight.to_report_sort(
        definition -> 'sort', v_report.dimensions || v_report.measures
    );
    v_report.max_rows = private.to_whole_number(
        definition ->> 'limit', 'limit', 1, private.max_rows(), is_required => false
    );
    return v_report;
end;
$$;
