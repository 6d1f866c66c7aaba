-- How a business is created, and how it gets its slug.

/*
 * Make a slug from a name: letters without accents, digits, single hyphens.
 */
create function business.slug_from(name text)
returns text
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case when length(candidate.slug) >= 2 then candidate.slug else 'business' end
    from (
        select
            btrim(left(btrim(regexp_replace(
                lower(regexp_replace(normalize(name, nfkd), U&'[\0300-\036F]', '', 'g')),
                '[^a-z0-9]+', '-', 'g'
            ), '-'), 60), '-') as slug
    ) as candidate;
end;

/*
 * Claim a slug, or refuse it because it is taken. Two claims at once take turns.
 * Definer: the slug may belong to a business that the caller cannot see.
 *
 * Errors:  PT409 already_exists
 */
create function business.claim_slug(slug text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('slug ' || claim_slug.slug, 0));
    if exists (select 1 from business.businesses where businesses.slug = claim_slug.slug) then
        perform private.refuse(
            'PT409', 'already_exists', 'A business with this slug already exists.',
            'Choose another slug, or send none.'
        );
    end if;
end;
$$;

/*
 * Return the first free slug for a name: salon, salon-2, salon-3 …, and after 50 of them one with a
 * random end.
 */
create function business.free_slug(name text)
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_base text = business.slug_from(name);
    v_slug text;
begin
    perform pg_advisory_xact_lock(hashtextextended('slug ' || v_base, 0));
    select candidates.slug into v_slug
    from generate_series(1, 50) as numbers (n)
    cross join lateral (
        select case numbers.n when 1 then v_base else v_base || '-' || numbers.n end as slug
    ) as candidates
    where not exists (select 1 from business.businesses where businesses.slug = candidates.slug)
    order by numbers.n
    limit 1;
    return coalesce(v_slug, v_base || '-' || left(md5(random()::text), 10));
end;
$$;

/*
 * Refuse a user who became the owner of ten businesses within a day. The user is locked first, so
 * that no two calls at once pass the limit.
 *
 * Errors:  PT429 rate_limited
 */
create function business.refuse_many(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_day_ago timestamptz = private.now() - interval '1 day';
    v_tenth_at timestamptz;
begin
    perform private.lock(array[md5('create business ' || user_id)::uuid]);
    select business_members.created_at into v_tenth_at
    from business.business_members
    where
        business_members.user_id = refuse_many.user_id
        and business_members.role = 'owner'
        and business_members.created_at > v_day_ago
    order by business_members.created_at desc
    offset 9
    limit 1;
    if found then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_tenth_at - v_day_ago))::integer
        );
    end if;
end;
$$;

/*
 * Make a business as a draft, with the caller as its owner.
 * Definer: nobody has an insert grant on businesses and members, so nobody chooses status or owner.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 already_exists
 *          PT429 rate_limited
 */
create function business.create_business(
    name text,
    vertical_id text,
    country text,
    time_zone text,
    currency text,
    slug text,
    description text,
    email text,
    phone text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_slug text = coalesce(create_business.slug, business.free_slug(create_business.name));
    v_id uuid;
begin
    perform business.refuse_many(v_user_id);
    perform business.claim_slug(v_slug);
    insert into business.businesses (
        slug, name, description, vertical_id, email, phone, country, time_zone, currency
    )
    values (
        v_slug,
        create_business.name,
        create_business.description,
        create_business.vertical_id,
        create_business.email,
        create_business.phone,
        create_business.country,
        create_business.time_zone,
        create_business.currency
    )
    returning businesses.id into v_id;

    perform business.add_member(v_id, v_user_id, 'owner');
    return v_id;
end;
$$;

/*
 * Return the address of a business in one line. It is empty when the business has none.
 */
create function business.address_of(business business.businesses)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ', ',
        business.address_line1,
        business.address_line2,
        nullif(concat_ws(' ', business.postal_code, business.city), '')
    );
end;
$$;
