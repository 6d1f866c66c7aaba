-- How a report becomes one SELECT: its names come from the catalog and are quoted, its values are
-- parameters. It runs as the caller, so the policies of the rows below decide what it counts.

/*
 * Return the figures of the days of a business or its parts, with the names of the parts.
 * Definer: figures are of all rows of the business; the caller is checked first.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.days_to_report(
    business_id uuid, from_on date, to_on date, part insight.subject
)
returns table (
    day date,
    part_id text,
    part_name text,
    currency text,
    figures jsonb
)
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    perform insight.require_reader(days_to_report.business_id);
    return query
    with current as materialized (
        select each.*
        from insight.current_days(days_to_report.business_id, from_on, to_on) as each
        where each.subject = days_to_report.part
    ),

    parts as materialized (
        select
            named.subject_id,
            insight.name_of(days_to_report.part, named.subject_id) as name
        from (select distinct current.subject_id from current) as named
    )

    select
        current.day,
        current.subject_id,
        parts.name,
        current.currency,
        to_jsonb(current) || jsonb_build_object(
            'bookings', insight.bookings_of(current::insight.days),
            'revenue_minor',
            current.captured_minor - current.refunded_minor - current.disputed_minor
            - current.gift_cards_minor
        )
    from current
    inner join parts on current.subject_id = parts.subject_id;
end;
$$;

/*
 * Return the period of a day as a report shows it: its first day, or the number of a weekday, on
 * which 1 is Monday.
 */
create function insight.in_grain(day date, grain text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select case grain
            when 'weekday' then extract(isodow from day)::text
            else date_trunc(grain, day::timestamp)::date::text
        end
    );
end;
$$;

/*
 * Return the SQL of the rows of a report, each with its day. $1 is the business, $2 and $3 are the
 * first and last day, $5 its zone.
 */
create function insight.report_source(subject insight.report_subjects)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if subject.part is not null then
        return format(
            'select days.day, days.part_id, days.part_name, days.currency, days.figures '
            'from insight.days_to_report($1, $2, $3, %L) as days',
            subject.part
        );
    end if;
    return format(
        'select (rows.%1$I at time zone $5)::date as day, rows.* from public.%2$I as rows '
        'where rows.business_id = $1 and rows.%1$I >= $2::timestamp at time zone $5 '
        'and rows.%1$I < ($3 + 1)::timestamp at time zone $5',
        subject.instant_column, subject.view_name
    );
end;
$$;

/*
 * Return the SQL of a field over the rows of a report.
 */
create function insight.report_expression(field insight.report_fields, is_of_days boolean)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select case
            when field.grain is not null then format('insight.in_grain(rows.day, %L)', field.grain)
            when field.kind = 'dimension' then format('rows.%I::text', field.column_name)
            when field.column_name is null then 'count(*)'
            when is_of_days
                then format('coalesce(sum((rows.figures ->> %L)::bigint), 0)', field.column_name)
            else format('coalesce(sum(rows.%I), 0)', field.column_name)
        end
    );
end;
$$;

/*
 * Return the SQL of a report. $4 are its filters, and $6 is how many rows to read. Days also have
 * rows for currencies in which nothing was asked for, so rows of nothing but 0 are left out.
 */
create function insight.compile_report(report insight.report)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_subject insight.report_subjects;
    v_columns text;
    v_groups text;
    v_figures text;
    v_filters text;
    v_sort text;
begin
    select report_subjects.* into v_subject
    from insight.report_subjects
    where report_subjects.name = report.subject;
    select
        string_agg(format('%s as %I', shown.expression, shown.name), ', ' order by shown.ordinal),
        string_agg(shown.expression, ', ' order by shown.ordinal)
            filter (where shown.kind = 'dimension'),
        string_agg(shown.expression || ' <> 0', ' or ') filter (where shown.kind = 'measure')
    into v_columns, v_groups, v_figures
    from insight.report_columns(report, v_subject.part is not null) as shown;
    select string_agg(
        format(
            ' and %s in (select jsonb_array_elements_text($4 -> %L))',
            insight.report_expression(fields, v_subject.part is not null), fields.name
        ), ''
    ) into v_filters
    from insight.report_fields as fields
    where fields.subject = report.subject and report.filters ? fields.name;
    select string_agg(
        format('%I %s', ltrim(sort.key, '-'), case when sort.key like '-%' then 'desc' else 'asc' end),
        ', ' order by sort.position
    ) into v_sort
    from unnest(report.sort || report.dimensions) with ordinality as sort (key, position);
    return format(
        'select %s from (%s) as rows where true%s%s%s limit $6',
        v_columns,
        insight.report_source(v_subject),
        v_filters,
        ' group by ' || v_groups
        || case when v_subject.part is null then '' else ' having ' || v_figures end,
        ' order by ' || v_sort
    );
end;
$$;

/*
 * Return the columns of a report in their order, with their SQL.
 */
create function insight.report_columns(report insight.report, is_of_days boolean)
returns table (
    ordinal bigint,
    name text,
    kind insight.report_field_kind,
    is_money boolean,
    expression text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        wanted.ordinal,
        fields.name,
        fields.kind,
        fields.is_money,
        insight.report_expression(fields, is_of_days)
    from unnest(report.dimensions || report.measures) with ordinality as wanted (name, ordinal)
    inner join insight.report_fields as fields
        on fields.subject = report.subject and fields.name = wanted.name;
end;
$$;

/*
 * Return the definition of a report: as it is sent, or of a saved one that the caller may read.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function insight.find_definition(report jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_definition jsonb;
begin
    if not report ? 'report_id' then
        perform private.refuse_unknown_keys(
            report, 'report',
            '{report_id,business_id,subject,from_on,to_on,period,dimensions,measures,filters,sort,limit}'
        );
        return report;
    end if;
    perform private.refuse_unknown_keys(report, 'report', '{report_id}');
    select reports.definition || jsonb_build_object('business_id', reports.business_id)
    into v_definition
    from insight.reports
    where reports.id = private.to_identifier(report ->> 'report_id', 'report_id');
    if v_definition is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such report.', 'Check the id in the view reports.'
        );
    end if;
    return v_definition;
end;
$$;

/*
 * Run a report as the caller.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT422 too_many_rows
 */
create function insight.run_report(report jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_definition constant jsonb = insight.find_definition(report);
    v_report insight.report;
    v_rows jsonb;
begin
    perform insight.require_reader(
        private.to_identifier(v_definition ->> 'business_id', 'business_id')
    );
    v_report = insight.to_report(v_definition);
    execute format(
        'select coalesce(jsonb_agg(to_jsonb(report) - ''number'' order by report.number), ''[]'') '
        'from (select row_number() over () as number, shown.* from (%s) as shown) as report',
        insight.compile_report(v_report)
    )
    into v_rows
    using v_report.business_id, v_report.from_on, v_report.to_on, v_report.filters,
        business.time_zone(v_report.business_id),
        coalesce(v_report.max_rows, private.max_rows() + 1);
    perform private.require_page(
        jsonb_array_length(v_rows), 'Ask for a shorter period or fewer dimensions, or set limit.'
    );
    return jsonb_build_object(
        'from_on', v_report.from_on,
        'to_on', v_report.to_on,
        'columns', to_jsonb(v_report.dimensions || v_report.measures),
        'rows', v_rows
    );
end;
$$;
