-- A page of published reviews with the ratings beside it, in one call. Pages follow a key (when it
-- was published, and its id), so each costs the same, and a new review moves no other.

/*
 * Return a page of the published reviews of a business or of one of its products, services or
 * staff, the newest first: those before a key. At most so many.
 * The conditions stand apart, because each has an index of its own. Its plans are kept: planning
 * the policies takes longer than reading a page.
 */
create function reviews.page(
    subject reviews.rated,
    business_id uuid,
    subject_id uuid,
    before_at timestamptz,
    before_id uuid,
    maximum integer
)
returns setof public.business_reviews
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    if subject = 'business' then
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    elsif subject = 'product' then
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and business_reviews.product_id = page.subject_id
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    else
        return query
        select business_reviews.*
        from public.business_reviews
        where
            business_reviews.business_id = page.business_id
            and (
                subject = 'service' and business_reviews.service_ids @> array[page.subject_id]
                or subject = 'resource' and business_reviews.resource_ids @> array[page.subject_id]
            )
            and (business_reviews.published_at, business_reviews.id) < (before_at, before_id)
        order by business_reviews.published_at desc, business_reviews.id desc
        limit maximum;
    end if;
end;
$$;

/*
 * Return the ratings of a subject: {count, average, score, histogram, aspects}; zeros when nobody
 * has reviewed it.
 */
create function reviews.summary(business_id uuid, subject_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_summary jsonb;
    v_aspects jsonb;
begin
    select
        jsonb_agg(jsonb_build_object(
            'count', ratings.rating_count,
            'average', ratings.average,
            'score', ratings.score,
            'histogram', ratings.histogram
        )) filter (where ratings.aspect is null) -> 0,
        jsonb_object_agg(
            coalesce(ratings.aspect, ''),
            jsonb_build_object('count', ratings.rating_count, 'average', ratings.average)
        ) - ''
    into v_summary, v_aspects
    from public.rating_summaries as ratings
    where
        ratings.business_id = summary.business_id
        and ratings.subject_id = summary.subject_id;
    return coalesce(
        v_summary,
        '{"count": 0, "average": null, "score": null,
        "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}}'
    ) || jsonb_build_object('aspects', coalesce(v_aspects, '{}'));
end;
$$;

/*
 * Return the business of a subject whose reviews the caller asks for.
 *
 * Errors:  PT404 not_found
 */
create function reviews.business_of(subject reviews.rated, subject_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = case subject
        when 'business' then (
            select businesses.id from business.businesses where businesses.id = subject_id
        )
        when 'product' then (
            select products.business_id from catalog.products where products.id = subject_id
        )
        when 'service' then (
            select services.business_id from catalog.services where services.id = subject_id
        )
        else (
            select resources.business_id from catalog.resources where resources.id = subject_id
        )
    end;
begin
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', format('There is no such %s.', subject),
            'Use the id of a row that you can see.'
        );
    end if;
    return v_business_id;
end;
$$;

/*
 * Read the key after which a page begins: what review_page returned as next_cursor.
 *
 * Errors:  PT400 invalid_input
 */
create function reviews.read_cursor(cursor text, out at timestamptz, out id uuid)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if cursor is null then
        at = 'infinity';
        id = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        return;
    end if;
    if cursor !~* '^[0-9TZ:.-]{20,27},[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        perform private.invalid('cursor', 'must be a next_cursor of review_page');
    end if;
    at = private.to_instant(split_part(cursor, ',', 1), 'cursor');
    id = split_part(cursor, ',', 2);
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.review_page(
    business_id public.identifier default null,
    product_id public.identifier default null,
    service_id public.identifier default null,
    resource_id public.identifier default null,
    "limit" public.whole_number default '20',
    cursor text default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_limit constant integer = private.to_whole_number("limit", 'limit', 1, 100, if_null => 20);
    v_from constant record = reviews.read_cursor(cursor);
    v_subject constant reviews.rated = case
        when product_id is not null then 'product'
        when service_id is not null then 'service'
        when resource_id is not null then 'resource'
        else 'business'
    end;
    v_subject_id constant uuid = private.to_identifier(
        coalesce(product_id, service_id, resource_id, business_id), v_subject || '_id'
    );
    v_business_id uuid;
    v_rows jsonb;
begin
    if num_nonnulls(business_id, product_id, service_id, resource_id) > 1 then
        perform private.invalid('business_id', 'must stand alone, like product_id and the others');
    end if;
    v_business_id = reviews.business_of(v_subject, v_subject_id);
    select coalesce(jsonb_agg(to_jsonb(listed)), '[]') into v_rows
    from reviews.page(
        v_subject, v_business_id, v_subject_id, v_from.at, v_from.id, v_limit + 1
    ) as listed;
    return jsonb_build_object(
        'summary', reviews.summary(v_business_id, v_subject_id),
        -- One more than a page was read, to know whether another follows.
        'reviews', v_rows - v_limit,
        'next_cursor', case
            when jsonb_array_length(v_rows) > v_limit then to_char(
                (v_rows -> v_limit - 1 ->> 'published_at')::timestamptz at time zone 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
            ) || ',' || (v_rows -> v_limit - 1 ->> 'id')
        end
    );
end;
$$;
comment on function public.review_page is
'Return a page of published reviews, the newest first, with the ratings beside it: {summary, '
'reviews, next_cursor}.

summary is {count, average, score, histogram, aspects} over all published reviews of what you ask '
'for, as in rating_summaries; aspects has {count, average} by key. reviews are rows of '
'business_reviews.

- business_id, product_id, service_id, resource_id: one of them.
- limit: 1 to 100, 20 by default.
- cursor: next_cursor of the page before; null there means that no page follows.

Errors: invalid_input 400, not_found 404.';

grant execute on function
reviews.page(reviews.rated, uuid, uuid, timestamptz, uuid, integer),
reviews.summary(uuid, uuid),
reviews.business_of(reviews.rated, uuid),
reviews.read_cursor(text),
public.review_page(
    public.identifier, public.identifier, public.identifier, public.identifier,
    public.whole_number, text
)
to anon, authenticated, service_role;
