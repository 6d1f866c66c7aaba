-- The public search for free starts across businesses. It checks and reads the arguments, which
-- become search.criteria, and leaves the rest to search.availability. Everyone may call it, with or
-- without an account.

/*
 * Return the businesses that have time in a period, with their first free starts.
 *
 * Errors:  PT400 invalid_input · PT422 too_many_rows
 */
create function public.search_availability(
    from_at public.instant,
    to_at public.instant,
    vertical text default null,
    category text default null,
    near public.place default null,
    radius_km public.whole_number default null,
    q text default null,
    price_max public.whole_number default null,
    currency text default null,
    "limit" public.whole_number default '20'
)
returns setof public.availability
language plpgsql
stable
security invoker
set search_path = ''
rows 20
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_near double precision[] = private.to_place(near, 'near');
    v_radius integer = private.to_whole_number(radius_km, 'radius_km', 1, 200, false);
    v_text text = private.to_text(q, 'q', 200);
    v_limit integer = private.to_whole_number("limit", 'limit', 1, 50, if_null => 20);
    v_criteria search.criteria;
    v_count bigint;
begin
    if v_to <= v_from or v_to > v_from + interval '14 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 14 days later');
    end if;
    if v_radius is not null and v_near is null then
        perform private.invalid('radius_km', 'requires near');
    end if;
    v_criteria = row(
        tstzrange(v_from, v_to),
        private.to_text(vertical, 'vertical', 50),
        nullif(search.slug(private.to_text(category, 'category', 200)), ''),
        v_near[1],
        v_near[2],
        coalesce(v_radius, 25),
        search.query(v_text),
        private.to_minor_units(price_max, 'price_max'),
        private.to_text(currency, 'currency', 3)
    );
    if v_text is not null and v_criteria.words is null then
        perform private.invalid('q', 'must contain a letter or a digit');
    end if;
    if category is not null and v_criteria.category is null then
        perform private.invalid('category', 'must contain a letter or a digit');
    end if;
    return query
    select * from search.availability(v_criteria, v_limit);
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Ask with a lower limit.');
end;
$$;
grant execute on function public.search_availability(
    public.instant, public.instant, text, text, public.place, public.whole_number, text,
    public.whole_number, text, public.whole_number
) to anon, authenticated, service_role;

comment on function public.search_availability is
'Return businesses with a free start from from_at (included) to to_at (excluded), at most 14 days.

Each has one service and its first three starts in slots, and every returned start can be booked. '
'Without near the order is the best match of q (name before services before categories before '
'description), then verified businesses, then the oldest. Within a business, services and people '
'that a signed-in caller had before come first.

- vertical: a row of verticals.
- category: name or slug (hair-and-beauty) of a service category.
- near: a place; the nearest businesses come first.
- radius_km: 1 to 200, 25 by default.
- q: words from the name, the description, the services and their categories, in any order and '
'without accents; the last word may be unfinished.
- price_max: minor units, compared with each service''s price in its own currency.
- currency: only prices in this currency.
- limit: number of businesses, 1 to 50, 20 by default.

Errors: invalid_input 400, too_many_rows 422.';
